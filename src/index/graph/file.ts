/**
 * Whether a USearch file is what it should be: hash, shape and every link, before native code
 * follows one. The layout is that of usearch 2.25 (index_dense.hpp and index.hpp, save_to_stream):
 *
 *     u32 rows, u32 bytes of a vector | vectors
 *     64 bytes: "usearch", u16 × 3 version, u8 × 4 kinds, u64 present, u64 deleted, u64 dims, u8 multi
 *     u64 × 5: rows, connectivity, connectivity of level 0, highest level, entry
 *     i16 level of each node
 *     nodes: u64 key, i16 level, for each of its levels u32 count and room for all links, u32 each
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { ClaraError } from '../../errors.js'
import type { CheckedFile } from '../checked-file.js'
import type { GraphShape, Precision } from '../graph.js'
import { damaged, unreadable } from '../index-files.js'

/** Links of a node on each level but the lowest, which has twice as many. */
export const CONNECTIVITY = 16
const CONNECTIVITY_BASE = 2 * CONNECTIVITY
/** Levels are drawn with probability 1/16 each: more than this there cannot be. */
const MOST_LEVELS = 32
const CHUNK = 1 << 20
const KINDS: Record<Precision, { code: number; bytes: number }> = {
  bf16: { code: 4, bytes: 2 },
  f32: { code: 11, bytes: 4 },
  f16: { code: 12, bytes: 2 },
  i8: { code: 23, bytes: 1 },
}
const U64_KIND = 14
const U32_KIND = 15
const HEAD_BYTES = 64
const GRAPH_HEAD_BYTES = 40
const NODE_HEAD_BYTES = 10
const LIST_BYTES = 4 + 4 * CONNECTIVITY
const BASE_LIST_BYTES = 4 + 4 * CONNECTIVITY_BASE

type Shape = GraphShape & { rows: number }

/**
 * Reads the file once, 1 MiB at a time.
 * @throws ClaraError `index` where the file is not the one of the manifest, or no sound graph.
 */
export async function checkGraphFile(file: CheckedFile, shape: Shape): Promise<void> {
  const handle = await open(file.path).catch((error) => {
    throw unreadable(file, error)
  })
  try {
    const { size } = await handle.stat()
    if (size !== file.bytes) throw damaged(file)
    const hash = createHash('sha256')
    const reader = readInPieces(faultOf(shape))
    const chunk = Buffer.alloc(CHUNK)
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK).catch((error) => {
        throw unreadable(file, error)
      })
      if (bytesRead === 0) break
      const bytes = chunk.subarray(0, bytesRead)
      hash.update(bytes)
      reader.push(bytes)
    }
    if (hash.digest('hex') !== file.sha256) throw damaged(file)
    const fault = reader.end()
    if (fault) throw new ClaraError('index', `${file.path}: ${fault}: build the index anew`)
  } finally {
    await handle.close().catch((error) => {
      throw unreadable(file, error)
    })
  }
}

/** Asks for so many bytes at a time, and returns what is wrong with them. */
type Walk = Generator<number, string | undefined, DataView>

/** Cuts what is read into the pieces that the walk asks for. */
function readInPieces(walk: Walk) {
  let pending = Buffer.alloc(0)
  let step = walk.next()
  return {
    push(bytes: Buffer): void {
      if (step.done && step.value) return
      const data = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes
      let at = 0
      while (!step.done && at + step.value <= data.length) {
        const size = step.value
        step = walk.next(new DataView(data.buffer, data.byteOffset + at, size))
        at += size
      }
      pending = Buffer.from(data.subarray(at))
    },
    end(): string | undefined {
      if (!step.done) return 'it ends in the middle'
      return step.value ?? (pending.length > 0 ? `${pending.length} bytes too many` : undefined)
    },
  }
}

