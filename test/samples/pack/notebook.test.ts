import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
const folder = join(work, 'unpacked folder')
let notebook: Notebook

const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0
const needsPython = python ? '' : ' (skipped: there is no python3 from 3.9 on)'
const nbformat = process.env.CLARA_PYTHON
const hasNbformat = nbformat !== undefined && spawnSync(nbformat, ['-c', 'import nbformat']).status === 0
const needsNbformat = hasNbformat ? '' : ' (skipped: CLARA_PYTHON names no Python with nbformat)'

beforeAll(async () => {
  await packSamples(makeRun(join(work, 'run')), { outputFile: archive, onProblem: () => {} })
  mkdirSync(folder)
  spawnSync('tar', ['-xzf', archive, '-C', folder])
  notebook = JSON.parse(readFileSync(join(folder, 'notebook.ipynb'), 'utf8'))
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const code = () => notebook.cells.filter(({ cell_type }) => cell_type === 'code')
const sourceOf = (id: string) => notebook.cells.find((cell) => cell.id === id)!.source.join('')

describe('the notebook', () => {
  it('has the structure of nbformat 4.5', () => {
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
    const { status, stderr } = spawnSync(nbformat!, ['-c', check, join(folder, 'notebook.ipynb')], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('has one place for k', () => {
    expect(
      code()
        .flatMap(({ source }) => source)
        .filter((line) => /^GENERATION_TOP_K = /.test(line)),
    ).toEqual(['GENERATION_TOP_K = 3\n'])
  })

  it.skipIf(!python)(`is Python in every cell${needsPython}`, () => {
    const check = 'import ast, json, sys\nfor cell in json.load(sys.stdin): ast.parse(cell)'
    const input = JSON.stringify(code().map(({ source }) => source.join('')))
    const { status, stderr } = spawnSync('python3', ['-c', check], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })
})

/** Runs cells up to the check of k in a folder with the archive. */
function runCells(place: string, last: string, change: (source: string) => string = (source) => source) {
  const cells = code().slice(0, code().findIndex(({ id }) => id === last) + 1)
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
    expect(stdout).toContain('13 files are what was packed')
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
})

/** A model that answers with the answer of the first row alone, and ranks by the order of the documents. */
const FAKE_CLARA = `class Order(list):
    tolist = lambda self: list(self)

class CLaRa:
    generation_top_k = 2
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

/** A trainer that says what it was asked to do, and saves nothing. */
function fakeTrainer(): { bin: string; trainer: string } {
  const bin = join(work, 'bin')
  const trainer = join(work, 'ml clara')
  mkdirSync(bin, { recursive: true })
  mkdirSync(join(trainer, 'openrlhf/models'), { recursive: true })
  writeFileSync(join(trainer, 'openrlhf/models/modeling_clara.py'), '')
  writeFileSync(join(bin, 'torchrun'), '#!/bin/sh\npwd\nfor word in "$@"; do echo "$word"; done\n')
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
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('/nowhere: no such folder')])
    const without = run('train_stage1.sh', { TRAINER: '' })
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining('training repository')])
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

  it.skipIf(!python)(`run from the notebook${needsPython}`, () => {
    const { bin, trainer } = fakeTrainer()
    const source = `from pathlib import Path
import subprocess
DATA = Path(${JSON.stringify(folder)})
TRAINER = Path(${JSON.stringify(trainer)})
${sourceOf('parameters')}
${sourceOf('gpu').replace("run('nvidia-smi')", '')}
${sourceOf('run-stage')}
${sourceOf('train-stage1')}`
    const { status, stdout, stderr } = spawnSync('python3', ['-c', source], {
      cwd: work,
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH}` },
    })
    expect([status, stderr]).toEqual([0, ''])
    expect(flagsOf(stdout).at('--save_path')).toBe(join(work, 'checkpoints/stage1'))
  })

  it('are in the guide as they are', () => {
    const guide = readFileSync(join(folder, 'TRAINING.md'), 'utf8')
    for (const script of ['train_stage1.sh', 'train_stage2.sh', 'train_stage3.sh']) {
      const text = readFileSync(join(folder, script), 'utf8')
      expect(guide).toContain(text.slice(text.indexOf('torchrun'), text.lastIndexOf('\ncp')))
    }
  })
})
