/** Indexes whose hashes are right and whose files do not fit each other. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256 } from '#clara/files/durable-file.js'
import { hashBlocks, joinBlocks } from '#clara/index/blocks.js'
import { type Manifest, manifestText, type Role, readManifest } from '#clara/index/manifest.js'
import { removeDocuments } from '#clara/index/remove.js'
import { verifyIndex } from '#clara/index/verify.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { buildTiny, useTinyEmbedder } from '../support/tiny-index.js'

const tiny = useTinyEmbedder()
const directory = useDirectory()
let fixed: string

beforeAll(async () => {
  fixed = join(await mkdtemp(join(tmpdir(), 'clara-verify-')), 'index')
  await buildTiny(fixed, tiny.documents.slice(0, 8), tiny.embedder)
  await removeDocuments(fixed, [tiny.documents[2]!.id, tiny.documents[5]!.id])
})
afterAll(() => rm(join(fixed, '..'), { recursive: true }))

/** Changes files of a copy, and its hashes with them. */
async function forge(changes: Partial<Record<Role, (data: Buffer) => Buffer>>, edit = (_: Manifest) => {}) {
  const path = join(directory.path, 'index')
  await cp(fixed, path, { recursive: true })
  const manifest = await readManifest(path)
  const put = async (role: Role, data: Buffer) => {
    const file = manifest.files[role]!
    await writeFile(join(path, file.name), data)
    Object.assign(file, { bytes: data.byteLength, sha256: sha256(data) })
  }
  const at = (role: 'graph' | 'vectors' | 'chunks') => join(path, manifest.files[role].name)
  for (const [role, change] of Object.entries(changes) as [Role, (data: Buffer) => Buffer][]) {
    await put(role, change(await readFile(join(path, manifest.files[role]!.name))))
  }
  if (!changes.blocks) {
    const [graph, vectors, chunks] = await Promise.all(
      [at('graph'), at('vectors'), at('chunks')].map(hashBlocks),
    )
    await put('blocks', joinBlocks({ graph: graph!, vectors: vectors!, chunks: chunks! }))
  }
  edit(manifest)
  await writeFile(join(path, 'manifest.json'), manifestText(manifest))
  return path
}

const line = (change: (record: Record<string, unknown>) => object, n: number) => (data: Buffer) => {
  const lines = data.toString().split('\n')
  lines[n] = JSON.stringify(change(JSON.parse(lines[n]!)))
  return Buffer.from(lines.join('\n'))
}
const float = (value: number) => (data: Buffer) => {
  data.writeFloatLE(value, 40)
  return data
}
/** Exchanges two numbers of so many bytes. */
const swap = (bytes: number, a: number, b: number) => (data: Buffer) => {
  const first = Buffer.from(data.subarray(a * bytes, (a + 1) * bytes))
  data.copy(data, a * bytes, b * bytes, (b + 1) * bytes)
  first.copy(data, b * bytes)
  return data
}
const offset = (row: number, by: number) => (data: Buffer) => {
  data.writeBigUInt64LE(data.readBigUInt64LE(row * 8) + BigInt(by), row * 8)
  return data
}

test('what was not changed is right', async () => {
  await verifyIndex(await forge({}))
})

