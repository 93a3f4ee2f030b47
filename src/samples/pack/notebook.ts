/**
 * The notebooks: unpack, check, fetch the trainer, run the stages, ask the result, export it. nbformat 4.5.
 *
 * One for each base model; their cells differ in parameters alone. What needs the trainer's packages runs in processes of
 * an environment of its own, not in the kernel, whose packages are other versions of the same.
 */
import { INFERENCE } from './inference-script.js'
import { FLASH_ATTN_COMMAND } from './requirements.js'
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

/** A string of Python. JSON's is one, too. */
function quoted(text: string): string {
  return /['\\\p{C}]/u.test(text) ? JSON.stringify(text) : `'${text}'`
}

function listed(words: readonly string[]): string {
  return `[${words.map(quoted).join(', ')}]`
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

const UNPACK = `import os
import re
import shutil
import tarfile
from pathlib import Path

if MOUNT_DRIVE:
    try:
        from google.colab import drive
    except ImportError:
        raise RuntimeError('MOUNT_DRIVE is for Colab: set it to False') from None
    drive.mount('/content/drive')

def find_archive():
    if Path(ARCHIVE).exists():
        return Path(ARCHIVE)
    others = sorted(path for path in Path('.').iterdir() if path.name.endswith(('.tar.gz', '.tgz')))
    if len(others) == 1:
        print(f'{ARCHIVE}: no such file: {others[0]} is taken, which is the only archive here')
        return others[0]
    try:
        from google.colab import files
    except ImportError:
        raise FileNotFoundError(f'{ARCHIVE}: no such file: set ARCHIVE') from None
    for name in files.upload():
        return Path(name)
    raise FileNotFoundError('no archive was uploaded')

def unpack(path):
    """Into FOLDER, whatever folder the archive names: plain files, all in one folder or, in older archives, in none."""
    target = Path(FOLDER).resolve()
    target.mkdir(exist_ok=True)
    folders = set()
    with tarfile.open(path, 'r:gz') as archive:
        for member in archive:
            found = re.fullmatch(r'(?:([A-Za-z0-9][A-Za-z0-9_.-]*)/)?([A-Za-z0-9][A-Za-z0-9_.-]*)', member.name)
            if not found or not member.isfile() or len(folders | {found[1]}) > 1:
                raise ValueError(f'{member.name!r} does not belong into an archive of clara-pack')
            folders.add(found[1])
            part = target / f'.{found[2]}.part'
            with archive.extractfile(member) as source, open(part, 'wb') as file:
                shutil.copyfileobj(source, file, 1 << 20)
            os.replace(part, target / found[2])
    return target

# Where this notebook lies in the unpacked folder, that is the data.
HERE = Path('MANIFEST.json').exists() and Path('SHA256SUMS').exists()
DATA = Path('.').resolve() if HERE else unpack(find_archive())
print(DATA, *sorted(path.name for path in DATA.iterdir()), sep='\\n')
`

const HASHES = `import hashlib
import json

def sha256(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

MANIFEST = json.loads((DATA / 'MANIFEST.json').read_text(encoding='utf-8'))
sums = dict(reversed(line.split('  ', 1)) for line in (DATA / 'SHA256SUMS').read_text(encoding='utf-8').splitlines())
expected = {file['name']: file['sha256'] for file in MANIFEST['files']}
expected['MANIFEST.json'] = sums['MANIFEST.json']
if sums != expected:
    raise ValueError('SHA256SUMS and MANIFEST.json do not say the same')
if HERE:
    # A notebook changes as it runs.
    expected = {name: digest for name, digest in expected.items() if not name.endswith('.ipynb')}
for name, digest in expected.items():
    if not (DATA / name).is_file():
        raise ValueError(f'{name}: is missing')
    if sha256(DATA / name) != digest:
        raise ValueError(f'{name}: is not what was packed')
print(len(expected), 'files are what was packed')
`

const TOP_K = `if GENERATION_TOP_K not in range(1, MANIFEST['top_k'] + 1):
    raise ValueError(
        f"GENERATION_TOP_K is {GENERATION_TOP_K}, the data has {MANIFEST['top_k']} documents in each row: "
        f"set it to that or less, or make the data anew with --target-top-k {GENERATION_TOP_K}"
    )
`

const ROWS = `for file in MANIFEST['files']:
    if file['docs_per_row'] is None:
        continue
    with open(DATA / file['name'], encoding='utf-8') as rows:
        counts = [len(json.loads(row)['docs']) for row in rows if row.strip()]
    if len(counts) != file['rows'] or set(counts) != {file['docs_per_row']}:
        raise ValueError(f"{file['name']}: not {file['rows']} rows of {file['docs_per_row']} documents")
    print(f"{file['name']}: {file['rows']} rows, {file['docs_per_row']} documents in each")
`

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

const TRAINER = `TRAINER = Path('trainer').resolve()
if not TRAINER.exists():
    run('git', 'clone', REPOSITORY, TRAINER)
if REVISION:
    run('git', '-C', TRAINER, 'checkout', REVISION)
run('git', '-C', TRAINER, 'log', '-1', '--format=%H %cs')
`

const INSTALL = `import importlib.util
import sys

def environment(folder):
    """A Python of its own: the kernel's packages (gcsfs, torchvision, numpy) want other versions of what the trainer wants."""
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        raise RuntimeError(f'Python {sys.version.split()[0]}: torch 2.8.0 is there for 3.10 to 3.13')
    python = Path(folder).resolve() / 'bin' / 'python'
    if not python.exists():
        tool = 'venv'
        if importlib.util.find_spec('ensurepip') is None:
            # As in Colab and Debian: venv cannot make one with pip in it.
            tool = 'virtualenv'
            run(sys.executable, '-m', 'pip', 'install', '-q', tool)
        run(sys.executable, '-m', tool, folder)
    return python

PYTHON = environment(ENVIRONMENT) if ENVIRONMENT else Path(sys.executable)
run(PYTHON, '-m', 'pip', 'install', '-q', '-r', DATA / 'requirements.txt')
if FLASH_ATTN:
    # Some minutes where there is no wheel for this machine, and it is built.
    run(PYTHON, '-m', 'pip', 'install', '-q', ${FLASH_ATTN_COMMAND.map(quoted).join(', ')})
`

const CHECK = `CHECK = """
import os
import sysconfig
import torch
from torch.utils import cpp_extension
print('torch', torch.__version__, torch.cuda.get_device_name())
if torch.cuda.get_device_capability() < (8, 0):
    print('this GPU has no bfloat16 of its own, which makes it slow, and no flash-attn')
if cpp_extension.CUDA_HOME is None:
    raise SystemExit('no nvcc: DeepSpeed builds its optimizer when training begins: install the CUDA toolkit, or set CUDA_HOME')
if not os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')):
    raise SystemExit('no Python.h, which DeepSpeed builds its optimizer with: install python3-dev')
import openrlhf.cli.train_sft
print('the trainer is there')
"""
ENVIRON = {**os.environ, 'PATH': f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
run(PYTHON, '-c', CHECK, cwd=TRAINER, env={**ENVIRON, 'PYTHONPATH': str(TRAINER)})
`

const RUN_STAGE = `def fewer_rows(name):
    """Settings and flags for the first ROWS rows of a file; none where all are trained on."""
    rows = next(file['rows'] for file in MANIFEST['files'] if file['name'] == name)
    if ROWS == 'all' or ROWS >= rows:
        return {}, []
    unit = GPUS * MICRO_BATCH
    batch = TRAIN_BATCH or max(8 // unit, 1) * unit
    steps = ROWS // batch
    if steps == 0:
        raise ValueError(f'ROWS is {ROWS}: {batch} or more were expected')
    epochs = min(-(-40 // steps), 20)
    print(f'{name}: {steps * batch} of {rows} rows, {batch} a step; epochs: {epochs}, steps: {steps * epochs}: ROWS leaves out the others')
    return {'TRAIN_BATCH': batch}, ['--max_samples', steps * batch, '--max_epochs', epochs]

def run_stage(script, name, previous=None):
    limits, flags = fewer_rows(name)
    settings = {
        'TRAINER': TRAINER,
        'MODEL_PATH': BASE_MODEL,
        'CHECKPOINTS': Path(CHECKPOINTS).resolve(),
        'GPUS': GPUS,
        'FLASH_ATTN': '--flash_attn' if FLASH_ATTN else '',
        'GENERATION_TOP_K': globals().get('GENERATION_TOP_K'),
        'TRAIN_BATCH': TRAIN_BATCH,
        'MICRO_BATCH': MICRO_BATCH,
        'PRETRAIN_CHECKPOINT': Path(previous).resolve() if previous else None,
        **limits,
    }
    given = {name: str(value) for name, value in settings.items() if value is not None}
    run('bash', DATA / script, *flags, *MORE_FLAGS, env={**ENVIRON, **given})
`

const LIST = `for path in sorted(Path(CHECKPOINTS).glob('*')):
    print(path)
`

const INFERENCE_TITLE = `## Ask the result

The last checkpoint answers the question of one row, from that row's documents, as the trainer's own inference does. One row shows that it
runs and loads, not how good it is.`

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

const EXPORT_TITLE = `## Keep it

A checkpoint is LoRA weights, the embedding with its memory tokens, settings, tokenizer and the model's code: with the base model that is all
that inference needs. \`EXPORT\` gets these as one tar; what the optimizer left behind is not in it.`

const EXPORT = `if EXPORT:
    if not Path(EXPORT).is_dir():
        raise FileNotFoundError(f'{EXPORT}: no such folder: MOUNT_DRIVE = True mounts Drive')
    exported = Path(EXPORT) / f'{FOLDER}-{RESULT.name}.tar'
    part = exported.with_name(exported.name + '.part')
    with tarfile.open(part, 'w') as archive:
        for path in sorted(RESULT.iterdir()):
            if path.is_file():
                archive.add(path, f'{FOLDER}-{RESULT.name}/{path.name}')
    os.replace(part, exported)
    print(exported, f'{exported.stat().st_size / 1e6:.1f} MB, sha256 {sha256(exported)}')
else:
    print(f'{RESULT}: stays there (EXPORT is empty)')
`
