/**
 * The notebooks: unpack, check, fetch the trainer, run the stages, ask the result, export it. nbformat 4.5.
 *
 * One for each base model; their cells differ in parameters alone. What needs the trainer's packages runs in processes of
 * an environment of its own, not in the kernel, whose packages are other versions of the same.
 */
import { INFERENCE } from './inference-script.js'
import {
  CHECK,
  EXPORT,
  EXPORT_TITLE,
  HASHES,
  INFERENCE_TITLE,
  INSTALL,
  LIST,
  listed,
  quoted,
  ROWS,
  RUN_STAGE,
  TOP_K,
  TRAINER,
  UNPACK,
} from './notebook-cells.js'
import { planInWords } from './training-plan.js'
import type { TrainingStage } from './training-stages.js'

interface Cell {
  id: string
  cell_type: 'markdown' | 'code'
  metadata: object
  source: string[]
  execution_count?: null
  outputs?: []
}

interface NotebookKind {
  file: string
  title: string
  repository: string
  baseModel: string
  flashAttn: boolean
  /**
   * From the largest down: GiB of a GPU that it takes, rows at once, rows a stage (`null`: all), flags of the trainer.
   * Estimated, for stages 1 and 2 at --max_len 2048: weights, 16 bytes for each trained parameter (LoRA, and the whole
   * embedding, of which the memory tokens' rows change), and the logits of the rows at once.
   */
  sizes: [gib: number, microBatch: number, rows: number | null, flags: string[]][]
}

export const NOTEBOOKS: NotebookKind[] = [
  {
    file: 'notebook.ipynb',
    title: 'Mistral 7B, with apple/ml-clara',
    repository: 'https://github.com/apple/ml-clara',
    baseModel: 'mistralai/Mistral-7B-Instruct-v0.2',
    flashAttn: true,
    // 15 GB of weights, 4 of optimizer.
    sizes: [
      [38, 2, null, []],
      [22, 1, null, []],
    ],
  },
  {
    file: 'notebook-qwen3.ipynb',
    title: 'Qwen3 4B, with xucheng/ml-clara-rag',
    repository: 'https://github.com/xucheng/ml-clara-rag',
    baseModel: 'Qwen/Qwen3-4B-Instruct-2507',
    flashAttn: false,
    // 8 GB of weights, 10 of optimizer; 7 with rank 16; the vocabulary of 151,936 makes logits of 2 GB a row.
    sizes: [
      [70, 2, null, []],
      [30, 1, null, []],
      [20, 1, null, ['--lora_rank', '16']],
      [14, 1, 1000, ['--lora_rank', '16', '--quantization', 'int4']],
    ],
  },
]

export interface Archive {
  /** As its file is called. */
  name: string
  /** That it unpacks into. */
  folder: string
  stages: readonly TrainingStage[]
  /** Of the end-to-end rows; `null` where there are none. */
  topK: number | null
  /** Tokens that are read of a document. */
  docMaxLength: number
}