test.each<[string, Parameters<typeof forge>, string, string?]>([
  [
    'a chunk of another document',
    [{ chunks: line((c) => ({ ...c, documentId: [...String(c.documentId)].reverse().join('') }), 3) }],
    'chunks.jsonl:',
    'expected',
  ],
  ['a chunk that is none', [{ chunks: line((c) => ({ ...c, text: 'as long'.length }), 0) }], 'chunks'],
  [
    'a chunk that is no JSON',
    [{ chunks: (d) => Buffer.from(d.toString().replace('{"id"', '["id"')) }],
    'chunks.jsonl:1',
    'not a chunk',
  ],
  ['an offset inside of a line', [{ offsets: offset(4, 1) }], 'chunks.jsonl:5', 'not what the offsets say'],
  ['offsets out of order', [{ offsets: swap(8, 4, 5) }], 'chunks.jsonl:5', 'offsets'],
  ['an end that is none', [{ offsets: (d) => d.subarray(0, -8) }], 'chunks.offsets', 'not those of'],
  [
    'a document of other rows',
    [{ documents: line((r) => ({ ...r, row: Number(r.row) + 1 }), 1) }],
    'documents.2.jsonl',
    'of no document',
  ],
  [
    'a document of more rows',
    [{ documents: line((r) => ({ ...r, rows: Number(r.rows) + 1 }), 1) }],
    'documents.2.jsonl',
    'expected',
  ],
  [
    'a document twice',
    [{ documents: line((r) => r, 0) && ((d) => Buffer.concat([d, d.subarray(0, d.indexOf('\n') + 1)])) }],
    'documents.2.jsonl',
    'twice',
  ],
  [
    'a record that is none',
    [{ documents: line(({ id }) => ({ id }), 1) }],
    'documents.2.jsonl:2',
    'not a record',
  ],
  [
    'other counts of cut chunks',
    [{ documents: line((r) => ({ ...r, truncated: 1 }), 0) }],
    'manifest.json',
    'counts.truncated',
  ],
  ['a vector of other length', [{ vectors: float(0.9) }], 'vectors.f32', 'vector 0 has length'],
  ['a vector with NaN', [{ vectors: float(Number.NaN) }], 'vectors.f32', 'not finite'],
  ['a vector fewer', [{ vectors: (d) => d.subarray(0, -128) }], 'vectors.f32', 'expected'],
  [
    'a removed row twice',
    [{ removed: (d) => Buffer.concat([d.subarray(0, 4), d.subarray(0, -4)]) }],
    'removed.2.u32',
    'out of order',
  ],
  ['removed rows out of order', [{ removed: swap(4, 0, 1) }], 'removed.2.u32', 'out of order'],
  [
    'a removed row that is not there',
    [
      {
        removed: (d) => {
          d.writeUInt32LE(1e6, d.length - 4)
          return d
        },
      },
    ],
    'removed.2.u32',
    'not one of',
  ],
  [
    'another row removed',
    [
      {
        removed: (d) => {
          d.writeUInt32LE(0, 0)
          return d
        },
      },
    ],
    'documents.2.jsonl',
    'of no document',
  ],
  [
    'other block hashes',
    [
      {
        blocks: (d) => {
          d[40]! ^= 1
          return d
        },
      },
    ],
    'blocks.sha256',
    'other hashes',
  ],
  [
    'a block hash more',
    [{ blocks: (d) => Buffer.concat([d, d.subarray(0, 32)]) }],
    'blocks.sha256',
    'not those of',
  ],
  [
    'a graph of other rows',
    [
      {
        graph: (d) => {
          d.writeUInt32LE(3, 0)
          return d
        },
      },
    ],
    'index.usearch',
  ],
  [
    'a metric that its precision has no lengths for',
    [
      {},
      (m) => {
        Object.assign(m, { precision: 'i8', metric: 'ip' })
      },
    ],
    'manifest.json',
    'loses the lengths',
  ],
  [
    'more distinct chunks',
    [
      {},
      (m) => {
        m.counts.distinctChunks++
      },
    ],
    'manifest.json',
    'counts.distinctChunks',
  ],
  [
    'more documents',
    [
      {},
      (m) => {
        m.counts.documents++
      },
    ],
    'manifest.json',
    'counts.documents',
  ],
  [
    'chunks that are removed',
    [
      {},
      (m) => {
        m.counts.chunks++
        m.counts.removed--
      },
    ],
    'documents',
  ],
])('%s is found', async (_, [changes, edit], ...parts) => {
  // biome-ignore format: a table
  const path = await forge(changes, edit)
  await expect(verifyIndex(path)).rejects.toMatchObject(
    claraError('index', ...(parts.filter(Boolean) as string[])),
  )
})
