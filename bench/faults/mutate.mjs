// One random change of an index's files, and the same with all hashes made right again.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../dist/files/durable-file.js'
import { hashBlocks, joinBlocks } from '../../dist/index/blocks.js'
import { manifestText } from '../../dist/index/manifest.js'

/** mulberry32: whole numbers below `end`. */
export function seeded(seed) {
  let state = seed >>> 0
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end)
  }
}

const PAGES = [64, 512, 4096, 16384]

const CHANGES = {
  flip: (data, random) => {
    const flipped = Buffer.from(data)
    for (let n = 0; n <= random(3); n++) flipped[random(data.length)] ^= 1 << random(8)
    return flipped
  },
  byte: (data, random) => {
    const changed = Buffer.from(data)
    changed[random(data.length)] = random(256)
    return changed
  },
  truncate: (data, random) =>
    data.subarray(
      0,
      random(3) === 0 ? data.length - 1 - random(Math.min(40, data.length)) : random(data.length),
    ),
  extend: (data, random) =>
    Buffer.concat([data, Buffer.from(Array.from({ length: 1 + random(64) }, () => random(256)))]),
  zero: (data, random) => {
    const page = PAGES[random(PAGES.length)]
    const start = random(Math.ceil(data.length / page)) * page
    return Buffer.from(data).fill(0, start, Math.min(start + page, data.length))
  },
  duplicate: (data, random) => {
    const page = PAGES[random(PAGES.length)]
    const at = () => random(Math.ceil(data.length / page)) * page
    const [from, to] = [at(), at()]
    const copied = Buffer.from(data)
    data.copy(copied, to, from, Math.min(from + page, from + data.length - to))
    return copied
  },
  insert: (data, random) => {
    const at = random(data.length)
    return Buffer.concat([data.subarray(0, at), Buffer.from([random(256)]), data.subarray(at)])
  },
  remove: (data, random) => {
    const at = random(data.length)
    return Buffer.concat([data.subarray(0, at), data.subarray(at + 1 + random(16))])
  },
}

/** Whole files: one for another, one of an older generation, none at all. */
const SWAPS = ['other file', 'older file', 'exchange', 'delete', 'empty']

/**
 * Changes an index in place.
 * @param older an index of the same lineage, files of earlier generations included.
 * @returns what was done, or undefined where nothing changed after all.
 */
export function mutate(index, older, random) {
  const names = readdirSync(index).sort()
  const name = random(4) === 0 ? 'manifest.json' : names[random(names.length)]
  const path = join(index, name)
  const data = readFileSync(path)
  const put = (kind, changed) => {
    if (changed.equals(data)) return undefined
    writeFileSync(path, changed)
    return { name, kind }
  }
  if (random(6) > 0) {
    const kinds = Object.keys(CHANGES)
    const kind = kinds[random(kinds.length)]
    return put(kind, CHANGES[kind](data, random))
  }
  const kind = SWAPS[random(SWAPS.length)]
  const other = join(index, names[random(names.length)])
  if (kind === 'other file') return put(kind, readFileSync(other))
  if (kind === 'empty') return put(kind, Buffer.alloc(0))
  if (kind === 'older file') {
    const [stem, end] = [name.split('.')[0], name.split('.').at(-1)]
    const candidates = readdirSync(older).filter(
      (each) => each.startsWith(`${stem}.`) && each.endsWith(`.${end}`),
    )
    return candidates.length > 0
      ? put(kind, readFileSync(join(older, candidates[random(candidates.length)])))
      : undefined
  }
  if (kind === 'exchange') {
    const content = readFileSync(other)
    if (content.equals(data)) return undefined
    writeFileSync(other, data)
    return put(kind, content)
  }
  rmSync(path)
  return { name, kind }
}

/** Where the graph file of such an index has its parts. */
function graphPlaces({ dims, counts, precision }) {
  const rows = counts.chunks + counts.removed
  const head = 8 + rows * dims * { bf16: 2, f16: 2, f32: 4, i8: 1 }[precision]
  return { rows, head, levels: head + 104, nodes: head + 104 + rows * 2 }
}

const ODD = [
  0,
  1,
  2,
  15,
  16,
  17,
  32,
  33,
  64,
  65,
  255,
  2 ** 15,
  2 ** 16 - 1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
]

