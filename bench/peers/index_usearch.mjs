// The usearch package as its README uses it, on the same vectors and queries. Prints one JSON object.
//   node index_usearch.mjs hnsw|exact build|search TRIAL
import { readFileSync } from 'node:fs'
import { exactSearch, Index } from 'usearch'
import { recallAt } from '../../dist/benchmarks/index-recall.js'
import { depthsOf, timed } from '../../dist/benchmarks/index-trial.js'
import { processMemory } from '../../dist/benchmarks/process-memory.js'

const [engine, task, text] = process.argv.slice(2)
const trial = JSON.parse(text)
const { rows, dims, threads, precision } = trial
/** Of one call: an ArrayBuffer of all rows at once may be too large for the platform. */
const ADD_ROWS = 8192

const round = (value) => Math.round(value * 10) / 10

/** Aligned copies: the binding reads a buffer from its start, whatever the offset of the array. */
function read(path, Type) {
  const data = readFileSync(path)
  return new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.length))
}

const open = (expansion) =>
  new Index({
    dimensions: dims,
    metric: 'ip',
    quantization: precision,
    connectivity: 16,
    expansion_add: 128,
    expansion_search: expansion,
    multi: false,
  })

function build() {
  const vectors = read(trial.vectors, Float32Array)
  const start = performance.now()
  const index = open(64)
  for (let first = 0; first < rows; first += ADD_ROWS) {
    const part = vectors.subarray(first * dims, Math.min(rows, first + ADD_ROWS) * dims)
    index.add(
      BigUint64Array.from({ length: part.length / dims }, (_, i) => BigInt(first + i)),
      part,
      threads,
    )
  }
  index.save(trial.graph)
  const seconds = (performance.now() - start) / 1000
  return {
    seconds,
    vectors_per_second: Math.round((rows / seconds) * 10) / 10,
    graph_bytes: readFileSync(trial.graph).length,
    memory: processMemory(),
  }
}

/** The same for both kinds: `at(expansion)` gives what searches a batch. */
async function search(at, expansions) {
  const queries = read(trial.queries, Float32Array)
  const truth = read(trial.truth, Int32Array)
  const count = queries.length / dims
  const before = processMemory()
  const start = performance.now()
  let run = at(expansions[0])
  const opened = performance.now()
  run(queries.slice(0, dims), Math.min(10, trial.depth))
  const answered = performance.now()
  const points = []
  let after
  for (const expansion of expansions) {
    run = expansion === expansions[0] ? run : at(expansion)
    for (const k of depthsOf(trial.depth)) {
      if (expansion !== undefined && expansion < k) continue
      const { found, rate } = await timed(() => run(queries, k), count, expansion)
      const ids = Int32Array.from(found.keys, Number)
      points.push({
        k,
        ...(expansion !== undefined && { expansion }),
        recall: Number(recallAt(k, { k, ids }, truth, trial.depth).toFixed(6)),
        queries_per_second: rate,
      })
    }
    after ??= processMemory() // each index that follows is one more
  }
  const memory = before && { before, after }
  return { open_ms: round(opened - start), first_answer_ms: round(answered - start), points, memory }
}

/** The binding takes an expansion at construction only, so each has an index of its own, the last one freed. */
function graph(expansion) {
  const index = open(expansion)
  index.load(trial.graph)
  return (queries, k) => index.search(queries, k, threads)
}

function exact() {
  const vectors = read(trial.vectors, Float32Array)
  return (queries, k) => exactSearch(vectors, queries, dims, k, 'ip', threads)
}

const result =
  task === 'build'
    ? build()
    : await search(engine === 'exact' ? exact : graph, engine === 'exact' ? [undefined] : trial.expansions)
process.stdout.write(`${JSON.stringify(result)}\n`)