export function trainingNotebook(kind: NotebookKind, archive: Archive): string {
  const { stages, topK } = archive
  const cells = [
    markdown('title', introduction(kind)),
    code('parameters', parameters(kind, archive)),
    code('unpack', UNPACK),
    code('hashes', HASHES),
    code('top-k', topK === null ? ROWS : `${TOP_K}${ROWS}`),
    code('gpu', gpu(kind)),
    code('trainer', TRAINER),
    code('install', INSTALL),
    code('check', CHECK),
    code('run-stage', RUN_STAGE),
    ...stages.flatMap((stage) => stageCells(stage, stages)),
    code('checkpoints', LIST),
    markdown('inference-title', INFERENCE_TITLE),
    code('inference', inference(stages)),
    markdown('export-title', EXPORT_TITLE),
    code('export', EXPORT),
  ]
  const notebook = {
    cells,
    metadata: {
      accelerator: 'GPU',
      kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
      language_info: { name: 'python' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  }
  return `${JSON.stringify(notebook, null, 1)}\n`
}

function markdown(id: string, text: string): Cell {
  return { id, cell_type: 'markdown', metadata: {}, source: linesOf(text) }
}

function code(id: string, text: string): Cell {
  return { id, cell_type: 'code', metadata: {}, execution_count: null, outputs: [], source: linesOf(text) }
}

function linesOf(text: string): string[] {
  return text.trimEnd().split(/(?<=\n)/)
}

function stageCells(stage: TrainingStage, stages: readonly TrainingStage[]): Cell[] {
  const { script, title, dataset, plan, from } = stage
  const id = script.replace(/\.sh$/, '').replaceAll('_', '-')
  const rows = `${dataset.rows} row${dataset.rows === 1 ? '' : 's'}`
  const lacking = from !== undefined && !stages.some(({ save }) => save === from)
  const before = lacking ? `\n\nIt goes on from a checkpoint of ${from}: set \`PRETRAIN_CHECKPOINT\`.` : ''
  return [
    markdown(
      `${id}-title`,
      `## ${title}\n\nOn \`${dataset.name}\`, ${rows}: the command is in \`${script}\`. Planned for ${plan.microBatch} rows at once: ${planInWords(plan)}. ` +
        `The script plans for \`GPUS\` and \`MICRO_BATCH\`, and says so first.${before}`,
    ),
    code(id, `run_stage('${script}', '${dataset.name}'${lacking ? ', PRETRAIN_CHECKPOINT' : ''})`),
  ]
}

function introduction({ title }: NotebookKind): string {
  return `# Training CLaRa: ${title}

Written by \`clara-pack\` for the data in its archive. Set the parameters, then run all cells from top to bottom, in Colab or in Jupyter on a
Linux machine with an NVIDIA GPU. In Colab choose a runtime with a GPU first. A cell stops with an error where hashes or the number of
documents are not what the archive says, or where the GPU is too small. \`TRAINING.md\` in the archive says more.`
}

function parameters(kind: NotebookKind, { name, folder, stages, topK }: Archive): string {
  const single = stages.some(({ stage }) => stage !== 'stage2')
    ? '# The first two stages have a number of documents of their own, and take no k.\n'
    : ''
  const read = stages.find(({ stage }) => stage === 'stage2')?.generationTopK ?? topK
  const made = new Set(stages.map(({ save }) => save))
  const lacking = stages.find(({ from }) => from !== undefined && !made.has(from))
  return `${topK === null ? '' : `# Documents that the generator reads of the ${topK} in each end-to-end row: the trainer's --generation_top_k in stage 3.\n${single}GENERATION_TOP_K = ${read}\n`}
# The archive: beside this notebook, on Drive, or uploaded when it is not there. It unpacks into FOLDER.
ARCHIVE = ${quoted(name)}
FOLDER = ${quoted(folder)}
MOUNT_DRIVE = False
# The training repository. apple/ml-clara needs flash-attn, its fork xucheng/ml-clara-rag does not.
REPOSITORY = ${quoted(kind.repository)}
REVISION = ''
BASE_MODEL = ${quoted(kind.baseModel)}
FLASH_ATTN = ${kind.flashAttn ? 'True' : 'False'}
GPUS = 1
# Where the trainer's packages go; None: into the Python of this notebook.
ENVIRONMENT = 'clara-env'
${lacking ? `# There is no data for ${lacking.from} here: the folder of a checkpoint of it, which ${lacking.script} goes on from.\nPRETRAIN_CHECKPOINT = ''\n` : ''}# Checkpoints should outlive the machine: in Colab a folder on Drive.
CHECKPOINTS = 'checkpoints'
# A folder, such as '/content/drive/MyDrive', that the last checkpoint is copied to as a tar. '': none.
EXPORT = ''
# None: by the memory of the GPU. MICRO_BATCH is rows at once, ROWS how many of each file are trained on ('all', or a number),
# MORE_FLAGS what else the trainer gets, as ['--quantization', 'int4'] for the fork.
MICRO_BATCH = None
ROWS = None
MORE_FLAGS = None
# None: planned for the rows.
TRAIN_BATCH = None
`
}

function gpu({ sizes }: NotebookKind): string {
  const rows = sizes.map(
    ([gib, microBatch, most, flags]) =>
      `    (${gib}, ${microBatch}, ${most ?? "'all'"}, ${listed(flags)}),\n`,
  )
  const [least] = sizes.at(-1)!
  return `import subprocess

def run(*command, **options):
    """Shows what the command prints, and stops where it fails."""
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', **options
    ) as process:
        for line in process.stdout:
            print(line, end='')
    if process.returncode != 0:
        raise RuntimeError(f'{command[0]} ended with exit code {process.returncode}')

# GiB of a GPU's memory that it takes (estimated), and then: rows at once, rows of each file, flags for the trainer.
SIZES = [
${rows.join('')}]

def gpu_memory():
    """GiB of the smallest GPU that is used; None where the driver does not tell."""
    query = ['nvidia-smi', '--query-gpu=name,memory.total', '--format=csv,noheader,nounits']
    try:
        lines = subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(f'no NVIDIA GPU ({error}): in Colab, Runtime > Change runtime type') from None
    print(*lines, sep='\\n')
    if len(lines) < GPUS:
        raise RuntimeError(f'GPUS is {GPUS}, there are {len(lines)}')
    sizes = [line.rpartition(',')[2].strip() for line in lines[:GPUS]]
    return min(int(size) / 1024 for size in sizes) if all(size.isdigit() for size in sizes) else None

memory = gpu_memory()
if memory is None:
    print('its memory is not told: set MICRO_BATCH and MORE_FLAGS if it is short')
    memory = SIZES[0][0]
if memory < ${least} and None in (MICRO_BATCH, MORE_FLAGS):
    raise RuntimeError(
        f'{memory:.0f} GiB of memory, and ${least} were expected: take a larger GPU${smaller(sizes)}, '
        'or set MICRO_BATCH and MORE_FLAGS to try'
    )
chosen = next((size[1:] for size in SIZES if memory >= size[0]), SIZES[-1][1:])
MICRO_BATCH = chosen[0] if MICRO_BATCH is None else MICRO_BATCH
ROWS = chosen[1] if ROWS is None else ROWS
MORE_FLAGS = chosen[2] if MORE_FLAGS is None else MORE_FLAGS
print(f'MICRO_BATCH = {MICRO_BATCH}, ROWS = {ROWS!r}, MORE_FLAGS = {MORE_FLAGS}')
`
}

function smaller(sizes: NotebookKind['sizes']): string {
  const least = sizes.at(-1)![0]
  const other = NOTEBOOKS.find((kind) => kind.sizes.at(-1)![0] < least)
  return other ? `, or ${other.file}` : ''
}

function inference(stages: readonly TrainingStage[]): string {
  const last = stages.map(({ save, dataset, validation, stage }) => {
    const rows = (validation ?? dataset).name
    return `    ('${save}', '${rows}', ${stage === 'stage2' ? 'True' : 'False'}),\n`
  })
  return `# Folders of checkpoints, a file that has rows of the same form, and whether documents are ranked; the last one that is there is asked.
STAGES = [
${last.join('')}]
INFERENCE = '''
${INFERENCE.trim()}
'''
SAVED = [(Path(CHECKPOINTS).resolve() / save, rows, ranks) for save, rows, ranks in STAGES]
SAVED = [each for each in SAVED if (each[0] / 'adapters.pth').exists()]
if not SAVED:
    raise FileNotFoundError(f'{CHECKPOINTS}: no checkpoint in it: train first')
RESULT, rows, ranks = SAVED[-1]
print(RESULT)
run(PYTHON, '-c', INFERENCE, RESULT, DATA / rows, 'ranks' if ranks else 'reads', cwd=TRAINER, env={**ENVIRON, 'PYTHONPATH': str(TRAINER)})
`
}
