/** TRAINING.md: how to train on what is in the archive. */
import { COMPRESS_RATE, docPlaces, mostAsked } from '../trainer-lengths.js'
import { EVALUATION_FILE } from './evaluation.js'
import type { Manifest, PackedFile } from './manifest.js'
import { NOTEBOOKS } from './notebook.js'
import { FLASH_ATTN_COMMAND, REQUIREMENTS_FILE } from './requirements.js'
import { MICRO_BATCH, planInWords, planTraining } from './training-plan.js'
import type { TrainingStage } from './training-stages.js'

export const GUIDE_FILE = 'TRAINING.md'

interface Described extends Pick<Manifest, 'top_k' | 'doc_max_length' | 'seed' | 'models'> {
  files: readonly PackedFile[]
}

/** @param scripts by name, as they are in the archive. */
export function trainingGuide(
  described: Described,
  stages: readonly TrainingStage[],
  scripts: ReadonlyMap<string, string>,
): string {
  return `${[
    '# Training on this data',
    contents(described),
    UNPACK,
    topKSection(described.top_k, stages, described.doc_max_length),
    settings(described.doc_max_length),
    ...stages.map((stage) => stageSection(stage, scripts.get(stage.script)!)),
    evaluationSection(stages),
    missing(stages),
    FORK,
    ERRORS,
  ]
    .filter((section) => section !== '')
    .join('\n\n')}\n`
}

function contents({ files, models, seed }: Described): string {
  const rows = files
    .filter(({ role }) => role !== 'guide')
    .map(
      ({ name, rows, docs_per_row: docs, sha256 }) =>
        `| \`${name}\` | ${rows} | ${docs ?? ''} | \`${sha256.slice(0, 12)}…\` |`,
    )
  const made = Object.entries(models).flatMap(([role, model]) =>
    model
      ? `${role}${model.name ? ` ${model.name}` : ''}${model.sha256 ? ` (sha256 ${model.sha256.slice(0, 12)}…)` : ''}`
      : [],
  )
  const notes = [
    made.length > 0 ? `Made with: ${made.join('; ')}.` : '',
    seed === null ? '' : `Seed ${seed}.`,
    'All of it, with the hashes in full, is in `MANIFEST.json`.',
  ]
  return `| file | rows | documents in each | sha256 |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n\n${notes.filter(Boolean).join(' ')}`
}

const UNPACK = `## Unpack and check

\`\`\`sh
sha256sum -c SHA256SUMS
\`\`\`

in the folder into which the archive was unpacked. \`clara-pack --verify X.tar.gz\` checks the archive as it is.

The notebooks unpack, check the hashes and k, choose rows at once by the GPU's memory, fetch the training repository, run the stages below, ask the
result, and copy it to Drive; in Colab, or in Jupyter on Linux:

| notebook | base model | repository |
| --- | --- | --- |
${NOTEBOOKS.map(({ file, baseModel, repository }) => `| \`${file}\` | ${baseModel} | ${repository} |`).join('\n')}

On a machine with GPUs, with Python 3.10 to 3.13, from this folder:

\`\`\`sh
git clone https://github.com/apple/ml-clara
python -m venv clara-env
. clara-env/bin/activate
python -m pip install -r ${REQUIREMENTS_FILE}
python -m pip install ${FLASH_ATTN_COMMAND.join(' ')}
export TRAINER=$PWD/ml-clara
\`\`\`

\`${REQUIREMENTS_FILE}\` is what both repositories' code imports; their own files do not install as they stand. The last line is for flash-attn, which is built against the
torch that is there: apple/ml-clara needs it, the fork does not. When training begins DeepSpeed builds its optimizer: \`nvcc\` of CUDA 12 (or \`CUDA_HOME\`) and Python's headers have to be there.`

const tooMany = (most: number) =>
  `**A model that reads so many documents cannot be asked by its own code,** which cuts a prompt at 1,024 tokens: pass \`--generation-top-k ${most}\` or less to clara-pack.`

function topKSection(k: number | null, stages: readonly TrainingStage[], docMaxLength: number): string {
  if (k === null) return ''
  const read = stages.find(({ stage }) => stage === 'stage2')?.generationTopK ?? k
  const most = mostAsked(docMaxLength)
  const ranked =
    read === k
      ? `The generator then reads all of them, and nothing is left out by rank: with \`GENERATION_TOP_K\` of less it reads the best ranked ones, as apple/ml-clara does with 5 of 20.`
      : `The generator reads the ${read} of them that the question ranks best. \`GENERATION_TOP_K\` may be 1 to ${k}.`
  const second = stages.find(({ stage }) => stage === 'stage1_2')?.topK
  const asserted =
    second === undefined || second === 1
      ? `The first two stages read one document a row and assert \`--generation_top_k 1\`; apple/ml-clara's own script for stage 2 has 5 there, because its data has five documents a row in that stage.`
      : `Stage 1 reads one document a row and stage 2 has ${second}; both assert their number.`
  return `## generation_top_k is ${read}

Every row of the end-to-end data has ${k} documents, and stage 3 runs with \`--generation_top_k ${read}\`. ${ranked}
More than ${k} asks for documents that are not there ("selected index k out of range").${read <= most ? '' : `\n${tooMany(most)}`}

${asserted}`
}

