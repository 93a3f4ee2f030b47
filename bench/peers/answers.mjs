// The first N vectors or scores of ours, as bench/peers/encode.py --answers prints those of the peers.
//   node answers.mjs embedder|reranker MODEL N CORPUS [QUERIES]
import { readFileSync } from 'node:fs'
import { openEmbedder, openReranker, resolveEmbedder, resolveReranker } from '../../dist/index.js'

const [kind, model, count, corpus, queries] = process.argv.slice(2)
const read = (path) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ title = '', text }) => `${title} ${text}`.trim())
const passages = read(corpus).slice(0, Number(count))
if (kind === 'embedder') {
  const embedder = await openEmbedder(await resolveEmbedder(model))
  const vectors = await embedder.embed(passages, 'document')
  const rows = passages.map((_, i) => [...vectors.subarray(i * embedder.dims, (i + 1) * embedder.dims)])
  console.log(JSON.stringify(rows))
  await embedder.close()
} else {
  const questions = read(queries)
  const reranker = await openReranker(await resolveReranker(model))
  const pairs = passages.map((passage, i) => ({ question: questions[i % questions.length], passage }))
  console.log(JSON.stringify([...(await reranker.score(pairs))]))
  await reranker.close()
}
