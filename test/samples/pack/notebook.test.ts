import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packSamples } from '#clara/samples/pack/pack.js'
import { makeRun } from '../../support/run-folder.js'

interface Notebook {
  nbformat: number
  nbformat_minor: number
  metadata: Record<string, unknown>
  cells: {
    id: string
    cell_type: string
    metadata: object
    source: string[]
    outputs?: []
    execution_count?: null
  }[]
}

const work = mkdtempSync(join(tmpdir(), 'clara notebook-'))
const archive = join(work, 'clara-data.tar.gz')
const folder = join(work, 'unpacked folder', 'clara-data')
const NOTEBOOKS = ['notebook.ipynb', 'notebook-qwen3.ipynb']
let notebook: Notebook

const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0
const needsPython = python ? '' : ' (skipped: there is no python3 from 3.9 on)'
const nbformat = process.env.CLARA_PYTHON
const hasNbformat = nbformat !== undefined && spawnSync(nbformat, ['-c', 'import nbformat']).status === 0
const needsNbformat = hasNbformat ? '' : ' (skipped: CLARA_PYTHON names no Python with nbformat)'

beforeAll(async () => {
  await packSamples(makeRun(join(work, 'run')), { outputFile: archive, onProblem: () => {} })
  mkdirSync(join(folder, '..'))
  spawnSync('tar', ['-xzf', archive, '-C', join(folder, '..')])
  notebook = read('notebook.ipynb')
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const read = (name: string, place = folder): Notebook => JSON.parse(readFileSync(join(place, name), 'utf8'))
const code = (from = notebook) => from.cells.filter(({ cell_type }) => cell_type === 'code')

describe.each(NOTEBOOKS)('%s', (name) => {
  it('has the structure of nbformat 4.5', () => {
    const notebook = read(name)
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5])
    expect(notebook.metadata.kernelspec).toEqual({
      display_name: 'Python 3',
      language: 'python',
      name: 'python3',
    })
    const ids = notebook.cells.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const cell of notebook.cells) {
      expect(cell.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      expect(cell.metadata).toEqual({})
      for (const line of cell.source.slice(0, -1)) expect(line).toMatch(/^.*\n$/)
      expect(cell.source.at(-1)).not.toMatch(/\n$/)
      if (cell.cell_type === 'code') expect(cell).toMatchObject({ outputs: [], execution_count: null })
      else expect(Object.keys(cell).sort()).toEqual(['cell_type', 'id', 'metadata', 'source'])
    }
  })

  it.skipIf(!hasNbformat)(`is valid to nbformat itself${needsNbformat}`, () => {
    const check = 'import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=4))'
    const { status, stderr } = spawnSync(nbformat!, ['-c', check, join(folder, name)], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('has one place for k', () => {
    expect(
      code(read(name))
        .flatMap(({ source }) => source)
        .filter((line) => /^GENERATION_TOP_K = /.test(line)),
    ).toEqual(['GENERATION_TOP_K = 3\n'])
  })

  it.skipIf(!python)(`is Python in every cell${needsPython}`, () => {
    const check =
      'import ast, json, re, sys\nfor cell in json.load(sys.stdin):\n  ast.parse(cell)\n  for script in re.findall(r"(?s)(?:CHECK = \\"{3}|INFERENCE = \'{3})(.*?)(?:\\"{3}|\'{3})", cell): ast.parse(script)'
    const input = JSON.stringify(code(read(name)).map(({ source }) => source.join('')))
    const { status, stderr } = spawnSync('python3', ['-c', check], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })
})

/** Runs cells up to the check of k in a folder with the archive. */
function runCells(place: string, last: string, change: (source: string) => string = (source) => source) {
  const all = code(notebook)
  const cells = all.slice(0, all.findIndex(({ id }) => id === last) + 1)
  const source = change(cells.map((cell) => cell.source.join('')).join('\n'))
  return spawnSync('python3', ['-c', source], { cwd: place, encoding: 'utf8' })
}

describe.skipIf(!python)(`the notebook’s checks${needsPython}`, () => {
  let place: string
  beforeAll(() => {
    place = join(work, 'colab')
    mkdirSync(place)
    cpSync(archive, join(place, 'clara-data.tar.gz'))
  })

  it('pass for the archive that it is in', () => {
    const { status, stdout, stderr } = runCells(place, 'top-k')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('15 files are what was packed')
    expect(stdout).toContain('end_to_end_data.jsonl: 7 rows, 3 documents in each')
  })

  it('stop at another k', () => {
    const { status, stderr } = runCells(place, 'top-k', (source) =>
      source.replace('GENERATION_TOP_K = 3', 'GENERATION_TOP_K = 5'),
    )
    expect(status).toBe(1)
    expect(stderr).toContain('GENERATION_TOP_K is 5, the data has 3 documents in each row')
  })

  it('stop at a file that was changed after it was unpacked', () => {
    const { stderr } = runCells(place, 'top-k', (source) =>
      source.replace('import hashlib', "(DATA / 'end_to_end_data.jsonl').write_text('{}')\nimport hashlib"),
    )
    expect(stderr).toContain('end_to_end_data.jsonl: is not what was packed')
  })

  it('unpack nothing outside of their folder', () => {
    const evil = `import io, tarfile
with tarfile.open('evil.tar.gz', 'w:gz') as archive:
    member = tarfile.TarInfo('../evil.txt')
    member.size = 1
    archive.addfile(member, io.BytesIO(b'x'))`
    spawnSync('python3', ['-c', evil], { cwd: place })
    const { stderr } = runCells(place, 'unpack', (source) =>
      source.replace("ARCHIVE = 'clara-data.tar.gz'", "ARCHIVE = 'evil.tar.gz'"),
    )
    expect(stderr).toContain("'../evil.txt' does not belong into an archive of clara-pack")
  })

  it.each([
    ['a file of another folder', 'a/x', 'b/y'],
    ['a file beside the folder', 'a/x', 'y'],
    ['a folder in the folder', 'a/b/x'],
    ['an absolute name', '/tmp/x'],
    ['a way out', 'a/../x'],
    ['a hidden file', 'a/.x'],
    ['a link', 'a/x@'],
  ])('unpack no %s', (_, ...names) => {
    const strange = `import io, sys, tarfile
with tarfile.open('strange.tar.gz', 'w:gz') as archive:
    for name in sys.argv[1:]:
        member = tarfile.TarInfo(name.rstrip('@'))
        if name.endswith('@'):
            member.type, member.linkname = tarfile.SYMTYPE, '/etc/passwd'
        archive.addfile(member, io.BytesIO())`
    spawnSync('python3', ['-c', strange, ...names], { cwd: place })
    const { status, stderr } = runCells(place, 'unpack', (source) =>
      source.replace("ARCHIVE = 'clara-data.tar.gz'", "ARCHIVE = 'strange.tar.gz'"),
    )
    rmSync(join(place, 'strange.tar.gz'))
    expect([status, stderr]).toEqual([1, expect.stringContaining('does not belong into an archive')])
  })

  it('take an archive of an earlier version, which has no folder', () => {
    const flat = join(work, 'flat')
    mkdirSync(flat)
    spawnSync('tar', ['-czf', join(flat, 'clara-data.tar.gz'), '-C', folder, ...readdirSync(folder)])
    expect(runCells(flat, 'top-k')).toMatchObject({ status: 0, stderr: '' })
    expect(readdirSync(flat).sort()).toEqual(['clara-data', 'clara-data.tar.gz'])
  })

  it('leave other files of a folder of that name alone', () => {
    const mine = join(place, 'clara-data', 'checkpoints')
    mkdirSync(mine, { recursive: true })
    expect(runCells(place, 'top-k').status).toBe(0)
    expect(readdirSync(join(place, 'clara-data'))).toContain('checkpoints')
  })

  it('take the only archive there under another name, and none of several', () => {
    const renamed = join(work, 'renamed')
    mkdirSync(renamed)
    cpSync(archive, join(renamed, 'clara-data (1).tar.gz'))
    const { status, stdout } = runCells(renamed, 'top-k')
    expect([status, stdout]).toEqual([0, expect.stringContaining('clara-data (1).tar.gz is taken')])
    cpSync(archive, join(renamed, 'another.tgz'))
    expect(runCells(renamed, 'unpack').stderr).toContain('clara-data.tar.gz: no such file: set ARCHIVE')
  })

  it('run in the unpacked folder, where notebooks have changed', () => {
    const here = join(work, 'here')
    cpSync(folder, here, { recursive: true })
    writeFileSync(join(here, 'notebook.ipynb'), '{}')
    const { status, stdout } = runCells(here, 'top-k')
    expect([status, stdout]).toEqual([0, expect.stringContaining('13 files are what was packed')])
    writeFileSync(join(here, 'train_stage1.sh'), '')
    expect(runCells(here, 'top-k').stderr).toContain('train_stage1.sh: is not what was packed')
  })
})

/** A machine with a GPU: nvidia-smi, git, torchrun and an environment for the trainer, which say what they were told. */
function machine(place: string, memory: string): NodeJS.ProcessEnv {
  const bin = join(place, 'bin')
  mkdirSync(join(place, 'clara-env/bin'), { recursive: true })
  mkdirSync(bin)
  mkdirSync(join(place, 'drive'))
  for (const [name, text] of [
    [join(bin, 'nvidia-smi'), `echo '${memory}'`],
    [
      join(bin, 'git'),
      '[ "$1" != clone ] || { mkdir -p "$3/openrlhf/models"; echo code >"$3/openrlhf/models/modeling_clara.py"; }; echo "git $*"',
    ],
    [
      join(bin, 'torchrun'),
      'echo "torchrun $*"; for word; do [ "$last" != --save_path ] || { echo w >"$word/adapters.pth"; mkdir -p "$word/global_step1"; }; last=$word; done',
    ],
    [join(place, 'clara-env/bin/python'), `printf '%s ' python "$@" | tr '\\n' ' '; echo`],
  ] as const) {
    writeFileSync(name, `#!/bin/bash\n${text}\n`)
    chmodSync(name, 0o755)
  }
  return { PATH: `${bin}:${process.env.PATH}` }
}

describe.skipIf(!python)(`all cells of a notebook${needsPython}`, () => {
  let places = 0
  const run = (name: string, memory: string, change: (source: string) => string, from = archive) => {
    const place = join(work, `machine ${++places}`)
    const env = machine(place, memory)
    cpSync(from, join(place, 'clara-data.tar.gz'))
    const unpacked = join(place, 'unpacked')
    mkdirSync(unpacked)
    spawnSync('tar', ['-xzf', from, '-C', unpacked])
    const source = code(read(name, join(unpacked, readdirSync(unpacked)[0]!)))
      .map((cell) => cell.source.join(''))
      .join('\n')
      .replace("ARCHIVE = 'of-two.tar.gz'", "ARCHIVE = 'clara-data.tar.gz'")
    const { status, stdout, stderr } = spawnSync('python3', ['-c', change(source)], {
      cwd: place,
      encoding: 'utf8',
      env,
    })
    return { place, status, stderr, stdout, trained: stdout.match(/^torchrun .*$/gm) ?? [] }
  }
  const exporting = (source: string) => source.replace("EXPORT = ''", "EXPORT = 'drive'")

  it.each([
    ['notebook.ipynb', 'NVIDIA A100-SXM4-80GB, 81920', '2', '', 'apple/ml-clara'],
    ['notebook.ipynb', 'NVIDIA L4, 23034', '1', '', 'apple/ml-clara'],
    ['notebook-qwen3.ipynb', 'NVIDIA H100, 81559', '2', '', 'xucheng/ml-clara-rag'],
    ['notebook-qwen3.ipynb', 'A100-PCIE-40GB, 40960', '1', '', 'xucheng/ml-clara-rag'],
    ['notebook-qwen3.ipynb', 'NVIDIA L4, 23034', '1', ' --lora_rank 16', 'xucheng/ml-clara-rag'],
    [
      'notebook-qwen3.ipynb',
      'Tesla T4, 15360',
      '1',
      ' --lora_rank 16 --quantization int4',
      'xucheng/ml-clara-rag',
    ],
    ['notebook-qwen3.ipynb', 'NVIDIA GB10, [N/A]', '2', '', 'xucheng/ml-clara-rag'],
  ])('%s trains, asks and exports on %s', (name, memory, micro, flags, repository) => {
    const { place, status, stderr, stdout, trained } = run(name, memory, exporting)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`git clone https://github.com/${repository} ${join(place, 'trainer')}`)
    expect(trained).toHaveLength(4)
    const qwen = name.includes('qwen')
    for (const words of trained) {
      expect(words).toContain(`--micro_train_batch_size ${micro} `)
      expect(words).toContain(qwen ? '--pretrain Qwen/Qwen3-4B-Instruct-2507 ' : 'mistralai/Mistral-7B-')
      expect(words.includes(' --flash_attn')).toBe(!qwen)
      expect(words.endsWith(flags || (qwen ? '--gradient_checkpointing' : '--flash_attn'))).toBe(true)
    }
    const installed = stdout.match(/^python -m pip.*$/gm)!
    expect(installed[0]).toContain(`-r ${join(place, 'clara-data/requirements.txt')}`)
    expect(installed.slice(1).join()).toMatch(qwen ? /^$/ : /--no-build-isolation wheel==\S+ flash-attn==/)
    expect(stdout).toContain(
      `${join(place, 'checkpoints/stage3')} ${join(place, 'clara-data/end_to_end_data.jsonl')} ranks`,
    )
    const tar = spawnSync('tar', ['-tf', join(place, 'drive/clara-data-stage3.tar')], { encoding: 'utf8' })
    expect(tar.stdout.trim().split('\n')).toEqual([
      'clara-data-stage3/adapters.pth',
      'clara-data-stage3/modeling_clara.py',
    ])
  })

  it('are of the first two stages where the archive is', async () => {
    const two = makeRun(join(work, 'two'), { files: { 'report.json': '{}' } })
    for (const name of [
      'end_to_end_data.jsonl',
      'end_to_end_data.provenance.jsonl',
      'pretrain_paraphrase_data.jsonl',
    ])
      rmSync(join(two, name))
    const from = join(work, 'of-two.tar.gz')
    await packSamples(two, { outputFile: from, onProblem: () => {} })
    for (const name of NOTEBOOKS) {
      const { place, status, stderr, stdout, trained } = run(name, 'NVIDIA A100, 81920', exporting, from)
      expect([status, stderr, trained.length]).toEqual([0, '', 2])
      expect(stdout).toContain(
        `${join(place, 'checkpoints/stage2')} ${join(place, 'of-two/instruction_data.jsonl')} reads`,
      )
    }
  })

  it('go on from a checkpoint of the user’s where the archive has the last stage alone', async () => {
    const last = makeRun(join(work, 'last'))
    for (const name of ['pretrain_data', 'pretrain_paraphrase_data', 'instruction_data'])
      rmSync(join(last, `${name}.jsonl`))
    const from = join(work, 'clara-data-3.tar.gz')
    await packSamples(last, { outputFile: from, onProblem: () => {} })
    const without = run('notebook.ipynb', 'NVIDIA A100, 81920', (source) => source, from)
    expect(without.stdout).toContain('for which there is no data here')
    const { status, trained } = run(
      'notebook.ipynb',
      'NVIDIA A100, 81920',
      (source) =>
        `open('drive/adapters.pth', 'w').close()\n${source.replace("PRETRAIN_CHECKPOINT = ''", "PRETRAIN_CHECKPOINT = 'drive'")}`,
      from,
    )
    expect([status, trained.length, /--pretrain_checkpoint \S.*drive /.test(trained[0]!)]).toEqual([
      0,
      1,
      true,
    ])
  })

  it('train on fewer rows where that is set, and say so', () => {
    const { status, stdout, trained } = run('notebook-qwen3.ipynb', 'Tesla T4, 15360', (source) =>
      source.replace('ROWS = None', 'ROWS = 5').replace('TRAIN_BATCH = None', 'TRAIN_BATCH = 2'),
    )
    expect(status).toBe(0)
    expect(stdout).toContain('4 of 7 rows, 2 a step; epochs: 20, steps: 40: ROWS leaves out the others')
    for (const words of trained)
      expect(words).toMatch(/--train_batch_size 2 .*--max_samples 4 --max_epochs 20 /)
  })

  it('stop where there is no GPU, too few, or too small a one', () => {
    const small = run('notebook.ipynb', 'Tesla T4, 15360', (source) => source)
    expect([small.status, small.trained]).toEqual([1, []])
    expect(small.stderr).toContain(
      '15 GiB of memory, and 22 were expected: take a larger GPU, or notebook-qwen3.ipynb',
    )
    const few = run('notebook.ipynb', 'NVIDIA A100, 81920', (source) =>
      source.replace('GPUS = 1', 'GPUS = 2'),
    )
    expect(few.stderr).toContain('GPUS is 2, there are 1')
    const none = run('notebook.ipynb', '', (source) => source.replace("'nvidia-smi'", "'no-nvidia-smi'"))
    expect(none.stderr).toContain('no NVIDIA GPU')
  })
})

/** A model that answers with the answer of the first row alone, and ranks by the order of the documents. */
const FAKE_CLARA = `class Order(list):
    tolist = lambda self: list(self)

class CLaRa:
    generation_top_k = 2
    n_mem_tokens = 8
    config = None

    @classmethod
    def from_pretrained(cls, folder, training_stage, pure_inference):
        assert (folder, training_stage, pure_inference) == ('stage3', 'stage2', True)
        return cls()

    def to(self, device):
        return self

    def eval(self):
        return self

    def generate_from_questions(self, questions, documents, max_new_tokens):
        assert all(isinstance(each, str) for each in questions)
        return ['It is: the  TREASURE, 0!'] * len(questions), Order([[0, 1] for _ in documents])
`

it.skipIf(!python)(`evaluate.py counts right answers and right choices${needsPython}`, () => {
  const place = join(work, 'evaluated')
  mkdirSync(join(place, 'openrlhf/models'), { recursive: true })
  writeFileSync(join(place, 'openrlhf/models/modeling_clara.py'), FAKE_CLARA)
  writeFileSync(join(place, 'torch.py'), 'class cuda:\n    is_available = staticmethod(lambda: False)\n')
  const rows = join(folder, 'end_to_end_data.jsonl')
  const answers = join(place, 'answers.jsonl')
  const flags = [join(folder, 'evaluate.py'), 'stage3', rows, '--batch', '3', '--output', answers]
  const { status, stdout } = spawnSync('python3', flags, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, PYTHONPATH: place },
  })
  expect(status).toBe(0)
  // Positives of the seven rows are at 0, 1, 2, 0, 1, 2, 0.
  expect(JSON.parse(stdout)).toEqual({
    rows: 7,
    answer_in_reply: 1 / 7,
    positive_ranked_first: 3 / 7,
    positive_among_chosen: 5 / 7,
    documents: 3,
    chosen: 2,
    by_chance_first: 1 / 3,
    by_chance_chosen: 2 / 3,
  })
  expect(readFileSync(answers, 'utf8').split('\n')).toHaveLength(8)
})

/** Of apple/ml-clara’s argument parser, those that scripts of its own use and --eval_dataset. */
const TRAINER_FLAGS =
  'max_len dataset eval_dataset pretrain pretrain_checkpoint train_batch_size micro_train_batch_size ckpt_path max_samples save_path save_steps logging_steps eval_steps zero_stage max_epochs bf16 flash_attn learning_rate stage generation_top_k qa_loss doc_max_length compress_rate mse_loss gradient_checkpointing lr_scheduler lr_warmup_ratio do_eval_gen'.split(
    ' ',
  )

/** A trainer that says what it was asked to do, and saves an empty checkpoint. */
function fakeTrainer(): { bin: string; trainer: string } {
  const bin = join(work, 'bin')
  const trainer = join(work, 'ml clara')
  mkdirSync(bin, { recursive: true })
  mkdirSync(join(trainer, 'openrlhf/models'), { recursive: true })
  writeFileSync(join(trainer, 'openrlhf/models/modeling_clara.py'), '')
  writeFileSync(
    join(bin, 'torchrun'),
    `#!/bin/sh
pwd
for word in "$@"; do echo "$word"; [ "$last" != --save_path ] || : >"$word/adapters.pth"; last=$word; done
`,
  )
  chmodSync(join(bin, 'torchrun'), 0o755)
  return { bin, trainer }
}

describe('the scripts', () => {
  const run = (script: string, env: Record<string, string> = {}, ...flags: string[]) => {
    const { bin, trainer } = fakeTrainer()
    return spawnSync('bash', [join(folder, script), ...flags], {
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH}`, TRAINER: trainer, ...env },
    })
  }
  const flagsOf = (stdout: string) => {
    const said = stdout.trimEnd().split('\n')
    const words = said.slice(said.indexOf(join(work, 'ml clara')))
    const at = (flag: string) => words[words.indexOf(flag) + 1]
    return { words, at }
  }

  it.each([
    ['train_stage1.sh', 'stage1', '1', 'pretrain_data.jsonl', '1e-4', '2048'],
    ['train_stage1_paraphrase.sh', 'stage1', '1', 'pretrain_paraphrase_data.jsonl', '1e-4', '2048'],
    ['train_stage2.sh', 'stage1_2', '1', 'instruction_data.jsonl', '1e-4', '2048'],
    ['train_stage3.sh', 'stage2', '3', 'end_to_end_data.jsonl', '5e-6', '256'],
  ])('%s runs its stage on its data', (script, stage, k, dataset, rate, maxLen) => {
    const { status, stdout, stderr } = run(script)
    expect([status, stderr]).toEqual([0, ''])
    const { words, at } = flagsOf(stdout)
    expect(words[0]).toBe(join(work, 'ml clara'))
    expect([at('-m'), at('--stage'), at('--generation_top_k')]).toEqual(['openrlhf.cli.train_sft', stage, k])
    // Seven rows: a batch of 128 would leave no step, one of 4 the last three rows; so the first is read twice.
    expect(stdout).toMatch(
      /^plan: 7 rows, 4 a step; epochs: 20, steps: 40, rows left out: 0, read twice: 1$/m,
    )
    expect(at('--dataset')).toBe([1, 2].map(() => join(folder, dataset)).join())
    expect([at('--learning_rate'), at('--max_len'), at('--max_samples')]).toEqual([rate, maxLen, '8'])
    expect([at('--max_epochs'), at('--lr_warmup_ratio'), at('--save_steps')]).toEqual(['20', '0', '-1'])
    expect([at('--train_batch_size'), at('--micro_train_batch_size')]).toEqual(['4', '2'])
    expect(at('--save_path')).toBe(join(folder, 'checkpoints', script.slice(6, -3)))
    expect(words).toContain('--flash_attn')
    if (script !== 'train_stage1.sh') expect(at('--pretrain_checkpoint')).toMatch(/checkpoints\/stage[12]$/)
  })

  it('pass only flags that openrlhf.cli.train_sft has, each once', () => {
    for (const script of [
      'train_stage1.sh',
      'train_stage1_paraphrase.sh',
      'train_stage2.sh',
      'train_stage3.sh',
    ]) {
      const { words } = flagsOf(run(script).stdout)
      const passed = words
        .slice(words.indexOf('openrlhf.cli.train_sft'))
        .filter((word) => word.startsWith('--'))
      expect(new Set(passed).size).toBe(passed.length)
      for (const flag of passed) expect(TRAINER_FLAGS).toContain(flag.slice(2))
    }
  })

  it('take settings and more flags', () => {
    const { stdout } = run(
      'train_stage1.sh',
      { FLASH_ATTN: '', GPUS: '4', MICRO_BATCH: '1', MODEL_PATH: 'a b', CHECKPOINTS: join(work, 'saved') },
      '--quantization',
      'int4',
    )
    const { words, at } = flagsOf(stdout)
    expect(words).not.toContain('--flash_attn')
    expect(words).not.toContain('')
    expect([at('--nproc_per_node'), at('--pretrain'), words.at(-1)]).toEqual(['4', 'a b', 'int4'])
    expect(at('--save_path')).toBe(join(work, 'saved/stage1'))
  })

  it('stop at another k, at a missing checkpoint and without a trainer', () => {
    const other = run('train_stage3.sh', { GENERATION_TOP_K: '5' })
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('--target-top-k 5')])
    const none = run('train_stage3.sh', { PRETRAIN_CHECKPOINT: '/nowhere' })
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('/nowhere: no checkpoint there')])
    // As a stage leaves it that ended before it saved: the trainer would begin anew, and say it in a warning alone.
    const empty = run('train_stage3.sh', { PRETRAIN_CHECKPOINT: work })
    expect([empty.status, empty.stderr]).toEqual([1, expect.stringContaining(`${work}: no checkpoint there`)])
    const without = run('train_stage1.sh', { TRAINER: '' })
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining('training repository')])
  })

  it('find their data and a model’s folder from wherever they are run', () => {
    const { bin, trainer } = fakeTrainer()
    mkdirSync(join(work, 'elsewhere/clara-data'), { recursive: true })
    mkdirSync(join(folder, '../my model'), { recursive: true })
    const { status, stdout } = spawnSync('bash', [`${basename(folder)}/train_stage1.sh`], {
      cwd: join(folder, '..'),
      encoding: 'utf8',
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        TRAINER: trainer,
        MODEL_PATH: 'my model',
        CDPATH: join(work, 'elsewhere'),
      },
    })
    expect(status).toBe(0)
    const { at } = flagsOf(stdout)
    expect(at('--dataset')).toContain(join(folder, 'pretrain_data.jsonl'))
    expect(at('--pretrain')).toBe(join(folder, '../my model'))
  })

  it('plan for the GPUs and the batch that they are run with', () => {
    const plan = (env: Record<string, string>) => {
      const { status, stdout, stderr } = run('train_stage1.sh', env)
      return status === 0 ? /^plan: .*$/m.exec(stdout)![0] : stderr.trimEnd()
    }
    expect(plan({ GPUS: '3' })).toContain(
      '7 rows, 6 a step; epochs: 20, steps: 40, rows left out: 0, read twice: 5',
    )
    expect(plan({ TRAIN_BATCH: '6' })).toContain('7 rows, 6 a step; epochs: 20')
    expect(plan({ MICRO_BATCH: '1' })).toContain('7 rows, 7 a step; epochs: 20, steps: 20')
    expect(plan({ GPUS: '4' })).toBe(
      'train_stage1.sh: 7 rows, and GPUS=4 with MICRO_BATCH=2 takes 8 at once: fewer of them, or 8 rows, would do',
    )
    expect(plan({ TRAIN_BATCH: '3' })).toContain('a multiple of GPUS x MICRO_BATCH = 2 was expected')
    expect(plan({ TRAIN_BATCH: '8' })).toContain('a batch up to that, or 8 rows, would do')
    expect(plan({ GPUS: 'all' })).toContain('GPUS is all: a whole number was expected')
    expect(plan({ MICRO_BATCH: '0' })).toContain('1 or more')
  })

  it('say where a flag undoes the plan', () => {
    const { status, stderr } = run('train_stage1.sh', {}, '--max_epochs', '3')
    expect([status, stderr]).toEqual([0, expect.stringContaining('--max_epochs changes the plan above')])
  })

  it('stop in a folder whose name the trainer would cut', () => {
    const { bin, trainer } = fakeTrainer()
    for (const name of ['me@work', 'a,b', 'data [1]', 'a*', 'a?', 'a::b', 'data (1) {2} #é']) {
      const place = join(work, name)
      cpSync(folder, place, { recursive: true })
      const { status, stderr } = spawnSync('bash', [join(place, 'train_stage1.sh')], {
        encoding: 'utf8',
        env: { PATH: `${bin}:${process.env.PATH}`, TRAINER: trainer },
      })
      const said = [1, expect.stringContaining('unpack the archive elsewhere')]
      expect([status, stderr]).toEqual(name.includes('(') ? [0, ''] : said)
    }
  })

  it('let the generator read fewer documents than there are', () => {
    const { at } = flagsOf(run('train_stage3.sh', { GENERATION_TOP_K: '2' }).stdout)
    expect(at('--generation_top_k')).toBe('2')
    for (const k of ['0', '4', 'two']) {
      expect(run('train_stage3.sh', { GENERATION_TOP_K: k }).status).toBe(1)
    }
  })

  it('are in the guide as they are', () => {
    const guide = readFileSync(join(folder, 'TRAINING.md'), 'utf8')
    for (const script of ['train_stage1.sh', 'train_stage2.sh', 'train_stage3.sh']) {
      const text = readFileSync(join(folder, script), 'utf8')
      expect(guide).toContain(text.slice(text.indexOf('torchrun'), text.lastIndexOf('\ncp')))
    }
  })
})