function* faultOf(shape: Shape): Walk {
  const { rows, dims, precision } = shape
  const matrix = yield 8
  const width = dims * KINDS[precision].bytes
  const found = { rows: matrix.getUint32(0, true), width: matrix.getUint32(4, true) }
  if (found.rows !== rows || found.width !== width) {
    return `holds ${found.rows} vectors of ${found.width} bytes, expected ${rows} of ${width}`
  }
  yield* skip(rows * width)
  const fault = faultOfHead(yield HEAD_BYTES, shape)
  if (fault) return fault
  const head = yield GRAPH_HEAD_BYTES
  const [nodes, links, baseLinks, top, entry] = Array.from({ length: 5 }, (_, i) =>
    Number(head.getBigUint64(i * 8, true)),
  ) as [number, number, number, number, number]
  if (nodes !== rows) return `a graph of ${nodes} nodes, expected ${rows}`
  if (links !== CONNECTIVITY || baseLinks !== CONNECTIVITY_BASE) {
    return `${links} and ${baseLinks} links a node, expected ${CONNECTIVITY} and ${CONNECTIVITY_BASE}`
  }
  const levels = yield* readLevels(rows)
  if (top > MOST_LEVELS || levels.some((level) => level < 0 || level > top)) return 'a level is out of range'
  if (!(entry < rows) || levels[entry] !== top) return 'the entry is not a node of the highest level'
  return yield* faultOfNodes(levels)
}

function* skip(bytes: number): Generator<number, void, DataView> {
  for (let left = bytes; left > 0; left -= CHUNK) yield Math.min(left, CHUNK)
}

function faultOfHead(head: DataView, { rows, dims, metric, precision }: Shape): string | undefined {
  const ascii = Array.from({ length: 7 }, (_, i) => String.fromCharCode(head.getUint8(i))).join('')
  if (ascii !== 'usearch') return 'not a USearch file'
  const version = [head.getUint16(7, true), head.getUint16(9, true)]
  // Before 2.10 the kinds had other numbers.
  if (version[0] !== 2 || version[1]! < 10) return `of USearch ${version.join('.')}, expected 2.10 or later`
  const kinds = [13, 14, 15, 16].map((at) => head.getUint8(at))
  const expected = [metric.charCodeAt(0), KINDS[precision].code, U64_KIND, U32_KIND]
  if (kinds.some((kind, i) => kind !== expected[i])) {
    return `of kinds ${kinds.join(', ')}, expected ${expected.join(', ')} (${metric}, ${precision})`
  }
  const [present, deleted, width] = [17, 25, 33].map((at) => Number(head.getBigUint64(at, true)))
  if (present !== rows || deleted !== 0) return `${present} rows and ${deleted} removed, expected ${rows}`
  if (width !== dims) return `${width} dimensions, expected ${dims}`
  return head.getUint8(41) === 0 ? undefined : 'it has several vectors under one key'
}

function* readLevels(rows: number): Generator<number, Int16Array, DataView> {
  const levels = new Int16Array(rows)
  const most = CHUNK / 2
  for (let start = 0; start < rows; start += most) {
    const count = Math.min(most, rows - start)
    const view = yield count * 2
    for (let i = 0; i < count; i++) levels[start + i] = view.getInt16(i * 2, true)
  }
  return levels
}

function* faultOfNodes(levels: Int16Array): Walk {
  const seen = new Uint8Array(levels.length)
  for (let slot = 0; slot < levels.length; slot++) {
    const level = levels[slot]!
    const node = yield NODE_HEAD_BYTES + BASE_LIST_BYTES + level * LIST_BYTES
    const key = node.getUint32(0, true)
    if (node.getUint32(4, true) !== 0 || !(key < levels.length) || seen[key] === 1) {
      return `node ${slot}: its key is no row of its own`
    }
    seen[key] = 1
    if (node.getInt16(8, true) !== level) return `node ${slot}: it has two levels`
    if (!areLinksSound(node, level, levels)) return `node ${slot}: a link leads nowhere`
  }
  return undefined
}

/** Links lead to nodes that have the level on which they are. */
function areLinksSound(node: DataView, top: number, levels: Int16Array): boolean {
  let at = NODE_HEAD_BYTES
  for (let level = 0; level <= top; level++) {
    const room = level === 0 ? CONNECTIVITY_BASE : CONNECTIVITY
    const count = node.getUint32(at, true)
    if (count > room) return false
    for (let i = 1; i <= count; i++) {
      const slot = node.getUint32(at + i * 4, true)
      if (!(slot < levels.length) || levels[slot]! < level) return false
    }
    at += 4 + room * 4
  }
  return true
}
