/** How wide a graph must look to find what exact search finds. */
import { CheckedReader } from './checked-file.js'
import { type Exact, openExact } from './exact.js'
import { type Graph, type GraphFiles, type GraphShape, openGraph } from './graph.js'
import type { RecallRecord } from './manifest.js'
import type { Ranked } from './rank.js'

/** Without a record: what finds 0.99 of the ten nearest on the corpora that we tried. */
const EXPANSION = 256
const OVERFETCH = 2

const LADDER = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096]
/** One vector that is not found is then 1/2,560 of the ten nearest. */
const SAMPLE = 256

interface Tuning {
  graph: Pick<Graph, 'search'>
  exact: Pick<Exact, 'search'>
  /** @returns their vectors, row-major. */
  read(rows: Uint32Array): Float32Array
  /** Of the index, removed ones included. */
  rows: number
  /** Ascending. */
  removed: Uint32Array
  /** Between 0 and 1. */
  target: number
  seed: number
}

/**
 * The smallest expansion with which the graph finds `target` of the 10, and of the 100, nearest of
 * a sample of the index's own rows, each but itself. Where none does, the record says what the
 * largest finds. The same record each time. Rows are easier to find than questions: the graph's links
 * were made for them.
 */
export async function tuneRecall({
  graph,
  exact,
  read,
  rows,
  removed,
  target,
  seed,
}: Tuning): Promise<RecallRecord> {
  const sample = sampleOf(rows, removed, seed)
  const queries = read(sample)
  const exclude = { offsets: Uint32Array.from({ length: sample.length + 1 }, (_, i) => i), rows: sample }
  const others = rows - removed.length - 1
  const at = async (depth: number) => {
    const k = Math.max(1, Math.min(depth, others))
    const nearest = await exact.search({ queries, k, exclude })
    let found = { expansion: k, recall: 0 }
    for (const expansion of LADDER.filter((each) => each >= k)) {
      const recall = recallOf(await graph.search({ queries, k, expansion, exclude }), nearest)
      found = { expansion, recall }
      if (recall >= target || expansion >= rows) break
    }
    return found
  }
  return { target, sample: sample.length, at10: await at(10), at100: await at(100) }
}

/** Opens both ways of searching a graph that has just been made, and tunes it. */
export async function tuneFiles(
  files: GraphFiles,
  shape: GraphShape & { rows: number },
  { removed, threads, target, seed }: { removed: Uint32Array; threads: number; target: number; seed: number },
): Promise<RecallRecord> {
  const graph = await openGraph(files, shape, { threads, removed })
  try {
    const exact = await exactOf(graph, files, shape, { threads, removed })
    try {
      const { rows } = shape
      return await tuneRecall({ graph, exact, read: readerOf(files, shape), rows, removed, target, seed })
    } finally {
      await exact.close()
    }
  } finally {
    await graph.close()
  }
}

/**
 * The engine where it can, and else rows that are read anew for each of the two searches: held in memory with their codes
 * they would be what a build takes most memory for (100,000 rows: 0.2 GiB more).
 */
async function exactOf(
  graph: Graph,
  { vectors }: GraphFiles,
  shape: GraphShape & { rows: number },
  options: { threads: number; removed: Uint32Array },
): Promise<Pick<Exact, 'search' | 'close'>> {
  const { searchAll } = graph
  if (searchAll) return { search: searchAll, close: async () => {} }
  return openExact(vectors, shape, { ...options, residentBytes: 0 })
}

function readerOf({ vectors }: GraphFiles, { dims }: GraphShape) {
  return (rows: Uint32Array): Float32Array => {
    const reader = new CheckedReader(vectors)
    try {
      const values = new Float32Array(rows.length * dims)
      rows.forEach((row, i) => {
        reader.read(new Uint8Array(values.buffer, i * dims * 4, dims * 4), row * dims * 4)
      })
      return values
    } finally {
      reader.close()
    }
  }
}

/** @returns the expansion for the k nearest; it grows with k. */
export function expansionFor(record: RecallRecord | null, k: number): number {
  if (!record) return Math.max(EXPANSION, k * OVERFETCH)
  const at10 = record.at10.expansion
  const at100 = Math.max(at10, record.at100.expansion)
  const expansion = k > 100 ? (at100 * k) / 100 : at10 + (at100 - at10) * Math.max(0, (k - 10) / 90)
  return Math.max(k, Math.ceil(expansion))
}

/** What a person should know of a target that is not reached; undefined where it is. */
export function shortfallOf({ target, at10, at100 }: RecallRecord): string | undefined {
  const short = [
    { k: 10, ...at10 },
    { k: 100, ...at100 },
  ].filter(({ recall }) => recall < target)
  if (short.length === 0) return undefined
  const found = short.map(
    (each) => `${each.recall.toFixed(4)} of the ${each.k} nearest at expansion ${each.expansion}`,
  )
  return `recall ${target} is not reached: the graph finds ${found.join(', ')}; search with --method exact finds all`
}

/**
 * Of the scores that exact search found, the share that the graph found: of equal rows, any will do.
 * A query for which it reached too few rows counts as found, for it is then answered from all rows.
 */
function recallOf(found: Ranked, nearest: Ranked): number {
  const { k } = nearest
  let [hits, all] = [0, 0]
  for (let start = 0; start < nearest.ids.length; start += k) {
    const count = nearest.ids.subarray(start, start + k).filter((id) => id !== -1).length
    const least = nearest.scores[start + count - 1]!
    all += count
    if (found.ids[start + count - 1] === -1) {
      hits += count
      continue
    }
    for (let i = start; i < start + count; i++) if (found.ids[i] !== -1 && found.scores[i]! >= least) hits++
  }
  return all === 0 ? 1 : hits / all
}

/** Rows that are not removed, each at most once, ascending. */
function sampleOf(rows: number, removed: Uint32Array, seed: number): Uint32Array {
  const gone = new Set(removed)
  const live = rows - gone.size
  const random = numbersFrom(seed)
  const chosen = new Set<number>()
  // Most of the rows may be removed: draw from those that are left once a draw seldom hits one.
  for (let tries = 0; chosen.size < Math.min(SAMPLE, live) && tries < 64 * SAMPLE; tries++) {
    const row = Math.floor(random() * rows)
    if (!gone.has(row)) chosen.add(row)
  }
  for (let row = 0; row < rows && chosen.size < Math.min(SAMPLE, live); row++)
    if (!gone.has(row)) chosen.add(row)
  return Uint32Array.from(chosen).sort()
}

/** In [0, 1): mulberry32. */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
