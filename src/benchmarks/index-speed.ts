/** How fast an index is: building, exact search, and search by the graph at each of its expansions. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Precision } from '../index/graph.js'
import { buildTrial, type DataOptions, prepareData } from './index-data.js'
import { runTrial, type SearchPoint, type SearchResult } from './index-trial.js'

interface IndexSpeedOptions extends DataOptions {
  expansions: number[]
  /** Trials of each search, each in a process of its own; medians count. */
  repeat: number
  onStep: (what: string) => void
}

export interface IndexSpeedResult {
  data: string
  rows: number
  dims: number
  queries: number
  precision: Precision
  /** What the graph runs on. */
  engine: string
  cpu: string
  cores: number
  threads: number
  build_seconds: number
  vectors_per_second: number
  graph_bytes: number
  /** Of the process that builds. */
  build_memory: SearchMemory | null
  exact: SearchSummary
  graph: SearchSummary
}

interface SearchMemory {
  resident_mib: number
  anonymous_mib: number
}

interface SearchSummary {
  open_ms: number
  first_answer_ms: number
  /** After all queries; `more` is beyond what the process held before it opened anything. */
  memory: (SearchMemory & { more_resident_mib: number; more_anonymous_mib: number }) | null
  points: SearchPoint[]
}

/** Works in the system's temporary folder, which needs room for the vectors twice. */
export async function measureIndex(options: IndexSpeedOptions): Promise<IndexSpeedResult> {
  const { dims, queries, precision, threads, repeat, onStep } = options
  const folder = await mkdtemp(join(tmpdir(), 'clara-bench-index-'))
  try {
    onStep('vectors, and which are truly nearest')
    const data = await prepareData(folder, options)
    onStep('build')
    const built = await buildTrial(data)
    const trials = { exact: [] as SearchResult[], graph: [] as SearchResult[] }
    for (let i = 0; i < repeat; i++) {
      onStep(`search, trial ${i + 1} of ${repeat}`)
      trials.exact.push(await runTrial({ ...data, task: 'exact' }))
      trials.graph.push(await runTrial({ ...data, task: 'graph', expansions: options.expansions }))
    }
    return {
      data: options.vectors ?? `synthetic, seed ${options.seed}`,
      rows: data.shape.rows,
      dims,
      queries,
      precision,
      engine: built.engine,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      threads,
      build_seconds: Number(built.seconds.toFixed(3)),
      vectors_per_second: built.vectors_per_second,
      graph_bytes: built.graph_bytes,
      build_memory: built.memory,
      exact: summary(trials.exact),
      graph: summary(trials.graph),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Medians over the trials. */
function summary(trials: SearchResult[]): SearchSummary {
  const over = (value: (trial: SearchResult) => number) => median(trials.map(value))
  return {
    open_ms: over(({ open_ms }) => open_ms),
    first_answer_ms: over(({ first_answer_ms }) => first_answer_ms),
    memory: trials.every(({ memory }) => memory) ? memoryOf(over) : null,
    points: trials[0]!.points.map((point, i) => ({
      ...point,
      queries_per_second: over(({ points }) => points[i]!.queries_per_second),
    })),
  }
}

function memoryOf(over: (value: (trial: SearchResult) => number) => number): SearchSummary['memory'] {
  const after = (name: keyof SearchMemory) => over(({ memory }) => memory!.after[name])
  const more = (name: keyof SearchMemory) =>
    Number(over(({ memory }) => memory!.after[name] - memory!.before[name]).toFixed(1))
  return {
    resident_mib: after('resident_mib'),
    anonymous_mib: after('anonymous_mib'),
    more_resident_mib: more('resident_mib'),
    more_anonymous_mib: more('anonymous_mib'),
  }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
