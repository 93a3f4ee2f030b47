// One trial of ours, in a process of its own: the task as JSON in argv, the result as JSON on stdout.
//   {"task": "build", folder, index, embedder}
//   {"task": "mine", index, qa, embedder, reranker, topK, thresholds, cache, planted, negatives}
// What is timed begins when the code is loaded: opening the index and the models is part of it, as is
// reading the questions.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildIndex,
  openCorpus,
  openEmbedder,
  openIndex,
  readDocuments,
  readQuestions,
  resolveEmbedder,
  resolveReranker,
} from '../../dist/index.js'
import { openEngines } from '../../dist/negatives/engines.js'
import { mineNegatives } from '../../dist/negatives/mine.js'

const SEED = 42
const fail = ({ path, line, reason, note }) => {
  if (note) return // what lies beside the corpus
  throw new Error(`${path}:${line}: ${reason}`)
}

/** Passages as they are: the peers cut nothing either. Texts in a script that the model does not know are taken. */
async function build({ folder, index, embedder: name }) {
  const embedder = await openEmbedder(await resolveEmbedder(name), { calibrate: true })
  const start = performance.now()
  const source = join(folder, 'corpus.jsonl')
  const documents = { [Symbol.asyncIterator]: () => readDocuments([source], fail) }
  const options = { outputDir: index, overwrite: false, force: true }
  const manifest = await buildIndex(documents, embedder, {
    ...options,
    chunking: { tokens: 256, overlap: 0, split: false },
  })
  await embedder.close()
  return { seconds: (performance.now() - start) / 1000, passages: manifest.counts.chunks }
}

async function mine({ index: directory, qa, embedder: name, topK, thresholds, cache, ...task }) {
  const start = performance.now()
  const embedder = await resolveEmbedder(name)
  const reranker = task.reranker ? await resolveReranker(task.reranker) : undefined
  const index = await openIndex(directory, embedder)
  const corpus = await openCorpus(index.chunks)
  const opened = await openEngines(index, { embedder, reranker, scoreCache: cache })
  const { mined, counts } = mineNegatives(readQuestions(qa, fail), corpus, opened.engines, {
    topK,
    thresholds,
    seed: SEED,
    onProblem: (problem) => task.strict && fail(problem),
  })
  const rows = []
  for await (const each of mined) rows.push(each)
  const seconds = (performance.now() - start) / 1000
  if (task.negatives) writeFileSync(task.negatives, JSON.stringify(negativesOf(rows, task.planted)))
  const { scorer, embedder: embedded } = opened.engines
  await opened.close()
  await index.close()
  const short = rows.filter(({ positives, negatives }) => positives.length + negatives.length !== topK)
  return {
    seconds,
    questions: counts.questions,
    samples: rows.length,
    /** Rows with another number of documents than k, and questions without a row. */
    short: short.length + counts.questions - rows.length,
    tiers: countOf(rows.flatMap(({ negatives }) => negatives.map(({ tier }) => tier))),
    pairs: scorer ? { ...scorer.counts } : { scored: 0, reused: 0 },
    embedded: { ...embedded.counts },
    stages: counts.seconds,
    calibration: counts.calibration ?? null,
  }
}

/** What judge.mjs reads: ids of negatives, and what became of the planted copy of the question's positive. */
function negativesOf(rows, planted) {
  const copies = new Map(
    planted ? JSON.parse(readFileSync(planted, 'utf8')).planted.map((each) => [each.question, each.id]) : [],
  )
  return rows.map(({ question, negatives, excluded, limits }) => {
    const isCopy = ({ chunk }) => chunk.chunkId === copies.get(question.question)
    const [taken, refused] = [negatives.find(isCopy), excluded.find(isCopy)]
    return {
      question: question.question,
      negatives: negatives.map(({ chunk }) => chunk.chunkId),
      ...(copies.size > 0 && {
        planted: taken
          ? { fate: 'taken', tier: taken.tier, rank: taken.rank, judged: taken.judged, most: limits?.most }
          : { fate: refused?.reason ?? 'not reached', rank: refused?.rank, judged: refused?.judged },
      }),
    }
  })
}

function countOf(values) {
  const counts = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const { task, ...rest } = JSON.parse(process.argv[2])
console.log(JSON.stringify(await { build, mine }[task](rest)))
