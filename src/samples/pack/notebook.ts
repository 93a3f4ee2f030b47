/** notebook.ipynb: unpack, check, fetch the trainer, run the stages. nbformat 4.5. */
import type { TrainingStage } from './training-stages.js'

interface Cell {
  id: string
  cell_type: 'markdown' | 'code'
  metadata: object
  source: string[]
  execution_count?: null
  outputs?: []
}

/** @param topK of the end-to-end rows; `null` where there are none. */
export function trainingNotebook(stages: readonly TrainingStage[], topK: number | null): string {
  const cells = [
    markdown('title', INTRODUCTION),
    code('parameters', parameters(stages, topK)),
    code('unpack', UNPACK),
    code('hashes', HASHES),
    code('top-k', topK === null ? ROWS : `${TOP_K}${ROWS}`),
    code('gpu', GPU),
    code('trainer', TRAINER),
    code('install', INSTALL),
    code('run-stage', RUN_STAGE),
    ...stages.flatMap(({ script, title, dataset }) => {
      const id = script.replace(/\.sh$/, '').replaceAll('_', '-')
      const rows = `${dataset.rows} row${dataset.rows === 1 ? '' : 's'}`
      return [
        markdown(
          `${id}-title`,
          `## ${title}\n\nOn \`${dataset.name}\`, ${rows}: the command is in \`${script}\`.`,
        ),
        code(id, `run_stage('${script}')`),
      ]
    }),
    code('checkpoints', LIST),
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

const INTRODUCTION = `# Training CLaRa

Written by \`clara-pack\` for the data in its archive. Set the parameters, then run all cells from top to bottom. In Colab choose a
runtime with a GPU first. A cell stops with an error where hashes or the number of documents are not what the archive says.`

function parameters(stages: readonly TrainingStage[], topK: number | null): string {
  const single = stages.length > 0 ? '# The first two stages read one document a row, and take no k.\n' : ''
  const read = stages.find(({ stage }) => stage === 'stage2')?.generationTopK ?? topK
  return `${topK === null ? '' : `# Documents that the generator reads of the ${topK} in each end-to-end row: the trainer's --generation_top_k in stage 3.\n${single}GENERATION_TOP_K = ${read}\n`}
# The archive: beside this notebook, on Drive, or uploaded when it is not there.
ARCHIVE = 'clara-data.tar.gz'
MOUNT_DRIVE = False
# The training repository. The fork https://github.com/xucheng/ml-clara-rag runs without flash-attn.
REPOSITORY = 'https://github.com/apple/ml-clara'
REVISION = ''
BASE_MODEL = 'mistralai/Mistral-7B-Instruct-v0.2'
FLASH_ATTN = True
GPUS = 1
# Checkpoints should outlive the machine: in Colab a folder on Drive.
CHECKPOINTS = 'checkpoints'
# None: as the scripts say. Less memory: MICRO_BATCH = 1.
TRAIN_BATCH = None
MICRO_BATCH = None
# More flags for the trainer, as ['--quantization', 'int4'] for the fork.
MORE_FLAGS = []
`
}

const UNPACK = `import shutil
import tarfile
from pathlib import Path

if MOUNT_DRIVE:
    from google.colab import drive
    drive.mount('/content/drive')
if not Path(ARCHIVE).exists():
    try:
        from google.colab import files
    except ImportError:
        raise FileNotFoundError(f'{ARCHIVE}: no such file: set ARCHIVE') from None
    ARCHIVE = next(iter(files.upload()))

DATA = Path('clara-data').resolve()
shutil.rmtree(DATA, ignore_errors=True)
DATA.mkdir()
with tarfile.open(ARCHIVE, 'r:gz') as archive:
    for member in archive:
        if not member.isfile() or '/' in member.name or '\\\\' in member.name or member.name.startswith('.'):
            raise ValueError(f'{member.name!r} does not belong into an archive of clara-pack')
        with archive.extractfile(member) as source, open(DATA / member.name, 'xb') as target:
            shutil.copyfileobj(source, target, 1 << 20)
print(*sorted(path.name for path in DATA.iterdir()), sep='\\n')
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
if {path.name for path in DATA.iterdir()} != {*expected, 'SHA256SUMS'}:
    raise ValueError('files are missing, or there are more than MANIFEST.json says')
for name, digest in expected.items():
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

const GPU = `import subprocess

def run(*command, **options):
    """Shows what the command prints, and stops where it fails."""
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    ) as process:
        for line in process.stdout:
            print(line, end='')
    if process.returncode != 0:
        raise RuntimeError(f'{command[0]} ended with exit code {process.returncode}')

run('nvidia-smi')
`

const TRAINER = `TRAINER = Path('trainer').resolve()
if not TRAINER.exists():
    run('git', 'clone', REPOSITORY, TRAINER)
if REVISION:
    run('git', '-C', TRAINER, 'checkout', REVISION)
run('git', '-C', TRAINER, 'log', '-1', '--format=%H %cs')
`

const INSTALL = `import sys

names = ['requirements-training.txt', 'requirements.txt']
requirements = next((TRAINER / name for name in names if (TRAINER / name).exists()), None)
if requirements is None:
    raise FileNotFoundError(f'{TRAINER}: has no {" or ".join(names)}')
run(sys.executable, '-m', 'pip', 'install', '-q', '-r', requirements)
if FLASH_ATTN:
    run(sys.executable, '-m', 'pip', 'install', '-q', 'flash-attn', '--no-build-isolation')
`

const RUN_STAGE = `import os

def run_stage(script):
    settings = {
        'TRAINER': TRAINER,
        'MODEL_PATH': BASE_MODEL,
        'CHECKPOINTS': Path(CHECKPOINTS).resolve(),
        'GPUS': GPUS,
        'FLASH_ATTN': '--flash_attn' if FLASH_ATTN else '',
        'GENERATION_TOP_K': globals().get('GENERATION_TOP_K'),
        'TRAIN_BATCH': TRAIN_BATCH,
        'MICRO_BATCH': MICRO_BATCH,
    }
    given = {name: str(value) for name, value in settings.items() if value is not None}
    run('bash', DATA / script, *MORE_FLAGS, env={**os.environ, **given})
`

const LIST = `for path in sorted(Path(CHECKPOINTS).glob('*')):
    print(path)
`
