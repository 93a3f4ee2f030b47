/**
 * The stages of training that an archive has data for, with the settings of apple/ml-clara's scripts
 * (train_pretraining.sh, train_instruction_tuning.sh, train_stage_end_to_end.sh), but for these:
 *
 * `--generation_top_k` is the number of documents in each row where a stage asserts it (1 and 2), and at most that in
 * stage 3, which chooses so many of them. `--max_len` is what the longest row needs, in stage 3 no more, as each question
 * is padded to it there. Batch, epochs and warm-up are planned for the rows (training-plan.ts), where
 * the scripts stop at 500 rows. Stages 1 and 2 are evaluated after each epoch, where the scripts wait for 20 and 30
 * steps; stage 3 is not: the trainer's evaluation reads a key that it does not have (`KeyError: 'recall_1'`), and
 * nothing was saved by then. What is saved is the end's checkpoint, where the scripts save one of about 0.6 GB after each
 * epoch beside it. A warm-up begins above 0: `cosine_with_min_lr` has a first step of rate 0.
 */

import { COMPRESS_RATE, mostAsked, neededMaxLen } from '../trainer-lengths.js'
import type { PackedFile } from './manifest.js'
import { type Planned, planTraining } from './training-plan.js'

export interface TrainingStage {
  script: string
  title: string
  /** The trainer's name for it. */
  stage: 'stage1' | 'stage1_2' | 'stage2'
  dataset: PackedFile
  evalDataset: PackedFile | undefined
  /** Of the run, split off, but not evaluated while training. */
  validation: PackedFile | undefined
  /** Folder of its checkpoint, under that of all. */
  save: string
  /** Folder of the checkpoint to go on from; `undefined`: from the base model. */
  from: string | undefined
  /** Documents in each row. */
  topK: number
  /** Documents of a row that the generator reads, `--generation_top_k`. */
  generationTopK: number
  /** Tokens of the longest row beside the places of its documents. */
  longest: number
  maxLen: number
  /** Tokens that are read of a document. */
  docMaxLength: number
  /** The trainer's own batch. */
  mostBatch: number
  /** With one GPU and the settings of the script. */
  plan: Planned
  /** Flags as they stand in the scripts, but for those above. */
  flags: string[]
}

interface Kind extends Pick<TrainingStage, 'script' | 'title' | 'stage' | 'save' | 'mostBatch' | 'flags'> {
  of: (file: PackedFile) => boolean
  /** Saved by the stage before. */
  after: string | undefined
}

const COMPRESSION_FLAGS = [
  '--learning_rate 1e-4',
  '--lr_scheduler cosine_warmup_with_min_lr',
  '--mse_loss',
  '--eval_steps -1',
]

const KINDS: Kind[] = [
  {
    script: 'train_stage1.sh',
    title: 'Stage 1: compression pretraining',
    stage: 'stage1',
    of: ({ stage, role }) => stage === 'pretrain' && role === 'rows',
    save: 'stage1',
    after: undefined,
    mostBatch: 128,
    flags: [...COMPRESSION_FLAGS, '--qa_loss'],
  },
  {
    script: 'train_stage1_paraphrase.sh',
    title: 'Stage 1, paraphrases',
    stage: 'stage1',
    of: ({ stage, role }) => stage === 'pretrain' && role === 'paraphrases',
    save: 'stage1_paraphrase',
    after: 'stage1',
    mostBatch: 128,
    flags: [...COMPRESSION_FLAGS, '--qa_loss'],
  },
  {
    script: 'train_stage2.sh',
    title: 'Stage 2: compression instruction tuning',
    stage: 'stage1_2',
    of: ({ stage, role }) => stage === 'instruction' && role === 'rows',
    save: 'stage2',
    after: 'stage1',
    mostBatch: 128,
    flags: COMPRESSION_FLAGS,
  },
  {
    script: 'train_stage3.sh',
    title: 'Stage 3: end-to-end training',
    stage: 'stage2',
    of: ({ stage, role }) => stage === 'end-to-end' && role === 'rows',
    save: 'stage3',
    after: 'stage2',
    mostBatch: 32,
    flags: ['--learning_rate 5e-6', '--lr_scheduler constant', '--qa_loss'],
  },
]

const SHARED_FLAGS = [
  '--save_steps -1',
  '--logging_steps 1',
  '--zero_stage 2',
  '--bf16',
  '--gradient_checkpointing',
]

/**
 * @param longest tokens of each file's longest row beside the places of its documents, by the file's name.
 * @param generationTopK of the end-to-end rows, up to their number of documents; `undefined`: all.
 * @param docMaxLength tokens that the trainer reads of a document, a multiple of COMPRESS_RATE.
 */
export function trainingStages(
  files: readonly PackedFile[],
  longest: ReadonlyMap<string, number>,
  generationTopK: number | undefined,
  docMaxLength: number,
): TrainingStage[] {
  return KINDS.flatMap(({ of, after, flags, ...kind }) => {
    const mine = files.filter(of)
    const dataset = mine.find(({ side }) => side !== 'validation')
    if (!dataset) return []
    const ranks = kind.stage === 'stage2'
    const validation = mine.find(({ side }) => side === 'validation')
    const evalDataset = ranks ? undefined : validation
    const lengths = [dataset, evalDataset].map((file) => longest.get(file?.name ?? '') ?? 0)
    const read = ranks ? (generationTopK ?? dataset.docs_per_row!) : dataset.docs_per_row!
    // Each fifth evaluation then generates answers, which it compares with texts: those of stage 1 are lists.
    const generates = kind.stage === 'stage1_2' && read <= mostAsked(docMaxLength)
    return {
      ...kind,
      dataset,
      evalDataset,
      validation,
      from: after,
      topK: dataset.docs_per_row!,
      generationTopK: read,
      longest: Math.max(...lengths),
      maxLen: neededMaxLen(dataset.stage!, Math.max(...lengths), read, docMaxLength),
      docMaxLength,
      plan: planTraining(dataset.rows!, kind.mostBatch),
      flags: [
        ...flags,
        ...(generates ? ['--do_eval_gen'] : []),
        `--doc_max_length ${docMaxLength}`,
        `--compress_rate ${COMPRESS_RATE}`,
        ...SHARED_FLAGS,
      ],
    }
  })
}
