/** HNSW graphs as genuine USearch files: built, opened and searched by one of two engines. */
import { ClaraError } from '../errors.js'
import type { CheckedFile } from './checked-file.js'
import { chooseEngine } from './graph/engine-choice.js'
import { nativeEngine } from './graph/native.js'
import { npmEngine } from './graph/npm.js'
import { requireExclusions, requireSearch, requireVectors } from './graph-input.js'
import type { Ranked } from './rank.js'

export type Metric = 'cos' | 'ip'
export type Precision = 'bf16' | 'f32' | 'f16' | 'i8'

/** 8 bits are the fastest and find as much, as what is found is ranked by whole vectors; `ip` cannot have them. */
export function defaultPrecision(metric: Metric): Precision {
  return metric === 'cos' ? 'i8' : 'bf16'
}

export interface GraphShape {
  dims: number
  metric: Metric
  /** Of the vectors inside the graph; what is found is ranked by full precision. */
  precision: Precision
}

/** Rows to leave out: of query q, rows[offsets[q]] … rows[offsets[q + 1] - 1]. */
export interface Exclusions {
  offsets: Uint32Array
  rows: Uint32Array
}

/** Rows of one call of `GraphBuilder.add`: graphs are the same only where the calls are cut alike. */
export const ADD_ROWS = 8192

export interface GraphBuilder {
  readonly engine: EngineName
  /** Adds rows [n, dims] under the next row numbers. Always ADD_ROWS rows a call, but for the last. */
  add(vectors: Float32Array): Promise<void>
  /** Writes the graph to a new file; neither synced nor hashed: the caller does both. */
  save(path: string): Promise<void>
  /** Ends what is under way between two slices of it, and rejects the rest. */
  close(): Promise<void>
}

export interface GraphSearch {
  /** Finite, row-major [queries, dims]; for `cos` of unit length, as the rows are. */
  queries: Float32Array
  k: number
  /** Candidates that the graph keeps while it looks: more find more, and take longer. */
  expansion: number
  exclude?: Exclusions
}

export interface Graph {
  readonly engine: EngineName
  /**
   * The k nearest by the graph, ranked by full-precision inner product, ties by row. Where fewer
   * than k can be reached: id -1, score -Infinity at the end.
   */
  search(args: GraphSearch): Promise<Ranked>
  /**
   * As search, but every row is compared: nothing escapes it. For many results of few rows it is faster than exact
   * search; only where the engine keeps the vectors in memory.
   */
  searchAll?(args: Omit<GraphSearch, 'expansion'>): Promise<Ranked>
  /** Ends what is under way between two slices of it, and rejects the rest. */
  close(): Promise<void>
}

export type EngineName = 'native' | 'npm'

export interface GraphBuilderOptions {
  /** At most; an engine may use fewer. The graph does not depend on it. */
  threads: number
  /** Go on from this one. */
  from?: { graph: CheckedFile; rows: number }
  /** Of the whole graph, where it is known: memory is laid out for it. */
  expectedRows?: number
}

export interface GraphFiles {
  graph: CheckedFile
  /** Whole precision, float32, row-major [rows, dims]. */
  vectors: CheckedFile
}

export interface GraphOptions {
  threads: number
  /** Rows that are never found, ascending. */
  removed?: Uint32Array
}

export interface GraphEngine {
  createGraph(shape: GraphShape, options: GraphBuilderOptions): Promise<GraphBuilder>
  openGraph(files: GraphFiles, shape: GraphShape & { rows: number }, options: GraphOptions): Promise<Graph>
}

/**
 * Which engine graphs run on, and why that one.
 * @throws ClaraError `usage` when the environment variable CLARA_INDEX_ENGINE asks for one that is not there.
 */
export function engineName(): { engine: EngineName; why: string } {
  const { engine, why } = chooseEngine()
  return { engine, why }
}

/** @throws ClaraError `usage` for a shape that the engine has not, `index` for a damaged graph. */
export async function createGraph(shape: GraphShape, options: GraphBuilderOptions): Promise<GraphBuilder> {
  requireShape(shape)
  const builder = await chosen().createGraph(shape, options)
  return {
    engine: builder.engine,
    async add(vectors) {
      requireVectors(vectors, shape.dims)
      await builder.add(vectors)
    },
    save: builder.save,
    close: builder.close,
  }
}

/** @throws ClaraError `index` where a file is damaged or of another shape. */
export async function openGraph(
  files: GraphFiles,
  shape: GraphShape & { rows: number },
  options: GraphOptions,
): Promise<Graph> {
  requireShape(shape)
  const graph = await chosen().openGraph(files, shape, options)
  return {
    engine: graph.engine,
    async search(args) {
      const queries = requireSearch(args, shape.dims)
      if (args.exclude) requireExclusions(args.exclude, queries, shape.rows)
      return graph.search(args)
    },
    ...(graph.searchAll && {
      async searchAll(args) {
        const queries = requireSearch({ ...args, expansion: 1 }, shape.dims)
        if (args.exclude) requireExclusions(args.exclude, queries, shape.rows)
        return graph.searchAll!(args)
      },
    }),
    close: graph.close,
  }
}

function requireShape({ precision, metric }: GraphShape): void {
  if (precision !== 'i8' || metric !== 'ip') return
  throw new ClaraError(
    'usage',
    'precision i8 with metric ip: int8 vectors are scaled to fill their range, which loses the lengths ' +
      'that ip is about: take bf16',
  )
}

function chosen(): GraphEngine {
  const choice = chooseEngine()
  return choice.engine === 'native' ? nativeEngine(choice.addon) : npmEngine
}
