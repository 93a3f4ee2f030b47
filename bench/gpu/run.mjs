// The CUDA provider against the CPU: the same vectors and scores, and how fast at several batch sizes.
//
//   npm run build && node bench/gpu/run.mjs CORPUS.jsonl --embedder FOLDER [--reranker FOLDER] [--output FILE]
//
// FOLDER is a model in Hugging Face layout with onnx/model.onnx (fp32) and, to be measured too,
// onnx/model_fp16.onnx. bench/gpu/README.md says what a machine needs. Exit code 1 when a cosine is
// under 0.999.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSubject } from '../../dist/benchmarks/subject.js'
import { openEmbedder, openReranker, resolveEmbedder, resolveReranker } from '../../dist/index.js'
import { allRows } from '../../dist/inference/encoding.js'
import { keep } from '../keep.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    embedder: { type: 'string' },
    reranker: { type: 'string' },
    output: { type: 'string' },
    device: { type: 'string', default: 'cuda' },
  },
})
const [corpus] = positionals
if (!corpus || !flags.embedder) {
  console.error('usage: node bench/gpu/run.mjs CORPUS.jsonl --embedder FOLDER [--reranker FOLDER]')
  process.exit(2)
}
const LEAST_COSINE = 0.999
const TRIALS = 5
const BATCHES = [1, 8, 32, 128, 512]
const passages = readFileSync(corpus, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .map(({ title = '', text }) => `${title} ${text}`.trim())
const pairs = passages.map((passage, i) => ({
  question: passages[(i * 31 + 7) % passages.length].slice(0, 80),
  passage,
}))
const gpu = { provider: flags.device, id: 0 }
const cpu = { provider: 'cpu', id: 0 }
const round = (value, digits = 3) => Number(value.toFixed(digits))
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

const graphsOf = (folder) =>
  ['onnx/model.onnx', 'onnx/model_fp16.onnx']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))

async function vectors(path, device, texts) {
  const embedder = await openEmbedder(await resolveEmbedder(path), { device })
  const values = await embedder.embed(texts, 'document')
  await embedder.close()
  return texts.map((_, i) => values.subarray(i * embedder.dims, (i + 1) * embedder.dims))
}

async function scores(path, device, some) {
  const reranker = await openReranker(await resolveReranker(path), { device })
  const values = await reranker.score(some)
  await reranker.close()
  return values
}

async function rates(model) {
  const out = {}
  for (const batch of BATCHES) {
    const subject = await openSubject(model, { device: gpu })
    const inputs = Array.from({ length: Math.max(512, batch) }, (_, i) => pairs[i % pairs.length])
    const calls = Array.from({ length: inputs.length / batch }, (_, i) =>
      inputs.slice(i * batch, (i + 1) * batch),
    )
    const encoded = await Promise.all(calls.map((call) => subject.encode(call)))
    for (const each of encoded.slice(0, 3)) await subject.engine.run(each, allRows(each))
    const seconds = []
    for (let trial = 0; trial < TRIALS; trial++) {
      const start = performance.now()
      for (const each of encoded) await subject.engine.run(each, allRows(each))
      seconds.push((performance.now() - start) / 1000)
    }
    out[batch] = {
      per_second: round(inputs.length / median(seconds), 1),
      seconds: seconds.map((s) => round(s)),
    }
    await subject.engine.close()
  }
  return out
}

async function measure(kind, folder) {
  const out = {}
  const [fp32] = graphsOf(folder)
  const some = passages.slice(0, 256)
  const reference =
    kind === 'embedder' ? await vectors(fp32, cpu, some) : await scores(fp32, cpu, pairs.slice(0, 256))
  for (const path of graphsOf(folder)) {
    const model = kind === 'embedder' ? await resolveEmbedder(path) : await resolveReranker(path)
    const result = { batches: await rates(model) }
    if (kind === 'embedder') {
      const got = await vectors(path, gpu, some)
      const cosines = got.map((v, i) => v.reduce((sum, x, j) => sum + x * reference[i][j], 0))
      result.least_cosine_to_cpu_fp32 = round(Math.min(...cosines), 6)
      if (result.least_cosine_to_cpu_fp32 < LEAST_COSINE) process.exitCode = 1
    } else {
      const got = await scores(path, gpu, pairs.slice(0, 256))
      result.largest_logit_difference_to_cpu_fp32 = round(
        Math.max(...got.map((x, i) => Math.abs(x - reference[i]))),
        5,
      )
    }
    out[path.slice(folder.length + 1)] = result
    console.error(path, JSON.stringify(result))
  }
  return out
}

const smi = spawnSync(
  'nvidia-smi',
  ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'],
  { encoding: 'utf8' },
)
const result = {
  date: new Date().toISOString().slice(0, 10),
  gpu: smi.stdout?.trim() || 'nvidia-smi says nothing',
  cpu: cpus()[0]?.model,
  node: process.version,
  embedder: await measure('embedder', flags.embedder),
  ...(flags.reranker && { reranker: await measure('reranker', flags.reranker) }),
}
process.stdout.write(keep(result, flags.output))
