import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { startLlmServer } from '../llm-server.js'
import { clara, example, readRows, workFolder } from './clara.js'

interface Record {
  filename: string
  content: string
}

const work = workFolder()
const index = join(work, 'index')
/** The English ones: an index of one language. */
const records = readRows<Record>(example('raw_knowledge.jsonl')).filter(
  ({ filename }) => !filename.includes('-zh'),
)
const file = (name: string, rows: Record[]) => {
  writeFileSync(join(work, name), rows.map((row) => JSON.stringify(row)).join('\n'))
  return join(work, name)
}
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await clara(['index', ...args, '--json'])
  return { code, stderr, ...JSON.parse(stdout || '{}') }
}

beforeAll(async () => {
  const first = file('first.jsonl', records.slice(0, 30))
  expect(await json('build', '--input-file', first, '--output-dir', index, '--force')).toMatchObject({
    code: 0,
  })
})

describe('the life of an index', () => {
  it('add tells what was new, what was changed and what was there', async () => {
    const changed = { ...records[4]!, content: `Zanzibar is in it now. ${records[4]!.content}` }
    const more = file('more.jsonl', [changed, ...records.slice(25, 40)])
    expect(await json('add', index, '--input-file', more, '--force')).toMatchObject({
      ...{ code: 0, added: 10, changed: 1, skipped: 5 },
      ...{ documents: 40, chunks: 40, removed_rows: 1, generation: 2 },
    })
    const { results } = await json('search', index, '--query', 'Zanzibar', '-k', '40')
    const hits = results[0].hits.map(({ chunk }: { chunk: string }) => chunk)
    expect(new Set(hits).size).toBe(40)
    expect(hits).toContain(`${changed.filename}#0`)
  })

  it('remove takes ids from flags and from a file, and exits with 1 for those that are not there', async () => {
    const [one, two] = [records[0]!.filename, records[1]!.filename]
    const ids = join(work, 'ids')
    writeFileSync(ids, `${two}\r\nnowhere.md\n`)
    const removed = await json('remove', index, '--id', one, '--ids-file', ids)
    expect(removed).toMatchObject({
      code: 1,
      removed_documents: 2,
      unknown_ids: 1,
      documents: 38,
      removed_rows: 3,
    })
    expect(removed.stderr).toContain('no document "nowhere.md"')
    expect(await json('remove', index)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--ids-file'),
    })
    const all = ['remove', index, ...records.flatMap(({ filename }) => ['--id', filename])]
    expect(await json(...all)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no chunk would be left'),
    })
  })

  it('mines, draws negatives and asks questions of what is left only', async () => {
    const { url, close } = await startLlmServer()
    const gone = [records[0]!.content, records[1]!.content, records[4]!.content]
    for (const [name, ...flags] of [['mined', '--local-embeddings'], ['drawn']]) {
      const out = join(work, name!)
      const args = [
        '--index',
        index,
        '--output-dir',
        out,
        '--base-url',
        url,
        '--target-top-k',
        '8',
        '--json',
        ...flags,
      ]
      const { code, stdout } = await clara(args, { bin: 'clara-synth' })
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ samples: 38, llm: { calls: 38 } })
      for (const { docs } of readRows<{ docs: string[] }>(join(out, 'end_to_end_data.jsonl'))) {
        expect(docs).toHaveLength(8)
        expect(docs.filter((text) => gone.includes(text))).toEqual([])
      }
    }
    await close()
  })

  it('compact drops what was removed, and needs no model', async () => {
    const before = await json('search', index, '--query', 'attention', '-k', '38')
    const compact = await json('compact', index)
    expect(compact).toMatchObject({ code: 0, documents: 38, chunks: 38, removed_rows: 0, generation: 4 })
    expect((await json('search', index, '--query', 'attention', '-k', '38')).results).toEqual(before.results)
    expect(await json('verify', index)).toMatchObject({ code: 0, chunks: 38 })
    expect(readdirSync(index).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('info says what there is to know', async () => {
    expect(await json('info', index)).toMatchObject({
      ...{
        code: 0,
        embedder: 'all-minilm-l6-v2',
        metric: 'cos',
        precision: expect.stringMatching(/^(i8|bf16)$/),
        dims: 384,
      },
      ...{ documents: 38, chunks: 38, removed_rows: 0, vectors_bytes: 38 * 384 * 4, recall: 'not measured' },
      ...{
        engine: expect.stringMatching(/^(native|npm)$/),
        engine_why: expect.any(String),
        unfinished: 'no',
      },
    })
  })

  it('is not touched by a second writer, who is told of the first', async () => {
    const before = readFileSync(join(index, 'manifest.json'))
    const many = records.slice(20).flatMap((row) => [1, 2, 3, 4, 5, 6, 7].map((n) => ({ ...row, filename: `${n}-${row.filename}`, content: `${n} ${row.content}` }))) // biome-ignore format: short
    let second: Awaited<ReturnType<typeof json>> | undefined
    let pid: number | undefined
    const first = await clara(['index', 'add', index, '--input-file', file('many.jsonl', many), '--force'], {
      onStart: async (child) => {
        pid = child.pid
        while (!existsSync(join(index, '.lock'))) await sleep(5)
        second = await json('compact', index)
      },
    })
    expect(first.code).toBe(0)
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${pid} on `) })
    expect(readFileSync(join(index, 'manifest.json')).equals(before)).toBe(false)
    expect(await json('verify', index)).toMatchObject({ code: 0, documents: 38 + many.length })
  })

  it('refuses to add with another model', async () => {
    const tiny = new URL('../fixtures/models/bert-mean', import.meta.url).pathname
    const refused = await json('add', index, '--input-file', join(work, 'more.jsonl'), '--embedder', tiny)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toMatch(/built by all-minilm-l6-v2 .*the model given is bert-mean/)
  })
})

it('clara synth goes on with the index of a run that was killed', async () => {
  const { url, close } = await startLlmServer()
  const corpus = file('synth.jsonl', records.flatMap((row) => [1, 2, 3, 4, 5, 6, 7].map((n) => ({ filename: `${n}-${row.filename}`, content: `${n} ${row.content}` })))) // biome-ignore format: short
  const out = join(work, 'synth')
  const journal = join(out, 'index/.work/progress.jsonl')
  const args = [
    '--input-file',
    corpus,
    '--output-dir',
    out,
    '--local-embeddings',
    '--force',
    '--base-url',
    url,
  ]
  const killed = await clara(args, {
    bin: 'clara-synth',
    onStart: async (child) => {
      while (!existsSync(journal) || readFileSync(journal, 'utf8').split('\n').length < 3) await sleep(5)
      child.kill('SIGKILL')
    },
  })
  expect(killed.signal).toBe('SIGKILL')
  const { code, stderr } = await clara(args, { bin: 'clara-synth' })
  expect(code).toBe(0)
  expect(stderr).toMatch(/(64|192) chunks are embedded already: going on after them/)
  const { length } = readRows(join(out, 'qa.jsonl')) // of four documents that are nearly the same, questions are too
  expect(length).toBeGreaterThan(200)
  expect(readRows(join(out, 'end_to_end_data.jsonl'))).toHaveLength(length)
  await close()
})
