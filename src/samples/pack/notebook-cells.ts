/** Python and Markdown of the notebooks' cells, as far as it is the same in all of them. */
import { FLASH_ATTN_COMMAND } from './requirements.js'

/** A string of Python. JSON's is one, too. */
export function quoted(text: string): string {
  return /['\\\p{C}]/u.test(text) ? JSON.stringify(text) : `'${text}'`
}

export function listed(words: readonly string[]): string {
  return `[${words.map(quoted).join(', ')}]`
}

export const UNPACK = `import os
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

export const HASHES = `import hashlib
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

export const TOP_K = `if GENERATION_TOP_K not in range(1, MANIFEST['top_k'] + 1):
    raise ValueError(
        f"GENERATION_TOP_K is {GENERATION_TOP_K}, the data has {MANIFEST['top_k']} documents in each row: "
        f"set it to that or less, or make the data anew with --target-top-k {GENERATION_TOP_K}"
    )
`

export const ROWS = `for file in MANIFEST['files']:
    if file['docs_per_row'] is None:
        continue
    with open(DATA / file['name'], encoding='utf-8') as rows:
        counts = [len(json.loads(row)['docs']) for row in rows if row.strip()]
    if len(counts) != file['rows'] or set(counts) != {file['docs_per_row']}:
        raise ValueError(f"{file['name']}: not {file['rows']} rows of {file['docs_per_row']} documents")
    print(f"{file['name']}: {file['rows']} rows, {file['docs_per_row']} documents in each")
`

export const TRAINER = `TRAINER = Path('trainer').resolve()
if not TRAINER.exists():
    run('git', 'clone', REPOSITORY, TRAINER)
if REVISION:
    run('git', '-C', TRAINER, 'checkout', REVISION)
run('git', '-C', TRAINER, 'log', '-1', '--format=%H %cs')
`

export const INSTALL = `import importlib.util
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

export const CHECK = `CHECK = """
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

export const RUN_STAGE = `def fewer_rows(name):
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

export const LIST = `for path in sorted(Path(CHECKPOINTS).glob('*')):
    print(path)
`

export const INFERENCE_TITLE = `## Ask the result

The last checkpoint answers the question of one row, from that row's documents, as the trainer's own inference does. One row shows that it
runs and loads, not how good it is.`

export const EXPORT_TITLE = `## Keep it

A checkpoint is LoRA weights, the embedding with its memory tokens, settings, tokenizer and the model's code: with the base model that is all
that inference needs. \`EXPORT\` gets these as one tar; what the optimizer left behind is not in it.`

export const EXPORT = `if EXPORT:
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
