/** ONNX Runtime sessions that score a block of rows by a block of queries on the CPU. */

import { InferenceSession, Tensor } from '../../runtime/onnxruntime.js'
import type { Scored } from './gather.js'
import { codeGraph, GROUP, scoreGraph, ZERO_CODE } from './graphs.js'
import { marginOfCodes, marginOfFloats } from './margins.js'
import type { QueryBlock } from './query-blocks.js'
import type { RowBlock } from './row-blocks.js'

const SESSION: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
}

export interface Scorer {
  /** In float32. */
  score(rows: RowBlock, queries: QueryBlock): Promise<Scored>
  /** In bytes; undefined where this machine's products of bytes overflow. */
  scoreBytes: ((rows: RowBlock, queries: QueryBlock) => Promise<Scored>) | undefined
}

type Products = Pick<Scored, 'scores' | 'best'>

/** @param most of a block: rows, and queries. */
export async function openScorer(dims: number, most: { rows: number; queries: number }): Promise<Scorer> {
  // Both passes write to the same memory: one is used up before the next begins.
  const scores = new ArrayBuffer(most.rows * most.queries * 4)
  const best = new ArrayBuffer((most.rows / GROUP) * most.queries * 4)
  const inFloat = await InferenceSession.create(scoreGraph(dims), SESSION)
  const inCodes = await InferenceSession.create(codeGraph(dims), SESSION)

  const run = async (
    session: InferenceSession,
    feeds: { rows: Tensor; queries: Tensor },
    space: (buffer: ArrayBuffer, count: number, shape: number[]) => Tensor,
  ): Promise<Products> => {
    const [rows, queries] = [feeds.rows.dims[0]!, feeds.queries.dims[1]!]
    const groups = rows / GROUP
    const grouped = new Tensor('int64', BigInt64Array.of(BigInt(groups), BigInt(GROUP), BigInt(queries)), [3])
    const found = await session.run(
      { ...feeds, grouped },
      {
        scores: space(scores, rows * queries, [rows, queries]),
        best: space(best, groups * queries, [groups, queries]),
      },
    )
    const data = (name: 'scores' | 'best') => found[name]!.data as Float32Array | Int32Array
    return { scores: data('scores'), best: data('best') }
  }
  const floats = (buffer: ArrayBuffer, count: number, shape: number[]) =>
    new Tensor('float32', new Float32Array(buffer, 0, count), shape)
  const integers = (buffer: ArrayBuffer, count: number, shape: number[]) =>
    new Tensor('int32', new Int32Array(buffer, 0, count), shape)

  const codes = (rows: Uint8Array, queries: Int8Array) =>
    run(
      inCodes,
      {
        rows: new Tensor('uint8', rows, [rows.length / dims, dims]),
        queries: new Tensor('int8', queries, [dims, queries.length / dims]),
      },
      integers,
    )
  return {
    async score({ vectors, bounds }, queries) {
      const products = await run(
        inFloat,
        {
          rows: new Tensor('float32', vectors, [vectors.length / dims, dims]),
          queries: new Tensor('float32', queries.columns(), [dims, queries.count]),
        },
        floats,
      )
      const margin = queries.lengths.map((length) => marginOfFloats(dims, length, bounds.mostLength))
      return { ...products, factor: new Float64Array(queries.count).fill(1), margin }
    },
    scoreBytes: (await isExact(codes, dims))
      ? async (rows, queries) => {
          const [a, b] = [rows.codes(), queries.codes()]
          return {
            ...(await codes(a.codes, b.codes)),
            factor: b.scale.map((scale) => scale * a.scale),
            margin: queries.lengths.map((length, q) => marginOfCodes(dims, { length, rest: b.rest[q]! }, a)),
          }
        }
      : undefined,
  }
}

/** Processors without VNNI add products of bytes in 16 bits, which the largest codes overflow. */
async function isExact(
  codes: (rows: Uint8Array, queries: Int8Array) => Promise<Products>,
  dims: number,
): Promise<boolean> {
  for (const queries of [1, GROUP]) {
    for (const [code, query] of [
      [255, 127],
      [255, -127],
      [1, 127],
    ] as const) {
      // biome-ignore format: short
      const rows = new Uint8Array(GROUP * dims).fill(code)
      const { scores } = await codes(rows, new Int8Array(dims * queries).fill(query))
      const expected = (code - ZERO_CODE) * query * dims
      if (scores.some((score) => score !== expected)) return false
    }
  }
  return true
}
