// Questions a second, pairs a question, and a second run: on clara-pretrain, 7,861 questions and 1,000 passages.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Pairs that a reranker of a fixed depth sees. */
const FIXED_PAIRS = 50
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const round = (value, digits = 4) => Number(value.toFixed(digits))

export function speed(context) {
  const main = prepare(context)
  const contenders = { ...ownContenders(context, main), ...peerContenders(context, main) }
  contenders['mine_hard_negatives, no cross-encoder, torch']?.() // fills its cache, for what a process takes
  const trials = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let trial = 1; trial <= context.trials; trial++) {
    main.cache = join(context.work, `scores-${trial}`)
    rmSync(main.cache, { recursive: true, force: true })
    for (const [name, run] of Object.entries(contenders)) {
      const result = run()
      trials[name].push(result)
      context.log(`trial ${trial}: ${name}: ${round(rate(result), 1)} questions/s`)
    }
    rmSync(main.cache, { recursive: true, force: true })
  }
  return { questions: main.questions, reranked: main.reranked, ...summary(trials, main, context), trials }
}

const rate = ({ questions, seconds }) => questions / seconds

/** The index, and one untimed run that finds the fastest batches. */
function prepare({ data, work, ours, reranker, reranked, questions, log }) {
  const folder = join(work, 'main')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(data, 'clara-pretrain', 'corpus.jsonl'), join(folder, 'corpus.jsonl'))
  const lines = readFileSync(join(data, 'clara-pretrain', 'qa.jsonl'), 'utf8')
    .trim()
    .split('\n')
  const asked = lines.slice(0, questions)
  const fileOf = (name, some) => {
    writeFileSync(join(folder, name), `${some.join('\n')}\n`)
    return join(folder, name)
  }
  const qa = fileOf('qa.jsonl', asked)
  const spaced = evenly(asked, reranked ?? asked.length)
  const index = join(work, 'main-index')
  if (!existsSync(join(index, 'manifest.json'))) ours({ task: 'build', folder, index })
  log('one run that is not timed')
  ours({ task: 'mine', index, qa, cache: false })
  if (reranker) {
    const few = fileOf('few.jsonl', asked.slice(0, 512))
    ours({ task: 'mine', index, qa: few, cache: false, reranker })
  }
  return {
    ...{ folder, index, qa, questions: asked.length },
    ...{ rerankedQa: fileOf('reranked.jsonl', spaced), reranked: spaced.length },
  }
}

/** So many of them, in order, from all over the list. */
const evenly = (list, count) =>
  list.filter((_, i) => Math.floor((i * count) / list.length) < Math.floor(((i + 1) * count) / list.length))

function ownContenders({ ours, reranker }, main) {
  const mine = (options) => ours({ task: 'mine', index: main.index, qa: main.qa, ...options })
  const reranked = (options) => () => mine({ reranker, qa: main.rerankedQa, cache: main.cache, ...options })
  const cached = () => {
    const cache = `${main.cache}-embeddings`
    if (!existsSync(cache)) mine({ cache })
    return mine({ cache })
  }
  return {
    ...(reranker && {
      'clara, reranker': reranked(),
      'clara, reranker, again': reranked(),
      'clara, reranker, again with k 3': reranked({ topK: 3 }),
      'clara, reranker, again with k 8': reranked({ topK: 8 }),
      'clara, reranker, again with 90% of the positive': reranked({
        thresholds: { maxPercentOfPositive: 0.9 },
      }),
      'clara, reranker, again with margin 0.1': reranked({ thresholds: { margin: 0.1 } }),
    }),
    'clara, no reranker, nothing cached': () => mine({ cache: false }),
    'clara, no reranker, embeddings cached': cached,
  }
}

function peerContenders({ peer, work, sample }, main) {
  if (!peer) return {}
  const mine = (options) => () => {
    const { results, wall_seconds, versions } = peer.mine({
      folder: main.folder,
      cache: join(work, 'main-st'),
      margins: [0.05],
      ...options,
    })
    return { ...results[0], wall_seconds, versions }
  }
  const cross = { cross_encoder: peer.crossEncoder, range_max: 50, sample }
  return {
    'mine_hard_negatives, no cross-encoder, FAISS': mine({ use_faiss: true }),
    'mine_hard_negatives, no cross-encoder, torch': mine({ use_faiss: false }),
    ...(peer.crossEncoder && { 'mine_hard_negatives, cross-encoder, a sample': mine(cross) }),
  }
}

/** Ratios are ours by theirs: more than 1 is better; those of a second run are its share of the first. */
function summary(trials, { questions }) {
  const rates = Object.fromEntries(Object.entries(trials).map(([name, all]) => [name, median(all.map(rate))]))
  const by = (a, b) => (rates[a] && rates[b] ? round(rates[a] / rates[b], 2) : 'not measured')
  const first = trials['clara, reranker']
  const peers = Object.keys(rates).filter((name) => name.includes('no cross-encoder'))
  const fastest = peers.sort((a, b) => rates[b] - rates[a])[0]
  const sampled = 'mine_hard_negatives, cross-encoder, a sample'
  const wall = (name) => median(trials[name].map(({ wall_seconds: seconds }) => seconds))
  const cached = 'clara, no reranker, embeddings cached'
  return {
    questions_per_second: Object.fromEntries(
      Object.entries(rates).map(([name, value]) => [name, round(value, 3)]),
    ),
    ...(trials[sampled] && {
      extrapolated: {
        sample: trials[sampled][0].questions,
        seconds_for_all: round(questions / rates[sampled], 1),
      },
    }),
    ratios: {
      'questions/s, reranker on': by('clara, reranker', sampled),
      'questions/s, no reranker, embeddings cached': by(cached, fastest),
      'the same, whole process': fastest ? round(wall(fastest) / wall(cached), 2) : 'not measured',
    },
    process_seconds: { ours: round(wall(cached), 2), ...(fastest && { theirs: round(wall(fastest), 2) }) },
    ...(first && { pairs: pairsOf(first, trials[sampled]), second_run: secondRuns(trials, first) }),
    short_rows: Object.fromEntries(
      Object.entries(trials).map(([name, all]) => [name, all[0].short ?? all[0].fewer_than_k]),
    ),
  }
}

/** The positive and what calibrates the scale are counted. */
function pairsOf([{ pairs, questions }], peer) {
  const each = (pairs.scored + pairs.reused) / questions
  return {
    a_question: round(each, 2),
    share_of_a_fixed_depth: round(each / FIXED_PAIRS, 3),
    ...(peer && { peer_a_question: round(peer[0].pairs / peer[0].questions, 2) }),
  }
}

function secondRuns(trials, first) {
  const again = Object.entries(trials).filter(([name]) => name.startsWith('clara, reranker, again'))
  return Object.fromEntries(
    again.map(([name, all]) => [
      name,
      {
        share_of_the_first: round(median(all.map(({ seconds }, i) => seconds / first[i].seconds))),
        pairs_scored: all[0].pairs.scored,
      },
    ]),
  )
}
