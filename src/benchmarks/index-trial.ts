/**
 * One trial of the index benchmark, in a process of its own: `node index-trial.js TRIAL` with the
 * trial as JSON; the result is the last line of stdout. Nothing else has warmed or filled the process.
 */
import { execFile } from 'node:child_process'
import { open, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openExact } from '../index/exact.js'
import { ADD_ROWS, createGraph, engineName, type GraphShape, openGraph } from '../index/graph.js'
import type { Ranked } from '../index/rank.js'
import { createSearcher } from '../index/search.js'
import { hashedFile } from './hashed-file.js'
import { recallAt } from './index-recall.js'
import { fileRows } from './index-vectors.js'
import { type ProcessMemory, processMemory } from './process-memory.js'

/** Depths at which recall is measured. */
export const DEPTHS = [10, 100]
/** A point of a curve is timed for at least so long, in whole passes over the queries. */
const CURVE_SECONDS = 0.5
/** So long where nothing but the pass before it has warmed the process: all rows compared. */
const SINGLE_SECONDS = 3
/** A first pass reads what the later ones have in memory, except where it takes so long that this is no matter. */
const LONG_SECONDS = 3

/** Where everything lies, and of what shape it is. */
export interface TrialData {
  shape: GraphShape & { rows: number }
  /** float32, row-major. */
  vectors: string
  queries: string
  graph: string
  /** int32 [queries, depth]: the rows nearest to each query, best first. */
  truth: string
  /** Of the truth. */
  depth: number
  threads: number
}

type Trial = TrialData &
  (
    | { task: 'build' | 'truth' | 'exact' | 'every row' }
    | { task: 'graph' /** Candidates that the graph keeps. */; expansions: number[] }
  )

interface BuildResult {
  engine: string
  seconds: number
  vectors_per_second: number
  memory: ProcessMemory | null
}

export interface SearchPoint {
  k: number
  /** Of the graph; none where all rows are compared. */
  expansion?: number
  recall: number
  queries_per_second: number
}

export interface SearchResult {
  engine: string
  /** From nothing to an index that is open. Its files are in the page cache. */
  open_ms: number
  /** From nothing to the first query's answer. */
  first_answer_ms: number
  points: SearchPoint[]
  /** Of a process that has done nothing yet, and of the one that has answered all queries. */
  memory: { before: ProcessMemory; after: ProcessMemory } | null
}

type Results = {
  build: BuildResult
  truth: { engine: string }
  exact: SearchResult
  'every row': SearchResult
  graph: SearchResult
}

/**
 * Runs a trial in a process of its own.
 * @param env beside the environment of this process: CLARA_INDEX_ENGINE chooses the engine of graphs.
 */
export async function runTrial<T extends Trial>(
  trial: T,
  env: Record<string, string> = {},
): Promise<Results[T['task']]> {
  const args = [fileURLToPath(import.meta.url), JSON.stringify(trial)]
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...env } }
  const { stdout } = await promisify(execFile)(process.execPath, args, options)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
}

interface Opened {
  search(args: { queries: Float32Array; k: number; expansion: number }): Promise<Ranked>
  close(): Promise<void>
}

async function build({ shape, vectors, graph, threads }: TrialData): Promise<BuildResult> {
  const file = await open(vectors)
  const next = fileRows(file, shape.dims)
  const start = performance.now()
  const builder = await createGraph(shape, { threads, expectedRows: shape.rows })
  for (let done = 0; done < shape.rows; done += ADD_ROWS) {
    await builder.add(await next(Math.min(ADD_ROWS, shape.rows - done)))
  }
  await builder.save(graph)
  const seconds = (performance.now() - start) / 1000
  const memory = processMemory()
  await Promise.all([builder.close(), file.close()])
  const rate = Math.round((shape.rows / seconds) * 10) / 10
  return { engine: builder.engine, seconds, vectors_per_second: rate, memory }
}

async function truth(data: TrialData): Promise<{ engine: string }> {
  const exact = await openExact(await hashedFile(data.vectors), data.shape, data)
  const { ids } = await exact.search({ queries: await floats(data.queries), k: data.depth })
  await writeFile(data.truth, new Uint8Array(ids.buffer))
  await exact.close()
  return { engine: 'exact' }
}

