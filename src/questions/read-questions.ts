/** qa.jsonl, or a BEIR folder's queries and qrels -> questions, one at a time. */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { callback, requireArgument, text } from '../arguments.js'
import { idText } from '../documents/record.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { countRecords } from '../files/count-lines.js'
import type { JsonObject } from '../files/json-value.js'
import { readAgain } from '../files/read-again.js'
import { readJsonObjects } from '../files/records.js'
import { shownPath, statSource } from '../files/spool.js'
import { readQrels, type SplitChoice } from './qrels.js'
import type { Question } from './question.js'

const QUERIES = ['queries.jsonl', 'queries.jsonl.gz']

/**
 * @param source a qa.jsonl (`question`, `answer`, and `doc_id` or `positive`; lists allowed), also as a JSON list, packed
 *   with gzip, or `-` for standard input; or a BEIR folder.
 * @param choice of a BEIR folder's splits.
 * @throws ClaraError `input` when it is missing or holds no question.
 */
export async function* readQuestions(
  source: string,
  onProblem: OnProblem,
  choice: SplitChoice = {},
): AsyncGenerator<Question> {
  requireArgument('readQuestions: source', source, text('the path of a file or folder'))
  requireArgument('readQuestions: onProblem', onProblem, callback)
  const isFolder = (await statSource(source)).isDirectory()
  if (!isFolder && choice.split !== undefined) {
    throw new ClaraError('usage', `${source}: --split is for BEIR folders, and this is a file`)
  }
  let count = 0
  const questions = isFolder ? fromBeir(source, choice, onProblem) : fromQa(source, onProblem)
  for await (const question of questions) {
    count++
    yield question
  }
  if (count === 0) throw new ClaraError('input', `${shownPath(source)}: holds no usable question`)
}

/** As readQuestions, and can be read again; what is wrong with a record is told the first time only. */
export function questionsOf(
  source: string,
  onProblem: OnProblem,
  choice: SplitChoice = {},
): AsyncIterable<Question> {
  return readAgain((tell) => readQuestions(source, tell, choice), onProblem)
}

/** How many questions there are at most, for progress; undefined where that cannot be told beforehand. */
export async function countQuestions(source: string): Promise<number | undefined> {
  return (await countRecords(source)) ?? countRecords(join(source, QUERIES[0]!))
}

async function* fromQa(source: string, onProblem: OnProblem): AsyncGenerator<Question> {
  const path = shownPath(source)
  for await (const { line, value } of readJsonObjects(source, onProblem)) {
    const question = qaRecord(value, path, line)
    if (typeof question === 'string') onProblem({ path, line, reason: question })
    else yield question
  }
}

/** A question, or why the record is none. */
function qaRecord(record: JsonObject, path: string, line: number): Question | string {
  const { question, answer, doc_id: docId, positive } = record
  if (!isText(question)) return '"question" is missing, blank or not a string'
  if (!isText(answer)) return '"answer" is missing, blank or not a string'
  const docIds = texts(docId, idText)
  const passages = texts(positive)
  if (!docIds || !passages)
    return '"doc_id" and "positive" take a string or a list of strings; ids may be integers'
  if (docIds.length + passages.length === 0)
    return '"doc_id" or "positive" is needed, to know what answers the question'
  return { id: `q${line}`, question: question.trim(), answer: answer.trim(), docIds, passages, path, line }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function texts(value: unknown, read: (value: unknown) => unknown = (each) => each): string[] | undefined {
  if (value === undefined || value === null) return []
  const list = (Array.isArray(value) ? value : [value]).map(read)
  return list.every(isText) ? list : undefined
}

interface Query {
  id: string
  text: string
}

/** BEIR's, and of those who name the fields otherwise; or why it is none. */
function queryOf(record: JsonObject): Query | string {
  const id = [record._id, record.id, record.qid, record.query_id]
    .map(idText)
    .find((each) => each !== undefined)
  const text = [record.text, record.question, record.query].find(isText)
  if (id === undefined || text === undefined) return '"_id" or "text" is missing or blank'
  return { id, text: text.trim() }
}

/** BEIR has no answers: they stay empty. Queries without a relevant document are passed over, and counted. */
async function* fromBeir(
  folder: string,
  choice: SplitChoice,
  onProblem: OnProblem,
): AsyncGenerator<Question> {
  const qrels = await readQrels(join(folder, 'qrels'), choice, onProblem)
  const path = await queriesIn(folder)
  const unseen = new Set(qrels.relevant.keys())
  let others = 0
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
    const query = queryOf(value)
    if (typeof query === 'string') onProblem({ path, line, reason: query })
    else if (unseen.delete(query.id)) {
      const docIds = qrels.relevant.get(query.id)!
      yield { id: query.id, question: query.text, answer: '', docIds, passages: [], path, line }
    } else if (qrels.relevant.has(query.id)) {
      onProblem({ path, line, reason: `query id ${JSON.stringify(query.id)} was there before` })
    } else others++
  }
  if (others > 0) {
    const judged = qrels.irrelevant > 0 ? ` (${qrels.irrelevant} judged, all with grades of 0 or less)` : ''
    const reason = `${countOf(others, 'query')} without a relevant document in ${qrels.path} passed over${judged}`
    onProblem({ path, reason, note: true })
  }
  if (unseen.size > 0) {
    const named = [...unseen].slice(0, MOST_NAMED).join(', ')
    const more = unseen.size > MOST_NAMED ? ', …' : ''
    const reason = `${countOf(unseen.size, 'query')} not in ${path}: ${named}${more}`
    onProblem({ path: qrels.path, reason, note: true })
  }
}

const MOST_NAMED = 5

function countOf(n: number, what: 'query'): string {
  return `${n} ${n === 1 ? what : 'queries'}`
}

async function queriesIn(folder: string): Promise<string> {
  const names = await readdir(folder)
  const name = QUERIES.find((each) => names.includes(each)) ?? QUERIES[0]!
  return join(folder, name)
}
