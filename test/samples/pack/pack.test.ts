import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, test } from 'vitest'
import { type PackOptions, packSamples } from '#clara/samples/pack/pack.js'
import { readBlocks } from '#clara/samples/pack/run-files.js'
import { verifyArchive } from '#clara/samples/pack/verify.js'
import { lines, makeRun, provenance, samples } from '../../support/run-folder.js'
import { checkTraining, isInstalled } from '../../trainer/trainer.js'

const work = mkdtempSync(join(tmpdir(), 'clara pack é-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

let folders = 0
const fresh = (name = 'run') => join(work, `${++folders}-${name}`)

function newFolder(folder: string): string {
  mkdirSync(folder)
  return folder
}

async function pack(directory: string, options: Partial<PackOptions> = {}) {
  const outputFile = options.outputFile ?? join(newFolder(fresh('place')), 'data.tar.gz')
  const result = await packSamples(directory, { outputFile, onProblem: () => {}, ...options })
  if ('refusals' in result) throw new Error(`refused: ${JSON.stringify(result.refusals)}`)
  // A document that is cut is counted by pack, and named as wrong by the trainer's model.
  if (result.docs_cut === 0) made.add(outputFile)
  return { ...result, archive: readFileSync(outputFile), outputFile }
}

/** What {@link pack} made and the trainer reads whole. */
const made = new Set<string>()

async function refusals(directory: string, options: Partial<PackOptions> = {}) {
  const outputFile = fresh('refused.tar.gz')
  const result = await packSamples(directory, { outputFile, onProblem: () => {}, ...options })
  if (!('refusals' in result)) return []
  expect(readdirSync(work).filter((name) => name.includes(basename(outputFile)))).toEqual([])
  return result.refusals
}

/** A run with a positive of some 400 of the trainer's tokens. @param end its last words; the answer is the first ones, too, where there are none. */
function longDocs(end: string): string {
  const rows = samples(7)
  const words = 'river '.repeat(400)
  rows[2]!.docs = [
    'A note.',
    'Another one.',
    end === '' ? `Row 2 holds the treasure 2. ${words}` : `Row 2: ${words}${end}.`,
  ]
  return makeRun(fresh(), { files: { 'end_to_end_data.jsonl': lines(rows) } })
}

/** By the system’s tar. @returns the one folder that is there then. */
function unpacked(archive: string): string {
  const place = newFolder(fresh('unpacked'))
  execFileSync('tar', ['-xzf', archive, '-C', place])
  const folders = readdirSync(place)
  expect(folders).toHaveLength(1)
  return join(place, folders[0]!)
}

const DATA = [
  'end_to_end_data.jsonl',
  'end_to_end_data.provenance.jsonl',
  'instruction_data.jsonl',
  'pretrain_data.jsonl',
  'pretrain_paraphrase_data.jsonl',
]

describe('an archive', () => {
  it('is unpacked by the system’s tar, and sha256sum -c passes', async () => {
    const run = makeRun(fresh())
    const { outputFile, files } = await pack(run)
    const folder = unpacked(outputFile)
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).not.toContain(
      'FAILED',
    )
    expect(readdirSync(folder).sort()).toEqual(
      [
        ...DATA,
        'MANIFEST.json',
        'SHA256SUMS',
        'TRAINING.md',
        'evaluate.py',
        'notebook.ipynb',
        'notebook-qwen3.ipynb',
        'requirements.txt',
        'train_stage1.sh',
        'train_stage1_paraphrase.sh',
        'train_stage2.sh',
        'train_stage3.sh',
      ].sort(),
    )
    for (const name of DATA) expect(readFileSync(join(folder, name))).toEqual(readFileSync(join(run, name)))
    const manifest = JSON.parse(readFileSync(join(folder, 'MANIFEST.json'), 'utf8'))
    expect(manifest).toMatchObject({ format: 'clara-pack', version: 1, top_k: 3, seed: 42, files })
    expect(manifest.models).toEqual({
      embedder: { name: 'tiny', sha256: 'ab'.repeat(32) },
      reranker: null,
      llm: { name: 'gpt-4o-mini', sha256: null },
    })
    expect(manifest.files.find(({ name }: { name: string }) => name === DATA[0])).toMatchObject({
      rows: 7,
      docs_per_row: 3,
      stage: 'end-to-end',
      bytes: readFileSync(join(run, DATA[0]!)).byteLength,
    })
  })

  it('is listed in the order of code units, with nothing of the machine', async () => {
    const { outputFile } = await pack(makeRun(fresh()))
    const list = execFileSync('tar', ['--utc', '--numeric-owner', '-tvzf', outputFile], { encoding: 'utf8' })
    const rows = list.trimEnd().split('\n')
    for (const row of rows) expect(row).toMatch(/^-rw(-r--r--|xr-xr-x) 0\/0 +\d+ 1980-01-01 00:00 \S+$/)
    const names = rows.map((row) => row.split(' ').at(-1)!)
    expect(names).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)))
    expect(rows.filter((row) => row.startsWith('-rwx')).every((row) => row.endsWith('.sh'))).toBe(true)
  })

  it('is the same bytes from two folders, whatever their times and their order', async () => {
    const [one, two] = [makeRun(fresh('one')), makeRun(fresh('another name'))]
    for (const name of readdirSync(two)) utimesSync(join(two, name), 1, 1_700_000_000)
    writeFileSync(join(two, 'notes.txt'), 'mine')
    expect((await pack(two)).archive.equals((await pack(one)).archive)).toBe(true)
  })

  it('is in the folder of its name, which the notebooks know; the data’s hash does not depend on it', async () => {
    const run = makeRun(fresh())
    const hashes = new Set<string>()
    for (const [name, folder] of [
      ['clara-data.tar.gz', 'clara-data'],
      ['k5 run (2).TGZ', 'k5-run-2'],
      ["it's.v1.tar.gz", 'it-s.v1'],
      ['数据.tar.gz', 'clara-data'],
      ['.tar.gz', 'clara-data'],
      ['-rf..tar.gz', 'rf'],
      ['nul.tar.gz', 'clara-data'],
      [`${'long'.repeat(50)}.tar.gz`, 'long'.repeat(50).slice(0, 50)],
    ] as const) {
      const { outputFile, data_sha256 } = await pack(run, { outputFile: join(newFolder(fresh('as')), name) })
      hashes.add(data_sha256)
      const place = unpacked(outputFile)
      expect(basename(place)).toBe(folder)
      for (const file of ['notebook.ipynb', 'notebook-qwen3.ipynb']) {
        const cells = JSON.parse(readFileSync(join(place, file), 'utf8')).cells
        const text = cells.flatMap(({ source }: { source: string[] }) => source).join('')
        expect(text).toContain(`ARCHIVE = ${name.includes("'") ? JSON.stringify(name) : `'${name}'`}\n`)
        expect(text).toContain(`FOLDER = '${folder}'\n`)
      }
      expect(await verifyArchive(outputFile)).toMatchObject({ ok: true, data_sha256 })
    }
    expect(hashes.size).toBe(1)
    expect((await pack(makeRun(fresh(), { rows: 8 }))).data_sha256).not.toBe([...hashes][0])
  })

  it('holds other bytes for other data', async () => {
    const [one, two] = [makeRun(fresh(), { rows: 7 }), makeRun(fresh(), { rows: 8 })]
    expect((await pack(two)).archive.equals((await pack(one)).archive)).toBe(false)
  })

  it('is of the blocks that were read, however they are cut', async () => {
    // Over several blocks, and not a multiple of one.
    const run = makeRun(fresh(), { rows: 9000 })
    const { outputFile, bytes, archive } = await pack(run)
    expect(archive.byteLength).toBe(bytes)
    const folder = unpacked(outputFile)
    expect(readFileSync(join(folder, DATA[0]!)).equals(readFileSync(join(run, DATA[0]!)))).toBe(true)
    expect(spawnSync('gzip', ['-t', outputFile]).status).toBe(0)
  })

  it('holds no journal, no other file, no absolute path and nothing of the environment', async () => {
    const run = makeRun(fresh(), { files: { 'end_to_end_data.parquet': 'PAR1' } })
    const text = gunzipSync((await pack(run)).archive).toString('latin1')
    for (const secret of ['sk-secret', 'PAR1', work, tmpdir(), process.cwd(), '/home/', 'rejected']) {
      expect(text).not.toContain(secret)
    }
  })

  it('holds what was rejected where that is asked for', async () => {
    const { files } = await pack(makeRun(fresh()), { withRejected: true })
    expect(files.find(({ name }) => name === 'rejected.jsonl')).toMatchObject({ role: 'rejected', rows: 1 })
  })

  it('leaves out a provenance that names folders of this machine, and says so', async () => {
    for (const id of ['/home/me/secret plans/a.md#0', 'C:\\Users\\me\\a.md#0', '~/a.md', 'file:///a.md']) {
      const text = lines(provenance(7, 3, (row, doc) => `${id}${row}-${doc}`))
      const run = makeRun(fresh(), { files: { 'end_to_end_data.provenance.jsonl': text } })
      const { archive, left_out } = await pack(run)
      expect(left_out).toEqual([{ name: DATA[1], reason: expect.stringContaining('line 1 names a file') }])
      expect(gunzipSync(archive).toString('latin1')).not.toMatch(/secret plans|Users/)
    }
  })

  it('names a model by the last part of its folder', async () => {
    const report = JSON.stringify({
      top_k: 3,
      seed: 1,
      embedder: '/home/me/models/tiny',
      reranker: 'C:\\m\\cross',
    })
    const { archive } = await pack(makeRun(fresh(), { files: { 'report.json': report } }))
    const text = gunzipSync(archive).toString('latin1')
    expect(text).toContain('"name": "tiny"')
    expect(text).toContain('"name": "cross"')
    expect(text).not.toContain('/home/me')
  })

  it('has the sides of a split, and trains on the one', async () => {
    const run = makeRun(fresh(), { sides: ['.train', '.validation'] })
    const folder = unpacked((await pack(run)).outputFile)
    const script = readFileSync(join(folder, 'train_stage3.sh'), 'utf8')
    expect(script).toContain('dataset=$data/end_to_end_data.train.jsonl\n')
    // The trainer's evaluation of that stage fails: KeyError 'recall_1'.
    expect(script).not.toMatch(/--eval_dataset|--do_eval_gen|--eval_steps/)
    const second = readFileSync(join(folder, 'train_stage2.sh'), 'utf8')
    expect(second).toContain('--eval_dataset "$data/instruction_data.validation.jsonl"')
    expect(second).toContain('--eval_steps -1')
  })

  it('has documents to choose from where fewer are read', async () => {
    const { outputFile, top_k, generation_top_k } = await pack(makeRun(fresh()), { generationTopK: 2 })
    expect([top_k, generation_top_k]).toEqual([3, 2])
    const folder = unpacked(outputFile)
    const text = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(text('train_stage3.sh')).toContain('GENERATION_TOP_K:-2}')
    expect(text('train_stage2.sh')).toContain('--generation_top_k 1 ')
    expect(text('notebook.ipynb')).toContain('GENERATION_TOP_K = 2\\n')
    expect(text('TRAINING.md')).toContain(
      '## generation_top_k is 2\n\nEvery row of the end-to-end data has 3',
    )
  })

  it('has room in the prompt for the longest row, and in the last stage no more', async () => {
    const long = (rows: Record<string, unknown>[], question: string) => [
      { ...rows[0], question },
      ...rows.slice(1),
    ]
    const maxLen = async (rows: Record<string, unknown>[], k: number, options = {}) => {
      const run = makeRun(fresh(), {
        k,
        files: { [DATA[0]!]: lines(rows), [DATA[1]!]: lines(provenance(rows.length, k)) },
      })
      const { outputFile } = await pack(run, options)
      const guide = readFileSync(join(unpacked(outputFile), 'TRAINING.md'), 'utf8')
      return Number(/--max_len (\d+)`/.exec(guide.slice(guide.indexOf('## Stage 3')))![1])
    }
    expect(await maxLen(samples(7), 3)).toBe(256)
    // 1,100 words: with less no label is left, and the loss is NaN.
    const words = Array.from({ length: 1100 }, (_, i) => `word${i % 10}`).join(' ')
    const needed = await maxLen(long(samples(7), `What of ${words}?`), 3)
    expect(needed).toBeGreaterThan(2200)
    expect(needed).toBeLessThan(3500)
    // 120 documents take 1,080 places; five of them 45.
    expect(await maxLen(samples(7, 120), 120)).toBe(1216)
    expect(await maxLen(samples(7, 120), 120, { generationTopK: 5 })).toBe(256)
  })

  it('reads as much of a document as is asked for, with places for its memory', async () => {
    const { outputFile, docs_cut } = await pack(longDocs('the treasure 2'), { docMaxLength: 512 })
    const folder = unpacked(outputFile)
    const text = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect([docs_cut, JSON.parse(text('MANIFEST.json')).doc_max_length]).toEqual([0, 512])
    for (const script of ['train_stage1.sh', 'train_stage2.sh', 'train_stage3.sh'])
      expect(text(script)).toContain('--doc_max_length 512 \\\n')
    expect(text('train_stage3.sh')).toMatch(/ \+ 17 \* top_k \+ 63\) .* : 512\)\)$/m)
    expect(text('TRAINING.md')).toContain('17 for each document that is read')
    for (const docMaxLength of [0, 40, 1 << 20]) {
      await expect(pack(longDocs(''), { docMaxLength })).rejects.toThrow('expected a multiple of 32')
    }
  })

  it('says where a model would read more documents than it can be asked about', async () => {
    const run = makeRun(fresh(), { k: 107 })
    const said = async (generationTopK?: number) => {
      const folder = unpacked((await pack(run, { generationTopK })).outputFile)
      return readFileSync(join(folder, 'TRAINING.md'), 'utf8').includes('cannot be asked by its own code')
    }
    expect(await said()).toBe(true)
    expect(await said(106)).toBe(false)
  })

  it('names the second stage’s data as the run does', async () => {
    const run = makeRun(fresh())
    renameSync(join(run, 'instruction_data.jsonl'), join(run, 'instruction_tuning_data.jsonl'))
    const folder = unpacked((await pack(run)).outputFile)
    expect(readFileSync(join(folder, 'train_stage2.sh'), 'utf8')).toContain(
      'dataset=$data/instruction_tuning_data.jsonl\n',
    )
  })

  it('has the plan of each stage in its guide', async () => {
    const folder = unpacked((await pack(makeRun(fresh(), { rows: 156 }))).outputFile)
    const guide = readFileSync(join(folder, 'TRAINING.md'), 'utf8')
    expect(guide.match(/^\| 1 \| .*/gm)).toEqual(
      Array(4).fill(
        '| 1 | 2 epochs of 26 steps: 52 optimizer steps of 6 rows; rows left out: 0, read twice: 0 |',
      ),
    )
    expect(guide.match(/^\| 8 \| 4 epochs of 10 steps: 40 optimizer steps of 16 rows/gm)).toHaveLength(4)
  })

  it('leaves out empty files', async () => {
    const run = makeRun(fresh(), { files: { 'pretrain_paraphrase_data.jsonl': '' } })
    const { files, left_out } = await pack(run)
    expect(left_out).toEqual([{ name: 'pretrain_paraphrase_data.jsonl', reason: 'is empty' }])
    expect(files.map(({ name }) => name)).not.toContain('train_stage1_paraphrase.sh')
  })
})

describe('data that is not fit is refused', () => {
  it.each([
    [
      'answers',
      lines(samples(3).map(({ answer: _, ...row }) => row)),
      /only-gold-answer \(3: lines 1, 2, 3\)/,
    ],
    ['a broken line', `${lines(samples(2))}{"question":\n`, /not-json \(1: line 3\)/],
    ['mixed k', lines([...samples(4), ...samples(1, 4)]), /mixed-top-k/],
  ])('for %s, with the command that shows more', async (_, text, reason) => {
    const run = makeRun(fresh(), { files: { [DATA[0]!]: text, [DATA[1]!]: '' } })
    const [refusal] = await refusals(run)
    expect(refusal).toMatchObject({ file: DATA[0], reason: expect.stringMatching(reason) })
    expect(refusal!.command).toBe(`clara-validate --input-file '${join(run, DATA[0]!)}' --expected-top-k 3`)
  })

  it('for another k than is expected', async () => {
    const run = makeRun(fresh())
    expect(await refusals(run, { expectedTopK: 3 })).toEqual([])
    expect(await refusals(run, { expectedTopK: 5 })).toMatchObject([
      {
        reason: expect.stringContaining('wrong-top-k (7'),
        command: expect.stringContaining('--expected-top-k 5'),
      },
    ])
  })

  it('for another k than the run’s report says', async () => {
    const run = makeRun(fresh(), { files: { 'report.json': '{"top_k":5}' } })
    expect(await refusals(run)).toEqual([
      { file: 'report.json', reason: 'says top_k 5, the samples have 3 docs in each row', command: null },
    ])
  })

  it('for more documents to read than a row has', async () => {
    expect(await refusals(makeRun(fresh()), { generationTopK: 4 })).toEqual([
      { file: DATA[0], reason: '3 docs in each row, --generation-top-k 4 can be 3 at most', command: null },
    ])
  })

  it('for so few rows that the trainer has no step', async () => {
    const rows = readFileSync(join(makeRun(fresh()), 'instruction_data.jsonl'), 'utf8').split(/(?<=\n)/)
    const run = makeRun(fresh(), { files: { 'instruction_data.jsonl': rows[0]! } })
    const reason = 'has 1 row, the trainer takes 2 at once: 2 rows or more would do'
    expect(await refusals(run)).toEqual([{ file: 'instruction_data.jsonl', reason, command: null }])
    writeFileSync(join(run, 'instruction_data.jsonl'), rows.slice(0, 2).join(''))
    expect(await refusals(run)).toEqual([])
  })

  it('for an answer that the trainer cuts off, but not for a document that is merely cut', async () => {
    const [lost] = await refusals(longDocs('the treasure 2'))
    expect(lost).toMatchObject({ file: 'end_to_end_data.jsonl', reason: 'lost-answer (1: line 3)' })
    expect(await refusals(longDocs('the treasure 2'), { trainer: 'none' })).toEqual([])
    expect(await pack(longDocs(''))).toMatchObject({ docs_cut: 1 })
  })

  it('for a row that no model has room for', async () => {
    const rows = samples(7)
    const long = { ...rows[3], question: 'What of it? '.repeat(12_000) }
    const run = makeRun(fresh(), {
      files: { [DATA[0]!]: lines([...rows.slice(0, 3), long, ...rows.slice(4)]) },
    })
    const [refusal] = await refusals(run)
    expect(refusal).toMatchObject({ file: DATA[0], reason: 'no-answer-left (1: line 4)' })
  })

  it('for sides with different k', async () => {
    const run = makeRun(fresh(), {
      sides: ['.train', '.validation'],
      files: {
        'end_to_end_data.validation.jsonl': lines(samples(7, 4)),
        'report.json': '{}',
      },
    })
    expect(await refusals(run)).toContainEqual({
      file: 'end_to_end_data.validation.jsonl',
      reason: '4 docs in each row, end_to_end_data.train.jsonl has 3',
      command: null,
    })
  })

  it('for rows of the first stages that the loader would stop at', async () => {
    const row = { data_type: 'qa', question: ['What?'], answers: ['a word'], docs: ['It is a word.'] }
    const paraphrase = { ...row, data_type: 'paraphrase' }
    const instruction = { question: 'What?', docs: row.docs, answer: 'a word', gold_answer: 'a word' }
    for (const [name, good, bad, kind] of [
      ['pretrain_data.jsonl', row, { ...row, answers: [] }, 'bad-answers'],
      ['pretrain_data.jsonl', row, { ...row, question: 'What?' }, 'bad-question'],
      ['pretrain_data.jsonl', row, paraphrase, 'mixed-data-types'],
      ['pretrain_data.jsonl', row, { ...row, docs: ['It is a word.', 'Another.'] }, 'mixed-top-k'],
      ['pretrain_paraphrase_data.jsonl', paraphrase, row, 'mixed-data-types'],
      ['instruction_data.jsonl', instruction, { ...instruction, answer: undefined }, 'only-gold-answer'],
      ['instruction_data.jsonl', instruction, [], 'not-object'],
    ] as const) {
      const run = makeRun(fresh(), { files: { [name]: lines([good, bad]) } })
      const [refusal] = await refusals(run)
      expect(refusal).toMatchObject({
        file: name,
        reason: expect.stringContaining(`${kind} (1: line 2)`),
        command: `clara-validate --input-file '${join(run, name)}'`,
      })
    }
  })

  it('for what stands on both sides of a split', async () => {
    const run = makeRun(fresh(), { sides: ['.train', '.validation'] })
    const leaked = readFileSync(join(run, 'end_to_end_data.train.jsonl'), 'utf8')
    writeFileSync(join(run, 'end_to_end_data.validation.jsonl'), leaked)
    const [refusal] = await refusals(run)
    expect(refusal).toMatchObject({
      file: 'end_to_end_data.validation.jsonl',
      reason: expect.stringContaining('leaked-question (7'),
    })
  })

  it('for a provenance of another run', async () => {
    const run = makeRun(fresh())
    appendFileSync(join(run, DATA[1]!), '{"docs":[]}\n')
    expect(await refusals(run)).toContainEqual({
      file: DATA[1],
      reason: 'has 8 rows, end_to_end_data.jsonl has 7: they are of different runs',
      command: null,
    })
  })
})

describe('a directory that cannot be packed', () => {
  const fails = (directory: string, message: string | RegExp) =>
    expect(pack(directory)).rejects.toMatchObject({
      name: 'ClaraError',
      code: 'input',
      message: expect.stringMatching(message),
    })

  it('is not there, is a file, or holds nothing to train on', async () => {
    await fails(join(work, 'nowhere'), /no such file/)
    const file = fresh('file')
    writeFileSync(file, '')
    await fails(file, /is no directory/)
    const empty = fresh('empty')
    mkdirSync(empty)
    await fails(empty, /holds no training data \(pretrain_data\.jsonl, /)
    writeFileSync(join(empty, DATA[0]!), '')
    await fails(empty, /holds no training data/)
  })

  it('holds a run that has not finished', async () => {
    const run = makeRun(fresh())
    rmSync(join(run, 'report.json'))
    await fails(run, /has not finished/)
  })

  it('holds damaged facts', async () => {
    for (const text of ['{', '[]', 'null']) {
      await fails(makeRun(fresh(), { files: { 'report.json': text } }), /report\.json: is not a JSON object/)
    }
  })

  it('holds whole files and a split of them', async () => {
    await fails(makeRun(fresh(), { sides: ['', '.train'] }), /holds both/)
    const run = makeRun(fresh())
    const rows = readFileSync(join(run, 'instruction_data.jsonl'))
    for (const name of ['instruction_tuning_data.jsonl', 'instruction_tuning_data.train.jsonl']) {
      writeFileSync(join(run, name), rows)
      await fails(run, /holds both instruction_tuning_data.*\.jsonl and instruction_data\.jsonl/)
      rmSync(join(run, name))
    }
  })

  it('holds a link: it is not followed, when it is looked for and when it is read', async () => {
    const run = makeRun(fresh())
    const elsewhere = join(work, 'elsewhere.jsonl')
    writeFileSync(elsewhere, lines(samples(7)))
    rmSync(join(run, DATA[0]!))
    symlinkSync(elsewhere, join(run, DATA[0]!))
    await fails(run, /is a symbolic link, which is not followed/)
    await expect(readBlocks(join(run, DATA[0]!)).next()).rejects.toMatchObject({ code: 'input' })
    rmSync(join(run, DATA[0]!))
    mkdirSync(join(run, DATA[0]!))
    await fails(run, /is no regular file/)
  })
})

describe('a file that changes while it is packed', () => {
  test.each([
    ['grows', (path: string) => appendFileSync(path, lines(samples(1)))],
    ['shrinks', (path: string) => truncateSync(path, 3)],
    [
      'has other bytes',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('Row', 'row')),
    ],
    ['goes', (path: string) => rmSync(path)],
  ])('and %s stops it, and nothing is left', async (_, change) => {
    const run = makeRun(fresh())
    const place = join(fresh('place'), 'data.tar.gz')
    let changed = false
    const onProgress = () => {
      if (!changed) change(join(run, 'pretrain_data.jsonl'))
      changed = true
    }
    await expect(pack(run, { outputFile: place, onProgress })).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(/pretrain_data\.jsonl: (changed while it was packed|no such file)/),
    })
    expect(changed).toBe(true)
    expect(readdirSync(join(place, '..'))).toEqual([])
  })
})

it.skipIf(!isInstalled)('each archive of these tests trains, by the model of the trainer', () => {
  const { stdout, wrong } = checkTraining(Array.from(made, unpacked))
  expect(wrong).toEqual([])
  expect(stdout).toMatch(/\nit trains\n$/)
})