const settings = (docMaxLength: number) => `## Settings

| variable | meaning | default |
| --- | --- | --- |
| \`TRAINER\` | a clone of the training repository | none |
| \`MODEL_PATH\` | the base model, a name or a folder | mistralai/Mistral-7B-Instruct-v0.2 |
| \`CHECKPOINTS\` | where checkpoints go | \`checkpoints\` beside the data |
| \`GPUS\` | processes, one a GPU | 1 |
| \`MICRO_BATCH\` | rows that a GPU takes at once: 1 where memory is short | 2 |
| \`TRAIN_BATCH\` | rows a step, a multiple of \`MICRO_BATCH\` times \`GPUS\` | planned |
| \`GENERATION_TOP_K\` | documents of a row that the generator reads in stage 3, at most the row's | in the script |
| \`PRETRAIN_CHECKPOINT\` | the checkpoint to go on from | that of the stage before |
| \`FLASH_ATTN\` | set to nothing it leaves \`--flash_attn\` out | \`--flash_attn\` |

What follows a script's name goes to the trainer. In the commands below, which the scripts run in the trainer's folder, \`$data\` is the unpacked folder, \`$save\` the
stage's own under \`CHECKPOINTS\`, \`$previous\` that of the stage before, and \`$model\` the base model. The flags are those of apple/ml-clara's scripts, but for these:

- **Batch and epochs** are planned for the rows, and each script says its plan before it trains. The trainer steps once a full batch, and what is left over is never
  applied: with its batch of 128 a set of 156 rows has one step. So a batch is taken that divides the rows, about a fortieth of them and 8 at least; where none does, the
  first rows are read twice (the file stands twice in \`--dataset\`, and \`--max_samples\` cuts it). Where an epoch has fewer than 40 steps there are more, up to 20.
- **No step has a rate of 0**: with fewer than 100 steps there is no warm-up, with more it begins above 0 (\`cosine_warmup_with_min_lr\`).
- **\`--save_steps -1\`** saves once, at the end. With -2 each epoch leaves a folder of its own, of about 0.6 GB with a base model of 7B parameters.
- **\`--eval_steps -1\`** evaluates after each epoch. Of the evaluation's rows those are left out that fill no micro batch on each GPU. Its result is on the progress bar, and with
  \`--use_tensorboard\` or \`--use_wandb\` there.
- **Stage 3 is not evaluated** while it trains: the trainer's evaluation then stops with \`KeyError: 'recall_1'\`, in both repositories. \`${EVALUATION_FILE}\` does it afterwards.
- **\`--max_len\`** is what the longest row needs, in stages 1 and 2 no less than the scripts' 2048. In stage 3 each question is padded to it: a few long rows make all dear, and \`clara-validate\` names
  those over 1024.
- **\`--doc_max_length ${docMaxLength}\`** is what is read of a document, in the tokens of the base model: ${docMaxLength / COMPRESS_RATE} tokens of memory at \`--compress_rate ${COMPRESS_RATE}\`.
  All stages need the same, and so does a checkpoint of yours that they go on from.`

const GPUS = [1, 2, 4, 8]

function planTable({ dataset, mostBatch }: TrainingStage): string {
  const rows = dataset.rows!
  const plans = GPUS.map((gpus) => {
    const needed = gpus * MICRO_BATCH
    const plan =
      rows < needed
        ? `not with ${rows} rows: ${needed} or more would do, or MICRO_BATCH=1`
        : planInWords(planTraining(rows, mostBatch, MICRO_BATCH, gpus))
    return `| ${gpus} | ${plan} |`
  })
  return `| \`GPUS\` | planned |\n| --- | --- |\n${plans.join('\n')}`
}

function evaluationOf({ evalDataset, validation }: TrainingStage): string {
  if (evalDataset) return `, evaluated on \`${evalDataset.name}\` (${evalDataset.rows} rows)`
  return validation
    ? `, not evaluated while it trains (\`${validation.name}\`, ${validation.rows} rows, is for afterwards)`
    : ''
}

function stageSection(stage: TrainingStage, text: string): string {
  const { title, script, dataset, from, longest, generationTopK, maxLen, docMaxLength } = stage
  const places = docPlaces(docMaxLength)
  const evaluated = evaluationOf(stage)
  const after = from === undefined ? 'from the base model' : `after ${from}`
  const command = text.slice(text.indexOf('torchrun'), text.lastIndexOf('\ncp '))
  return `## ${title}

\`bash ${script}\`: on \`${dataset.name}\` (${dataset.rows} rows)${evaluated}, ${after}.${noteOf(script)}
The longest row needs ${longest + places * generationTopK} tokens, ${places} for each document that is read: \`--max_len ${maxLen}\`.

${planTable(stage)}

\`\`\`sh
${command}
\`\`\``
}