/** By ONNX Runtime, whatever an index would choose. */
async function exact(data: TrialData): Promise<SearchResult> {
  const vectors = await hashedFile(data.vectors)
  const opening = () => openExact(vectors, data.shape, data)
  return measure(data, 'exact', opening, [undefined])
}

/** What an index does that is asked for an exact search: it chooses between ONNX Runtime and the graph's engine. */
async function everyRow(data: TrialData): Promise<SearchResult> {
  const files = { vectors: await hashedFile(data.vectors), graph: await hashedFile(data.graph) }
  const { shape, threads } = data
  const opening = async () => {
    const graph = await openGraph(files, shape, data)
    const index = { files, shape, graph, threads, removed: new Uint32Array(), recall: null }
    const { search, close } = createSearcher(index)
    return { search: ({ queries, k }) => search(queries, k, { method: 'exact' }), close } satisfies Opened
  }
  return measure(data, 'exact', opening, [undefined])
}

async function graph(data: TrialData & { expansions: number[] }): Promise<SearchResult> {
  const [vectors, file] = [await hashedFile(data.vectors), await hashedFile(data.graph)]
  const opening = () => openGraph({ graph: file, vectors }, data.shape, data)
  return measure(data, engineName().engine, opening, data.expansions)
}

async function measure(
  data: TrialData,
  engine: string,
  opening: () => Promise<Opened>,
  expansions: (number | undefined)[],
): Promise<SearchResult> {
  const { dims } = data.shape
  const queries = await floats(data.queries)
  const bytes = await readFile(data.truth)
  const expected = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const before = processMemory()
  const start = performance.now()
  const index = await opening()
  const opened = performance.now()
  await index.search({ queries: queries.slice(0, dims), k: Math.min(10, data.depth), expansion: 64 })
  const answered = performance.now()
  const points: SearchPoint[] = []
  for (const k of depthsOf(data.depth)) {
    for (const expansion of expansions.filter((e) => e === undefined || e >= k)) {
      const args = { queries, k, expansion: expansion ?? k }
      const { found, rate } = await timed(() => index.search(args), queries.length / dims, expansion)
      points.push({
        k,
        ...(expansion !== undefined && { expansion }),
        recall: Number(recallAt(k, found, expected, data.depth).toFixed(6)),
        queries_per_second: rate,
      })
    }
  }
  const after = processMemory()
  await index.close()
  return {
    engine,
    open_ms: Math.round((opened - start) * 10) / 10,
    first_answer_ms: Math.round((answered - start) * 10) / 10,
    points,
    memory: before && after && { before, after },
  }
}

/** Those that the truth covers; all of it where it is short. */
export function depthsOf(depth: number): number[] {
  const covered = DEPTHS.filter((k) => k <= depth)
  return covered.length > 0 ? covered : [depth]
}

/**
 * Queries a second, of whole passes; the first counts where it is a long one, and warms up where it is not.
 * @param queries of a pass. @param expansion of the point; none where all rows are compared.
 */
export async function timed<T>(
  pass: () => T | Promise<T>,
  queries: number,
  expansion: number | undefined,
): Promise<{ found: T; rate: number }> {
  const least = expansion === undefined ? SINGLE_SECONDS : CURVE_SECONDS
  let start = performance.now()
  const found = await pass()
  let passes = 1
  let seconds = (performance.now() - start) / 1000
  if (seconds < LONG_SECONDS) {
    start = performance.now()
    for (passes = 0, seconds = 0; seconds < least; passes++) {
      await pass()
      seconds = (performance.now() - start) / 1000
    }
  }
  return { found, rate: Math.round((passes * queries * 10) / seconds) / 10 }
}

async function floats(path: string): Promise<Float32Array> {
  const data = await readFile(path)
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length))
}

const TASKS = { build, truth, exact, 'every row': everyRow, graph } as Record<
  string,
  (trial: Trial) => Promise<object>
>

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const trial: Trial = JSON.parse(process.argv[2]!)
  process.stdout.write(`${JSON.stringify(await TASKS[trial.task]!(trial))}\n`)
}
