import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { disk } from '#clara/files/disk.js'
import { verifyIndex } from '#clara/index/verify.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { buildTiny, expectSame, useTinyEmbedder, WINDOWS, watched } from '../support/tiny-index.js'

const tiny = useTinyEmbedder()
const directory = useDirectory()
let fixed: string
let whole: string
let stopped: string
let total: number

beforeAll(async () => {
  fixed = await mkdtemp(join(tmpdir(), 'clara-resume-'))
  whole = join(fixed, 'whole')
  stopped = join(fixed, 'stopped')
  total = (await buildTiny(whole, tiny.documents, tiny.embedder)).counts.chunks
  await stop(stopped, 3)
})
afterAll(() => rm(fixed, { recursive: true }))

/** A build that ends after so many windows. */
async function stop(path: string, windows: number, options = {}) {
  await expect(buildTiny(path, tiny.documents, watched(tiny.embedder, windows), options)).rejects.toThrow(
    `${WINDOWS[windows - 1]} chunks are embedded and kept`,
  )
}

async function copyStopped(): Promise<string> {
  const path = join(directory.path, 'index')
  await cp(stopped, path, { recursive: true })
  return path
}

/** Goes on. @returns how many chunks it embedded. */
async function resume(path: string, documents: Document[] = tiny.documents, options = {}): Promise<number> {
  const embedder = watched(tiny.embedder)
  await buildTiny(path, documents, embedder, options)
  return embedder.texts.length
}

test.each([1, 2, 4])(
  'a build that stopped after %i windows goes on behind them, to the same bytes',
  async (n) => {
    const path = join(directory.path, 'index')
    await stop(path, n)
    expect(await readdir(path)).toEqual(['.work'])
    const told: number[] = []
    expect(await resume(path, undefined, { onResume: (chunks: number) => told.push(chunks) })).toBe(
      total - WINDOWS[n - 1]!,
    )
    expect(told).toEqual([WINDOWS[n - 1]])
    await expectSame(path, whole)
    await verifyIndex(path)
  },
)

test('a build that stops again and again ends with the same bytes', async () => {
  const path = join(directory.path, 'index')
  const embedded: string[] = []
  for (;;) {
    const embedder = watched(tiny.embedder, 1)
    const done = await buildTiny(path, tiny.documents, embedder).then(
      () => true,
      () => false,
    )
    embedded.push(...embedder.texts)
    if (done) break
  }
  expect(embedded).toHaveLength(total)
  await expectSame(path, whole)
})

test('documents that came behind the rows may be others, and there may be more', async () => {
  const path = await copyStopped()
  const more = [...tiny.documents, { id: 'one more', title: '', text: 'A text that was not there before.' }]
  expect(await resume(path, more)).toBe(total + 1 - WINDOWS[2]!)
  await buildTiny(join(directory.path, 'other'), more, tiny.embedder)
  await expectSame(path, join(directory.path, 'other'))
})

describe('the journal', () => {
  const journal = (path: string) => join(path, '.work/progress.jsonl')

  test.each([
    ['without its last byte', (text: Buffer) => text.length - 1, 1],
    ['torn in its last line', (text: Buffer) => text.lastIndexOf('\n', -2) + 40, 1],
    ['without its last line', (text: Buffer) => text.lastIndexOf('\n', -2) + 1, 1],
    ['torn in its first checkpoint', (text: Buffer) => text.indexOf('\n') + 9, -1],
    ['torn in its first line', () => 20, -1],
    ['empty', () => 0, -1],
  ])('%s is gone on with from the last line that is whole', async (_, end, last) => {
    const path = await copyStopped()
    await truncate(journal(path), end(await readFile(journal(path))))
    expect(await resume(path)).toBe(last < 0 ? total : total - WINDOWS[last]!)
    await expectSame(path, whole)
  })

  test.each([
    ['the first checkpoint', 1, () => total],
    ['the second checkpoint', 2, () => total - WINDOWS[0]!],
  ])('with a number changed in %s is believed up to there', async (_, line, embedded) => {
    const path = await copyStopped()
    const lines = (await readFile(journal(path), 'utf8')).split('\n')
    lines[line] = lines[line]!.replace(/"documents":\d+/, '"documents":1')
    await writeFile(journal(path), lines.join('\n'))
    expect(await resume(path)).toBe(embedded())
    await expectSame(path, whole)
  })
})

describe.each(['chunks.jsonl', 'chunks.offsets', 'documents.jsonl', 'vectors.f32'])('rows in %s', (name) => {
  const sizes = async (path: string): Promise<number[]> => {
    const lines = (await readFile(join(path, '.work/progress.jsonl'), 'utf8')).trimEnd().split('\n').slice(1)
    const role = name === 'chunks.offsets' ? 'offsets' : name.split('.')[0]!
    return lines.map((line) => JSON.parse(line).files[role].bytes)
  }

  test.each<[string, number, (data: Buffer, sizes: number[]) => Buffer | undefined]>([
    ['longer', 2, (data) => Buffer.concat([data, Buffer.from('a torn line')])],
    ['shorter by a byte', 1, (data) => data.subarray(0, -1)],
    ['cut at a checkpoint before', 0, (data, at) => data.subarray(0, at[0])],
    ['empty', -1, (data) => data.subarray(0, 0)],
    ['missing', -1, () => undefined],
    ['with a bit flipped in the first window', -1, (data) => flip(data, 3)],
    ['with a bit flipped in the second window', 0, (data, at) => flip(data, at[0]! + 3)],
    ['with a bit flipped in the last window', 1, (data, at) => flip(data, at[1]! + 3)],
  ])('that are %s are made again from the last checkpoint that holds', async (_, last, change) => {
    const path = await copyStopped()
    const file = join(path, '.work', name)
    const data = change(await readFile(file), await sizes(path))
    if (data) await writeFile(file, data)
    else await rm(file)
    expect(await resume(path)).toBe(last < 0 ? total : total - WINDOWS[last]!)
    await expectSame(path, whole)
  })
})

