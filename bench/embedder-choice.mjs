// What each embedded model makes of English passages with a share of Chinese ones: what the choice of `--embedder auto` goes by.
//
//   npm run build && node bench/embedder-choice.mjs ENGLISH-BEIR CHINESE-BEIR [--output FILE]
//
// Line n of both corpora is the same passage, as it is of XQuAD in two languages.
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEmbedder } from '../dist/inference/embedder.js'
import { resolveEmbedder } from '../dist/models/resolve.js'
import { keep } from './keep.mjs'
import { measuredOn } from './machine.mjs'

const MODELS = ['all-minilm-l6-v2', 'multilingual-e5-small-en-zh']
const SHARES = [0, 0.01, 0.02, 0.05, 0.1, 0.3]
const K = 10

const lines = async (path) => (await readFile(path, 'utf8')).trimEnd().split('\n')
const records = async (path) => (await lines(path)).map((line) => JSON.parse(line))

/** Passages, and the questions with the number of the passage that answers each. */
async function load(folder) {
  const corpus = await records(join(folder, 'corpus.jsonl'))
  const place = new Map(corpus.map(({ _id }, i) => [_id, i]))
  const texts = new Map((await records(join(folder, 'queries.jsonl'))).map(({ _id, text }) => [_id, text]))
  const qrels = (await lines(join(folder, 'qrels/test.tsv'))).slice(1).map((line) => line.split('\t'))
  const questions = qrels.map(([id, passage]) => ({ text: texts.get(id), passage: place.get(passage) }))
  return { passages: corpus.map(({ text }) => text), questions }
}

/** nDCG@10 where one passage is relevant: 1 / log2(1 + rank). */
function ndcg(questions, vectors, passages, dims) {
  let sum = 0
  for (const [i, { passage }] of questions.entries()) {
    const query = vectors.subarray(i * dims, (i + 1) * dims)
    const score = (row) => row.reduce((total, value, d) => total + value * query[d], 0)
    const own = score(passages[passage])
    const rank = 1 + passages.filter((row, p) => p !== passage && score(row) > own).length
    if (rank <= K) sum += 1 / Math.log2(1 + rank)
  }
  return questions.length === 0 ? null : Number((sum / questions.length).toFixed(4))
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { output: { type: 'string' } },
})
const [english, chinese] = await Promise.all(positionals.map(load))
const results = []
for (const name of MODELS) {
  const embedder = await openEmbedder(await resolveEmbedder(name))
  const { dims } = embedder
  const sides = []
  for (const { passages, questions } of [english, chinese]) {
    const embedded = await embedder.embed(passages, 'document')
    const rows = passages.map((_, i) => embedded.subarray(i * dims, (i + 1) * dims))
    sides.push({
      rows,
      questions,
      vectors: await embedder.embed(
        questions.map(({ text }) => text),
        'query',
      ),
    })
  }
  await embedder.close()
  for (const share of SHARES) {
    // Spread evenly: passage n is Chinese where the count of Chinese ones steps up.
    const isChinese = (n) => Math.floor((n + 1) * share + 1e-9) > Math.floor(n * share + 1e-9)
    const corpus = sides[0].rows.map((row, n) => (isChinese(n) ? sides[1].rows[n] : row))
    const asked = sides.map(({ questions, vectors }, side) => {
      const kept = questions.flatMap(({ passage }, i) => (isChinese(passage) === (side === 1) ? [i] : []))
      const own = Float32Array.from(kept.flatMap((i) => [...vectors.subarray(i * dims, (i + 1) * dims)]))
      const chosen = kept.map((i) => questions[i])
      return { questions: chosen.length, ndcg: ndcg(chosen, own, corpus, dims) }
    })
    const all = asked.reduce((sum, { questions }) => sum + questions, 0)
    const ndcg_all = Number(
      (asked.reduce((sum, each) => sum + each.questions * (each.ndcg ?? 0), 0) / all).toFixed(4),
    )
    results.push({ model: name, share, english: asked[0], chinese: asked[1], ndcg_all })
    console.log(JSON.stringify(results.at(-1)))
  }
}
process.stdout.write(
  keep({ ...measuredOn(), corpora: positionals.map((path) => basename(path)), k: K, results }, flags.output),
)
