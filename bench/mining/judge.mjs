// How hard and how false negatives are, ours and theirs by the same models: one task as JSON in argv.
//   {folder, index, embedder, reranker, cache, k, lists: {name: file}, compare: [[name, name]]}
// `folder` is what plant.mjs wrote; each file holds [{question, negatives: [ids]}]. Lists that are compared are
// scored once more on the questions for which both are full and neither holds a copy: a copy is hard, and what
// stands in its place is of a lower rank, so that the mean of all says little of how hard the others are.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCorpus, openIndex, resolveEmbedder, resolveReranker } from '../../dist/index.js'
import { cosine } from '../../dist/inference/cosine.js'
import { drawn } from '../../dist/negatives/candidates.js'
import { openEngines } from '../../dist/negatives/engines.js'
import { overlapOf, wordingOf } from '../../dist/negatives/overlap.js'
import { randomFor } from '../../dist/negatives/random.js'
import { foldText } from '../../dist/text/fold.js'

const task = JSON.parse(process.argv[2])
const { folder, k } = task
const embedder = await resolveEmbedder(task.embedder)
const reranker = task.reranker ? await resolveReranker(task.reranker) : undefined
const index = await openIndex(task.index, embedder)
const corpus = await openCorpus(index.chunks)
const opened = await openEngines(index, { embedder, reranker, scoreCache: task.cache })
const { scorer, embedder: embed } = opened.engines
const { planted } = JSON.parse(readFileSync(join(folder, 'planted.json'), 'utf8'))
const copies = new Map(planted.map((each) => [each.question, each]))
const round = (value) => (Number.isFinite(value) ? Number(value.toFixed(4)) : null)
const mean = (values) => round(values.reduce((a, b) => a + b, 0) / values.length)
const at = (id) => corpus.find(id)[0]
const vectorOf = (id) => index.vectors([at(id)])

const questions = planted.map(({ question }) => question)
const vectors = await embed.embed(questions, 'query', (i) => `question ${i}`)
const queries = new Map(
  questions.map((question, i) => [question, vectors.subarray(i * embed.dims, (i + 1) * embed.dims)]),
)

/** Any passage but the positive; what anybody would take who looks for nothing. */
function randomRows() {
  return planted.map(({ question, positive }) => {
    const draws = drawn(corpus.count, () => randomFor('random negatives', question))
    const negatives = []
    for (const { position } of draws) {
      if (position !== at(positive)) negatives.push(position)
      if (negatives.length === k - 1) break
    }
    return { question, positions: negatives }
  })
}

/** What the Python scripts take: the chunks nearest to the positive chunk, whatever they say. */
async function naiveRows() {
  return Promise.all(
    planted.map(async ({ question, positive }) => {
      const { ids } = await index.search(await vectorOf(positive), k)
      const nearest = [...ids].filter((position) => position >= 0 && position !== at(positive))
      return { question, positions: nearest.slice(0, k - 1) }
    }),
  )
}

async function scoresOf(pairs) {
  const texts = await Promise.all(
    pairs.map(async ({ question, position }) => ({
      question,
      passage: (await corpus.read(position)).text,
    })),
  )
  const logits = scorer ? [...(await scorer.score(texts))] : []
  const cosines = await Promise.all(
    pairs.map(async ({ question, position }) =>
      cosine(queries.get(question), await index.vectors([position])),
    ),
  )
  return {
    pairs: pairs.length,
    ...(scorer && {
      mean_logit: mean(logits),
      mean_probability: mean(logits.map((logit) => 1 / (1 + Math.exp(-logit)))),
    }),
    mean_cosine: mean(cosines),
  }
}

/** Of a negative that is a planted copy: what a rule could have seen. */
async function sight({ question, id, positive, kind, answered, answer }, row) {
  const [copy, own] = await Promise.all([vectorOf(id), vectorOf(positive)])
  const [text, other] = await Promise.all([corpus.read(at(id)), corpus.read(at(positive))])
  const { words, runs } = overlapOf(wordingOf(foldText(text.text)), wordingOf(foldText(other.text)))
  const query = queries.get(question)
  return {
    id,
    positive,
    kind,
    answered,
    question,
    answer,
    cosine_to_positive: round(cosine(copy, own)),
    shared_words: round(words),
    shared_runs: round(runs),
    score: round(cosine(query, copy)),
    score_of_positive: round(cosine(query, own)),
    ...row.planted,
  }
}

function pairsOf({ question, positions }) {
  const copy = at(copies.get(question).id)
  return positions.map((position) => ({ question, position, isCopy: position === copy }))
}

/** Full ones without a copy. */
function cleanRows(list) {
  return rowsOf[list].filter(
    (row) => row.positions.length === k - 1 && !pairsOf(row).some(({ isCopy }) => isCopy),
  )
}

async function judge(rows) {
  const own = rows.filter(({ question }) => copies.has(question))
  const taken = own.filter(({ question, positions }) => positions.includes(at(copies.get(question).id)))
  const pairs = own.flatMap(pairsOf)
  const fates = {}
  for (const { planted: copy } of own) if (copy) fates[copy.fate] = (fates[copy.fate] ?? 0) + 1
  const ofKind = (kind) => taken.filter(({ question }) => copies.get(question).kind === kind).length
  return {
    questions: planted.length,
    samples: own.length,
    fewer_than_k: planted.length - own.filter(({ positions }) => positions.length === k - 1).length,
    false_negatives: taken.length,
    /** Of all questions, those without a sample included. */
    rate: round(taken.length / planted.length),
    by_kind: { paraphrase: ofKind('paraphrase'), recut: ofKind('recut') },
    hardness: await scoresOf(pairs),
    hardness_without_copies: await scoresOf(pairs.filter(({ isCopy }) => !isCopy)),
    ...(Object.keys(fates).length > 0 && { fates }),
    taken: await Promise.all(taken.map((row) => sight(copies.get(row.question), row))),
  }
}

const rowsOf = Object.fromEntries(
  Object.entries(task.lists).map(([name, file]) => {
    const rows = JSON.parse(readFileSync(file, 'utf8'))
    return [name, rows.map(({ negatives, ...row }) => ({ ...row, positions: negatives.map(at) }))]
  }),
)
const result = {
  positives: await scoresOf(planted.map(({ question, positive }) => ({ question, position: at(positive) }))),
  copies: await scoresOf(planted.map(({ question, id }) => ({ question, position: at(id) }))),
  lists: {
    random: await judge(randomRows()),
    'nearest to the positive, as the scripts': await judge(await naiveRows()),
  },
}
for (const [name, rows] of Object.entries(rowsOf)) result.lists[name] = await judge(rows)
for (const [own, theirs] of task.compare) {
  const clean = [own, theirs].map(cleanRows)
  const both = clean.map((rows, side) =>
    rows.filter(({ question }) => clean[1 - side].some((other) => other.question === question)),
  )
  const [ours, others] = await Promise.all(both.map((rows) => scoresOf(rows.flatMap(pairsOf))))
  result.lists[theirs].without_copies_on_both_sides = {
    against: own,
    questions: both[0].length,
    ours,
    theirs: others,
  }
}
await opened.close()
await index.close()
console.log(JSON.stringify(result))