function flip(data: Buffer, at: number): Buffer {
  data[at]! ^= 4
  return data
}

describe('an unfinished build of something else', () => {
  const refused = async (path: string, documents: Document[], options: object, ...parts: string[]) => {
    const embedder = watched(tiny.embedder)
    await expect(buildTiny(path, documents, embedder, options)).rejects.toMatchObject(
      claraError('exists', ...parts, '--overwrite'),
    )
    expect(await resume(path)).toBe(total - WINDOWS[2]!) // nothing is lost
    await expectSame(path, whole)
  }

  test.each<[string, object]>([
    ['precision was bf16, is f32', { precision: 'f32' }],
    ['chunk tokens was 28, is 16', { chunking: { tokens: 16, overlap: 0, split: true } }],
    ['chunk overlap was 0, is 4', { chunking: { tokens: 28, overlap: 4, split: true } }],
    ['chunking was true, is false', { chunking: { tokens: 28, overlap: 0, split: false } }],
  ])('is refused: %s', async (message, options) => {
    await refused(await copyStopped(), tiny.documents, options, message)
  })

  test('is refused: another model, with both names', async () => {
    const { model } = tiny.embedder
    const other = {
      ...tiny.embedder,
      model: {
        ...model,
        card: { ...model.card, name: 'another' },
        model: { ...model.model, sha256: 'f'.repeat(64) },
      },
    }
    await expect(buildTiny(await copyStopped(), tiny.documents, other)).rejects.toMatchObject(
      claraError('exists', 'embedder bert-mean was', 'another is ffffffffffff'),
    )
  })

  const [swapped, changed]: ((documents: Document[]) => Document[])[] = [
    ([a, b, ...rest]) => [b!, a!, ...rest],
    ([a, b, ...rest]) => [a!, { ...b!, text: `${b!.text} And more.` }, ...rest],
  ]
  test.each<[string, (documents: Document[]) => Document[], string]>([
    ['other order', swapped!, 'document 1 was "'],
    ['another text', changed!, 'has changed'],
    ['fewer documents', (documents) => documents.slice(0, 5), 'there are 5 now'],
  ])('is refused: %s', async (_, change, message) => {
    await refused(await copyStopped(), change(tiny.documents), {}, 'other documents', message)
  })

  test.each<[string, object, (documents: Document[]) => Document[]]>([
    ['settings', { precision: 'f32' }, (documents) => documents],
    ['documents', {}, changed!],
  ])('is given up with overwrite: other %s', async (_, options, change) => {
    const path = await copyStopped()
    const documents = change(tiny.documents)
    await resume(path, documents, { overwrite: true, ...options })
    await buildTiny(join(directory.path, 'fresh'), documents, tiny.embedder, options)
    await expectSame(path, join(directory.path, 'fresh'))
  })

  test('is gone on with where overwrite was not needed', async () => {
    expect(await resume(await copyStopped(), undefined, { overwrite: true })).toBe(total - WINDOWS[2]!)
  })
})

test('an index stays as it is while it is overwritten, and that goes on too', async () => {
  const path = join(directory.path, 'index')
  await buildTiny(path, tiny.documents.slice(0, 9), tiny.embedder)
  const before = await verifyIndex(path)
  await stop(path, 2, { overwrite: true })
  expect(await verifyIndex(path)).toEqual(before)
  await expect(buildTiny(path, tiny.documents, tiny.embedder)).rejects.toMatchObject(
    claraError('exists', path),
  )
  expect(await resume(path, undefined, { overwrite: true })).toBe(total - WINDOWS[1]!)
  const { generation, files } = await verifyIndex(path)
  expect(generation).toBe(2)
  expect((await readdir(path)).sort()).toEqual(
    ['manifest.json', ...Object.values(files).map(({ name }) => name)].sort(),
  )
  expect(
    (await readFile(join(path, files.chunks.name))).equals(await readFile(join(whole, 'chunks.jsonl'))),
  ).toBe(true)
})

test.each(['chunks.offsets', 'vectors.f32', 'blocks.sha256', 'manifest.json'])(
  'a build that stops when it moves %s to its place embeds nothing again',
  async (name) => {
    const path = join(directory.path, 'index')
    const { rename } = disk
    disk.rename = async (from, to) => {
      if (to === join(path, name)) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'rename' })
      return rename(from, to)
    }
    const built = await buildTiny(path, tiny.documents, tiny.embedder).catch((error) => error)
    disk.rename = rename
    expect(built).toMatchObject({ message: expect.stringContaining(`${total} chunks are embedded and kept`) })
    expect(await resume(path)).toBe(0)
    await expectSame(path, whole)
  },
)

test('documents of one id are refused', async () => {
  const [one] = tiny.documents
  await expect(buildTiny(join(directory.path, 'index'), [one!, one!], tiny.embedder)).rejects.toMatchObject(
    claraError('input', 'was there before'),
  )
  expect(await readdir(directory.path)).toEqual([])
})
