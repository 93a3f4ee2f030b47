// Plants false negatives: for some questions a second passage that answers, made by rules from their positive.
//
//   npm run build && node bench/mining/plant.mjs FOLDER OUT [--count 500] [--seed 42]
//
// FOLDER holds corpus.jsonl and qa.jsonl. OUT gets corpus.jsonl with the planted passages at its end, qa.jsonl
// with the questions that were picked, each of another passage, and planted.json, which says what was planted.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { randomFor, shuffled } from '../../dist/negatives/random.js'
import { textKey } from '../../dist/text/same-text.js'
import { paraphrase } from './paraphrase.mjs'
import { recut } from './recut.mjs'
import { answerIn } from './text.mjs'

export const readLines = (path) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const KINDS = ['paraphrase', 'recut']
const linesOf = (rows) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`

/**
 * @param corpus records {_id, title, text}.
 * @param questions records {question, answer, doc_id}.
 * @returns the corpus with planted passages at its end, the questions picked, and what was planted for each;
 * fewer than `count` where no more can be made.
 */
export function plant(corpus, questions, { count, seed }) {
  const byId = new Map(corpus.map((row) => [row._id, row]))
  const byPassage = grouped(questions, 'doc_id')
  const planted = []
  const asked = new Set()
  const attempt = (id, kind) => {
    for (const question of shuffled(byPassage.get(id), randomFor(seed, 'questions', id))) {
      const made = asked.has(textKey(question.question))
        ? undefined
        : make(kind, question, byId.get(id), { corpus, seed })
      if (!made) continue
      asked.add(textKey(question.question))
      return planted.push({ id: `planted-${String(planted.length).padStart(5, '0')}`, ...made })
    }
  }
  const left = []
  for (const id of shuffled(
    [...byPassage.keys()].filter((each) => byId.has(each)),
    randomFor(seed, 'passages'),
  )) {
    if (planted.length < count && !attempt(id, fewer(planted))) left.push(id)
  }
  for (const id of left) if (planted.length < count) KINDS.some((kind) => attempt(id, kind))
  const rows = planted.map(({ id, title, text, positive }) => ({ _id: id, title, text, planted: positive }))
  return {
    corpus: [...corpus, ...rows],
    questions: planted.map(({ question, answer, positive }) => ({ question, answer, doc_id: positive })),
    planted: planted.map(({ text, title, ...rest }) => rest),
  }
}

function grouped(rows, key) {
  const groups = new Map()
  for (const row of rows) groups.set(row[key], [...(groups.get(row[key]) ?? []), row])
  return groups
}

/** The kind of which there are fewer so far. */
function fewer(planted) {
  const first = planted.filter(({ kind }) => kind === KINDS[0]).length
  return first * 2 <= planted.length ? KINDS[0] : KINDS[1]
}

function make(kind, { question, answer }, row, { corpus, seed }) {
  const states = answerIn(row.text, question, answer)
  if (!states) return
  const from = [seed, row._id, question]
  const made =
    kind === 'paraphrase'
      ? paraphrase(row.text, states.holds, ...from)
      : recut(row.text, neighbour(row, corpus, ...from).text, states, ...from)
  if (!made || !states.holds(made.text) || textKey(made.text) === textKey(row.text)) return
  const { text, edits } = made
  return {
    question,
    answer,
    positive: row._id,
    title: row.title ?? '',
    text,
    kind,
    answered: states.how,
    edits,
  }
}

/** One of the same document, told by its title, where there is one. */
function neighbour(row, corpus, ...seed) {
  const same = row.title ? corpus.filter(({ title }) => title === row.title) : []
  const others = (same.length > 1 ? same : corpus).filter(({ _id }) => _id !== row._id)
  return others[randomFor('neighbour', ...seed)(others.length)]
}

/** Reads a folder, writes another; gives back what planted.json holds. */
export function plantFolder(source, target, { count, seed }) {
  const made = plant(readLines(join(source, 'corpus.jsonl')), readLines(join(source, 'qa.jsonl')), {
    count,
    seed,
  })
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'corpus.jsonl'), linesOf(made.corpus))
  writeFileSync(join(target, 'qa.jsonl'), linesOf(made.questions))
  const summary = { seed, count: made.planted.length, ...shares(made.planted), planted: made.planted }
  writeFileSync(join(target, 'planted.json'), `${JSON.stringify(summary, null, 2)}\n`)
  return summary
}

function shares(planted) {
  const count = (key) =>
    Object.fromEntries([...grouped(planted, key)].map(([name, all]) => [name, all.length]))
  return { kinds: count('kind'), answered: count('answered') }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '500' }, seed: { type: 'string', default: '42' } },
  })
  if (positionals.length !== 2) {
    console.error('usage: node bench/mining/plant.mjs FOLDER OUT [--count 500] [--seed 42]')
    process.exit(2)
  }
  const { planted, ...summary } = plantFolder(...positionals, {
    count: Number(values.count),
    seed: Number(values.seed),
  })
  console.log(JSON.stringify(summary))
}
