// transformers.js on the same weights and passages: one JSON object, as bench/peers/encode.py prints it.
//   node transformers_js.mjs PACKAGES MODEL CORPUS.jsonl [--answers N]
// PACKAGES is where @huggingface/transformers is installed. Its documentation's way: a pipeline, batches of 32. Loading and
// a warm-up batch are not timed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [packages, model, corpus, , count] = process.argv.slice(2)
const MAX_TOKENS = 256
const BATCH = 32
const require = createRequire(join(resolve(packages), 'package.json'))
const entry = require.resolve('@huggingface/transformers')
const { env, pipeline } = await import(pathToFileURL(entry).href)

env.allowRemoteModels = false
env.localModelPath = dirname(resolve(model))
// "fp32" is how the file model.onnx is named, whatever its weights are.
const extract = await pipeline('feature-extraction', basename(model), { dtype: 'fp32', device: 'cpu' })
Object.defineProperty(extract.tokenizer, 'model_max_length', { value: MAX_TOKENS }) // as of the others
const texts = readFileSync(corpus, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .map(({ title = '', text }) => `${title} ${text}`.trim())

async function encode(inputs) {
  const rows = []
  for (let i = 0; i < inputs.length; i += BATCH) {
    const output = await extract(inputs.slice(i, i + BATCH), { pooling: 'mean', normalize: true })
    rows.push(...output.tolist())
  }
  return rows
}

if (count !== undefined) console.log(JSON.stringify(await encode(texts.slice(0, Number(count)))))
else {
  await encode(texts.slice(0, BATCH))
  const start = performance.now()
  await encode(texts)
  const seconds = (performance.now() - start) / 1000
  const { version } = JSON.parse(
    readFileSync(join(entry.slice(0, entry.lastIndexOf('/dist/')), 'package.json')),
  )
  console.log(
    JSON.stringify({
      engine: 'transformers-js',
      per_second: Number((texts.length / seconds).toFixed(2)),
      seconds: Number(seconds.toFixed(3)),
      inputs: texts.length,
      versions: { '@huggingface/transformers': version },
    }),
  )
}
