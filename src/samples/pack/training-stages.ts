/**
 * The stages of training that an archive has data for, with the settings of apple/ml-clara's scripts
 * (train_pretraining.sh, train_instruction_tuning.sh, train_stage_end_to_end.sh).
 *
 * Three values are the data's own. `--generation_top_k` is the number of documents in each row: stages 1 and 2
 * assert it, stage 3 reshapes a batch by it. `--max_samples` is the number of rows, where the scripts stop at 500. And
 * `--train_batch_size` is no larger than that: the trainer divides by rows / batch, rounded down.
 */
import type { PackedFile } from './manifest.js'

export interface TrainingStage {
  script: string
  title: string
  /** The trainer's name for it. */
  stage: 'stage1' | 'stage1_2' | 'stage2'
  dataset: PackedFile
  evalDataset: PackedFile | undefined
  /** Folder of its checkpoint, under that of all. */
  save: string
  /** Folder of the checkpoint to go on from; `undefined`: from the base model. */
  from: string | undefined
  topK: number
  trainBatch: number
  microBatch: number
  /** Flags as they stand in the scripts, but for those above. */
  flags: string[]
}

interface Kind extends Pick<TrainingStage, 'script' | 'title' | 'stage' | 'save' | 'flags'> {
  of: (file: PackedFile) => boolean
  maxLen: number
  mostBatch: number
  /** Saved by the stage before. */
  after: string | undefined
}

const STAGE_1_FLAGS = ['--learning_rate 1e-4', '--qa_loss', '--mse_loss', '--eval_steps 20']

const KINDS: Kind[] = [
  {
    script: 'train_stage1.sh',
    title: 'Stage 1: compression pretraining',
    stage: 'stage1',
    of: ({ stage, role }) => stage === 'pretrain' && role === 'rows',
    save: 'stage1',
    after: undefined,
    maxLen: 2048,
    mostBatch: 128,
    flags: STAGE_1_FLAGS,
  },
  {
    script: 'train_stage1_paraphrase.sh',
    title: 'Stage 1, paraphrases',
    stage: 'stage1',
    of: ({ stage, role }) => stage === 'pretrain' && role === 'paraphrases',
    save: 'stage1_paraphrase',
    after: 'stage1',
    maxLen: 2048,
    mostBatch: 128,
    flags: STAGE_1_FLAGS,
  },
  {
    script: 'train_stage2.sh',
    title: 'Stage 2: compression instruction tuning',
    stage: 'stage1_2',
    of: ({ stage, role }) => stage === 'instruction' && role === 'rows',
    save: 'stage2',
    after: 'stage1',
    maxLen: 2048,
    mostBatch: 128,
    flags: ['--learning_rate 1e-4', '--mse_loss', '--do_eval_gen', '--eval_steps 30'],
  },
  {
    script: 'train_stage3.sh',
    title: 'Stage 3: end-to-end training',
    stage: 'stage2',
    of: ({ stage, role }) => stage === 'end-to-end' && role === 'rows',
    save: 'stage3',
    after: 'stage2',
    maxLen: 1024,
    mostBatch: 32,
    flags: [
      '--learning_rate 5e-6',
      '--lr_scheduler constant',
      '--qa_loss',
      '--do_eval_gen',
      '--eval_steps 100',
    ],
  },
]

const SHARED_FLAGS = [
  '--save_steps -2',
  '--logging_steps 1',
  '--zero_stage 2',
  '--max_epochs 1',
  '--bf16',
  '--doc_max_length 256',
  '--compress_rate 32',
  '--gradient_checkpointing',
]

export function trainingStages(files: readonly PackedFile[]): TrainingStage[] {
  return KINDS.flatMap(({ of, maxLen, mostBatch, after, flags, ...kind }) => {
    const mine = files.filter(of)
    const dataset = mine.find(({ side }) => side !== 'validation')
    if (!dataset) return []
    const trainBatch = powerOfTwo(Math.min(mostBatch, dataset.rows!))
    return {
      ...kind,
      dataset,
      evalDataset: mine.find(({ side }) => side === 'validation'),
      from: after,
      topK: dataset.docs_per_row!,
      trainBatch,
      microBatch: Math.min(2, trainBatch),
      flags: [`--max_len ${maxLen}`, `--max_samples ${dataset.rows}`, ...flags, ...SHARED_FLAGS],
    }
  })
}

/** The largest that is not over `most`: DeepSpeed wants batches that micro batches fill. */
function powerOfTwo(most: number): number {
  return 2 ** Math.floor(Math.log2(most))
}