function noteOf(script: string): string {
  if (script !== 'train_stage1_paraphrase.sh') return ''
  return (
    ' A run of its own, which may be left out: `datasets` up to 3 cannot read paraphrases and questions from one dataset. To use' +
    ' its result set `PRETRAIN_CHECKPOINT` to `…/stage1_paraphrase` for stage 2.'
  )
}

function evaluationSection(stages: readonly TrainingStage[]): string {
  const last = stages.find(({ stage }) => stage === 'stage2')
  if (!last) return ''
  const rows = last.validation ?? last.dataset
  const note = last.validation
    ? ''
    : ' It was trained on these rows: `clara-synth --split 0.9/0.1` keeps some for this.'
  return `## Evaluation

\`\`\`sh
PYTHONPATH=$TRAINER python ${EVALUATION_FILE} checkpoints/stage3 ${rows.name} --output answers.jsonl
\`\`\`

asks the model of stage 3 by its own \`generate_from_questions\`, and says in how many rows the answer stands in its reply, how often a document that answers is ranked first, and how often it is among
those that are read, with what chance would come to.${note}`
}

function missing(stages: readonly TrainingStage[]): string {
  const lacks = [
    ['stage1', 'train_stage1.sh'],
    ['stage2', 'train_stage2.sh'],
    ['stage3', 'train_stage3.sh'],
  ].filter(([, script]) => !stages.some((stage) => stage.script === script))
  if (lacks.length === 0) return ''
  const next = stages.find(({ from }) => lacks.some(([name]) => name === from))
  const hint = next
    ? ` \`${next.script}\` then wants \`PRETRAIN_CHECKPOINT\`, the folder of a checkpoint of ${next.from}.`
    : ''
  return `## Not here

This archive has no data for ${lacks.map(([name]) => name).join(', ')}: \`clara-synth\` writes data for all stages, \`clara-mine\` for the last.${hint}`
}

const FORK = `## xucheng/ml-clara-rag

The fork takes the same flags and runs without flash-attn: \`FLASH_ATTN= bash train_stage1.sh\`. It differs in this:

- \`--lora_rank\` is 64 unless it is given; apple/ml-clara has 16 built in.
- \`--quantization int4\` or \`int8\` loads the base model in fewer bits.
- \`notebook-qwen3.ipynb\` uses it, with Qwen3 4B as the base model. On other machines \`MODEL_PATH=Qwen/Qwen3-4B-Instruct-2507 FLASH_ATTN= MICRO_BATCH=1 bash train_stage1.sh\` does.
- The \`requirements-training.txt\` of its own pins an xformers that replaces torch 2.8.0: take the file here.
- Its notebook passes \`--ckpt_path\` to go on from a stage. The trainer reads that only with \`--load_checkpoint\`; the scripts here pass
  \`--pretrain_checkpoint\`.`

const ERRORS = `## Errors of the trainer

| error | reason and remedy |
| --- | --- |
| \`selected index k out of range\`, in the fork \`range object index out of range\` | \`--generation_top_k\` is over the number of documents: use the scripts here |
| \`Expected 5 documents, got 1\` | a first stage run with the last one's k: it is 1 there |
| \`shape … is invalid for input of size …\` | rows with different numbers of documents in a batch, or a memory token (\`<MEM0>\`) in a document: \`clara-validate\` names them |
| \`Expected size for first two dimensions of batch2 tensor\` | a memory token in a question: the same |
| \`loss\` is nan | a question that fills \`--max_len\`, so that nothing of its answer is left: \`clara-validate\` names it |
| \`integer division or modulo by zero\` | fewer rows than \`--train_batch_size\`: leave that to the script, or set \`TRAIN_BATCH\` |
| \`train_batch_size is not equal to micro_batch_per_gpu …\` | a batch that is no multiple of micro batch times GPUs: as above |
| \`KeyError: 'recall_1'\` | stage 3 with \`--eval_dataset\`: leave it out |
| \`No valid answer field found in data\` | a row without \`answer\` (the fork takes \`gold_answer\`, too): \`clara-validate\` names it |
| \`cannot mix list and non-list\` | questions and paraphrases in one dataset: run them one after the other |
| \`CUDA out of memory\` | \`MICRO_BATCH=1\`, then a smaller k or, in the fork, \`--quantization int4\` |
| \`No module named 'flash_attn'\` | apple/ml-clara without flash-attn: install it, or take the fork |
| \`No module named 'torch'\` while flash-attn is installed | it was built apart from torch: \`--no-build-isolation\`, after \`${REQUIREMENTS_FILE}\` |
| \`CUDA_HOME does not exist\`, \`Error building extension 'fused_adam'\` | no \`nvcc\`, one of another CUDA than 12, or no \`Python.h\` (python3-dev) |
| \`operator torchvision::nms does not exist\`, \`numpy.dtype size changed\`, \`requires fsspec==…\` | packages of other versions beside these: an environment of its own |
| \`Pretrain checkpoint path does not exist\` | the stage before has not saved one: set \`PRETRAIN_CHECKPOINT\` |`
