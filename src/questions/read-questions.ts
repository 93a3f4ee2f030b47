/** qa.jsonl, or a BEIR folder's queries and qrels -> questions, one at a time. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, type OnProblem } from '../errors.js'
import { countLines } from '../files/count-lines.js'
import type { JsonObject } from '../files/json-value.js'
import { readJsonObjects } from '../files/jsonl.js'
import { readError } from '../files/read-error.js'
import type { Question } from './question.js'

/**
 * @param source a qa.jsonl (`question`, `answer`, and `doc_id` or `positive`; lists allowed), or a
 *   BEIR folder.
 * @throws ClaraError `input` when it is missing or holds no question.
 */
export async function* readQuestions(source: string, onProblem: OnProblem): AsyncGenerator<Question> {
  const info = await stat(source).catch((error) => {
    throw readError(source, error)
  })
  let count = 0
  for await (const question of info.isDirectory() ? fromBeir(source, onProblem) : fromQa(source, onProblem)) {
    count++
    yield question
  }
  if (count === 0) throw new ClaraError('input', `${source}: holds no usable question`)
}

/** How many questions there are at most, for progress; undefined where that cannot be told beforehand. */
export async function countQuestions(source: string): Promise<number | undefined> {
  return (await countLines(source)) ?? countLines(join(source, 'queries.jsonl'))
}

async function* fromQa(path: string, onProblem: OnProblem): AsyncGenerator<Question> {
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
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
  const docIds = texts(docId)
  const passages = texts(positive)
  if (!docIds || !passages) return '"doc_id" and "positive" take a string or a list of strings'
  if (docIds.length + passages.length === 0)
    return '"doc_id" or "positive" is needed, to know what answers the question'
  return { id: `q${line}`, question: question.trim(), answer: answer.trim(), docIds, passages, path, line }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function texts(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return []
  const list = Array.isArray(value) ? value : [value]
  return list.every(isText) ? list : undefined
}

/** BEIR has no answers: they stay empty. Queries without a relevant document are passed over. */
async function* fromBeir(folder: string, onProblem: OnProblem): AsyncGenerator<Question> {
  const relevant = await readQrels(join(folder, 'qrels'), onProblem)
  const path = join(folder, 'queries.jsonl')
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
    const { _id: id, text } = value
    if (!isText(id) || !isText(text)) onProblem({ path, line, reason: '"_id" or "text" is missing or blank' })
    else if (relevant.has(id)) {
      yield { id, question: text.trim(), answer: '', docIds: relevant.get(id)!, passages: [], path, line }
    }
  }
}

/** Query id -> ids of the documents with a positive grade, of all `qrels/*.tsv`. */
async function readQrels(folder: string, onProblem: OnProblem): Promise<Map<string, string[]>> {
  const names = await readdir(folder).catch((error) => {
    if (isErrno(error) && error.code === 'ENOENT') {
      throw new ClaraError(
        'input',
        `${folder}: no such folder: expected a qa.jsonl, or a BEIR folder with queries.jsonl and qrels/*.tsv`,
      )
    }
    throw readError(folder, error)
  })
  const relevant = new Map<string, string[]>()
  for (const name of names.filter((n) => n.endsWith('.tsv')).sort()) {
    const path = join(folder, name)
    const lines = (await readFile(path, 'utf8')).split(/\r?\n/)
    lines.forEach((text, index) => {
      const judgement = qrelsLine(text, index)
      if (judgement === 'bad')
        onProblem({ path, line: index + 1, reason: 'expected query-id, corpus-id and score, tab-separated' })
      else if (judgement)
        relevant.set(judgement.query, [...(relevant.get(judgement.query) ?? []), judgement.document])
    })
  }
  return relevant
}

function qrelsLine(text: string, index: number): { query: string; document: string } | 'bad' | undefined {
  if (text === '' || (index === 0 && text.startsWith('query-id'))) return undefined
  const [query, document, grade] = text.split('\t')
  const score = Number(grade)
  if (!query || !document || !grade?.trim() || Number.isNaN(score)) return 'bad'
  return score > 0 ? { query, document } : undefined
}