/** Changes graph (mostly), vectors, chunks, offsets, documents, removed or manifest, then makes every hash right. */
export async function craft(index, manifest, random) {
  const next = structuredClone(manifest)
  const put = (role, data) => {
    const file = next.files[role]
    writeFileSync(join(index, file.name), data)
    Object.assign(file, { bytes: data.length, sha256: sha256(data) })
  }
  const roles = [
    'graph',
    'graph',
    'graph',
    'graph',
    'graph',
    'graph',
    'vectors',
    'chunks',
    'offsets',
    'documents',
    'removed',
    'manifest',
  ]
  const role = roles[random(roles.length)]
  let what = role
  if (role === 'manifest') what = craftManifest(next, random)
  else if (next.files[role]) {
    const data = readFileSync(join(index, next.files[role].name))
    const kinds = Object.keys(CHANGES)
    const targeted = role === 'graph' && random(4) > 0
    const kind = kinds[random(kinds.length)]
    const changed = targeted
      ? craftGraph(Buffer.from(data), next, random)
      : role !== 'graph' && random(2) === 0
        ? oddNumbers(Buffer.from(data), random)
        : CHANGES[kind](data, random)
    if (changed.length === 0) return undefined
    put(role, changed)
    what = `${role}: ${targeted ? 'structure' : kind}`
  } else return undefined
  const hashed = {}
  for (const each of ['graph', 'vectors', 'chunks'])
    hashed[each] = await hashBlocks(join(index, manifest.files[each].name))
  put('blocks', joinBlocks(hashed))
  writeFileSync(join(index, 'manifest.json'), manifestText(next))
  return { name: role, kind: what }
}

/** Numbers that a reader may trip over, where its structure is. */
function craftGraph(data, manifest, random) {
  const { rows, head, levels, nodes } = graphPlaces(manifest)
  const odd = () => (random(2) === 0 ? ODD[random(ODD.length)] : random(rows + 2))
  const u32 = (at) => at + 4 <= data.length && data.writeUInt32LE(odd(), at)
  for (let n = 0; n <= random(4); n++) {
    const place = random(6)
    if (place === 0) data[random(8)] = random(256)
    else if (place === 1) u32(head + random(60))
    else if (place === 2) u32(head + 64 + random(10) * 4)
    else if (place === 3) data.writeInt16LE((odd() & 0xffff) - 0x8000, levels + random(rows) * 2)
    else if (place === 4) u32(nodes + random(Math.max(1, data.length - nodes)))
    else {
      // Within a node of level 0, of which most are: key, level, count or a link.
      const node = nodes + random(rows) * 142
      u32(node + [0, 4, 8, 10, 14 + 4 * random(32)][random(5)])
    }
  }
  return data
}

function oddNumbers(data, random) {
  const at = random(Math.max(1, data.length - 4)) & ~3
  if (at + 4 <= data.length) data.writeUInt32LE(ODD[random(ODD.length)], at)
  return data
}

function craftManifest(manifest, random) {
  const numbers = [0, 1, 2, 3, 31, 33, 64, 384, 65536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, 1.5]
  const number = () => numbers[random(numbers.length)]
  const kinds = {
    dims: () => (manifest.dims = number()),
    metric: () => (manifest.metric = ['cos', 'ip'][random(2)]),
    precision: () => (manifest.precision = ['bf16', 'f32', 'f16', 'i8'][random(4)]),
    chunks: () => (manifest.counts.chunks = number()),
    removed: () => (manifest.counts.removed = number()),
    bytes: () => (Object.values(manifest.files)[random(Object.keys(manifest.files).length)].bytes = number()),
    recall: () =>
      (manifest.recall = {
        target: number(),
        sample: number(),
        at10: { expansion: number(), recall: number() },
        at100: { expansion: number(), recall: number() },
      }),
    recallOdd: () =>
      (manifest.recall = [{}, { at10: 1 }, { at10: { expansion: '9' }, at100: {} }][random(3)]),
    generation: () => (manifest.generation = number()),
    name: () =>
      (Object.values(manifest.files)[random(6)].name = [
        'chunks.jsonl',
        'index.usearch',
        'vectors.9.f32',
        '../x',
      ][random(4)]),
  }
  const kind = Object.keys(kinds)[random(Object.keys(kinds).length)]
  kinds[kind]()
  return `manifest: ${kind}`
}

/** The index as it was. */
export function restore(index, from) {
  for (const name of readdirSync(index)) rmSync(join(index, name), { recursive: true })
  cpSync(from, index, { recursive: true })
}
