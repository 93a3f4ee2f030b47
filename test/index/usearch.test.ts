import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { digestFile } from '#clara/files/durable-file.js'
import { startWorker } from '#clara/files/worker-thread.js'
import type { UsearchMethods } from '#clara/index/usearch.worker.js'
import { randomFor } from '#clara/negatives/random.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const DIMS = 8

function start() {
  const url = new URL(import.meta.resolve('#clara/index/usearch.worker.js'))
  const worker = startWorker<UsearchMethods>(url, 'usearch')
  onTestFinished(() => worker.close())
  return worker
}

/** A graph of the vectors, saved and loaded again. */
async function indexOf(vectors: Float32Array) {
  const [graph, whole] = [join(directory.path, 'g'), join(directory.path, 'v')]
  const builder = start()
  await builder.call('create', { dims: DIMS, precision: 'bf16' })
  await builder.call('add', vectors)
  await builder.call('save', graph)
  await writeFile(whole, Buffer.from(vectors.buffer))
  const loaded = start()
  await loaded.call('load', {
    dims: DIMS,
    precision: 'bf16',
    count: vectors.length / DIMS,
    graph: { path: graph, ...(await digestFile(graph)) },
    vectors: { path: whole, ...(await digestFile(whole)) },
  })
  return loaded
}

function unit(values: number[]): number[] {
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}

test('the graph finds what reading all finds, scores included', async () => {
  const random = randomFor('graph')
  const rows = Array.from({ length: 2000 }, () =>
    unit(Array.from({ length: DIMS }, () => random(2001) - 1000)),
  )
  const index = await indexOf(Float32Array.from(rows.flat()))
  const queries = Float32Array.from(rows.slice(0, 50).flat())
  const [graph, exact] = await Promise.all([
    index.call('search', { queries, k: 10, exact: false }),
    index.call('search', { queries, k: 10, exact: true }),
  ])
  const same = graph.ids.filter((id, i) =>
    exact.ids.subarray(Math.floor(i / 10) * 10, Math.floor(i / 10) * 10 + 10).includes(id),
  )
  expect(same.length / 500).toBeGreaterThanOrEqual(0.99)
  for (let q = 0; q < 50; q++) {
    expect(graph.ids[q * 10]).toBe(q)
    expect(graph.scores[q * 10]).toBeCloseTo(1, 5)
  }
})

test('a graph that reaches too few of many equal vectors still gives k different ones', async () => {
  const vectors = new Float32Array(3000 * DIMS)
  for (let row = 0; row < 3000; row++) vectors[row * DIMS] = 1
  const index = await indexOf(vectors)
  const { k, ids, scores } = await index.call('search', {
    queries: vectors.slice(0, DIMS),
    k: 700,
    exact: false,
  })
  expect(k).toBe(700)
  expect(new Set(ids).size).toBe(700)
  expect(new Set(scores)).toEqual(new Set([1]))
})

test('a graph that cannot be saved is an error', async () => {
  const worker = start()
  await worker.call('create', { dims: DIMS, precision: 'bf16' })
  await worker.call('add', new Float32Array(DIMS).fill(0.5))
  await expect(worker.call('save', join(directory.path, 'absent', 'g'))).rejects.toMatchObject({ code: 'io' })
})
