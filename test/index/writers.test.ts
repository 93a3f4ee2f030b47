import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { addDocuments } from '#clara/index/add.js'
import { compactIndex } from '#clara/index/compact.js'
import { openIndex } from '#clara/index/open.js'
import { removeDocuments } from '#clara/index/remove.js'
import { verifyIndex } from '#clara/index/verify.js'
import { claraError, collect } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { again, buildTiny, expectSame, useTinyEmbedder } from '../support/tiny-index.js'

const tiny = useTinyEmbedder()
const directory = useDirectory()
let fixed: string
let first: Document[]
let next: Document[]

beforeAll(async () => {
  fixed = await mkdtemp(join(tmpdir(), 'clara-writers-'))
  first = tiny.documents.slice(0, 8)
  next = tiny.documents.slice(8, 12)
  await buildTiny(join(fixed, 'index'), first, tiny.embedder)
})
afterAll(() => rm(fixed, { recursive: true }))

async function copy() {
  const path = join(directory.path, 'index')
  await cp(join(fixed, 'index'), path, { recursive: true })
  return path
}

test('of two builds at once one is refused, and the other gives the index', async () => {
  const path = join(directory.path, 'index')
  const both = await Promise.allSettled([1, 2].map(() => buildTiny(path, first, tiny.embedder)))
  const refused = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject(
    claraError('exists', `process ${process.pid} on ${hostname()} is writing there`),
  )
  await expectSame(path, join(fixed, 'index'))
  expect((await readdir(path)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('no change is made while another process writes, nor is its work touched', async () => {
  const path = await copy()
  const holder = { pid: process.ppid, host: hostname(), started: null, since: 'then' }
  await writeFile(join(path, '.lock'), JSON.stringify(holder))
  const refused = claraError('exists', path, `process ${process.ppid}`)
  const { embedder } = tiny
  await expect(removeDocuments(path, [first[0]!.id])).rejects.toMatchObject(refused)
  await expect(compactIndex(path)).rejects.toMatchObject(refused)
  await expect(addDocuments(path, again(next), embedder)).rejects.toMatchObject(refused)
  await expect(buildTiny(path, first, embedder, { overwrite: true })).rejects.toMatchObject(refused)
  await expectSame(path, join(fixed, 'index'))
})

test('a reader finds the old index or the new one while it changes, never a mixture', async () => {
  const path = await copy()
  const { model } = tiny.embedder
  const query = await tiny.embedder.embed(['anything'], 'query')
  let isChanging = true
  /** Generation -> what was read of it. */
  const seen = new Map<number, string>()
  const reader = async () => {
    while (isChanging) {
      const index = await openIndex(path, model)
      const { generation, counts } = index.manifest
      const { ids, scores } = await index.search(query, counts.chunks)
      expect([...ids].every((id) => id >= 0)).toBe(true)
      const found = await Promise.all(Array.from(ids, index.chunks.read))
      const all = await collect(index.chunks.all())
      await index.close()
      const texts = found.map(({ id, text }, i) => `${id} ${scores[i]} ${text}`).join('\n')
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)))
      expect(seen.get(generation) ?? texts).toBe(texts)
      seen.set(generation, texts)
    }
  }
  const verifier = async () => {
    while (isChanging) await verifyIndex(path)
  }
  const change = async () => {
    for (let round = 0; round < 3; round++) {
      await addDocuments(path, again(next), tiny.embedder, { force: true })
      await removeDocuments(path, [next[round]!.id])
      await compactIndex(path)
      await removeDocuments(path, next.map(({ id }) => id)) // biome-ignore format: short
    }
    isChanging = false
  }
  await Promise.all([reader(), reader(), verifier(), change()])
  expect(seen.size).toBeGreaterThan(3)
})

test('an index that is open goes on as it was', async () => {
  const path = await copy()
  const query = await tiny.embedder.embed(['anything'], 'query')
  const index = await openIndex(path, tiny.embedder.model)
  await addDocuments(path, again(next), tiny.embedder, { force: true })
  await removeDocuments(path, [first[0]!.id])
  const { ids } = await index.search(query, 500)
  expect(ids).toHaveLength(index.chunks.count)
  const found = await Promise.all(Array.from(ids, index.chunks.read))
  expect(new Set(found.map(({ documentId }) => documentId))).toEqual(new Set(first.map(({ id }) => id)))
  await index.close()
})
