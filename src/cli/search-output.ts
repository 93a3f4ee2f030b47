/** Questions for `clara-index search`, and what it prints. */
import { join } from 'node:path'
import { idText } from '../documents/record.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { readJsonObjects } from '../files/records.js'
import { shownPath, statSource } from '../files/spool.js'
import { writeFiles } from '../files/staged-files.js'
import { cutText, toJson } from '../files/well-formed.js'

export interface SearchQuery {
  id: string
  text: string
}

interface SearchResult {
  query: SearchQuery
  hits: { rank: number; score: number; chunk: string; text: string }[]
}

export async function readQueries(source: string, onProblem: OnProblem): Promise<SearchQuery[]> {
  const file = (await statSource(source)).isDirectory() ? join(source, 'queries.jsonl') : source
  const path = shownPath(file)
  const queries: SearchQuery[] = []
  for await (const { line, value } of readJsonObjects(file, onProblem)) {
    const text = value.text ?? value.question
    const id = value._id === undefined ? `q${line}` : idText(value._id)
    if (typeof text !== 'string' || text.trim() === '')
      onProblem({ path, line, reason: '"text" or "question" is missing or blank' })
    else if (id === undefined || id.search(BLANKS) >= 0)
      onProblem({ path, line, reason: '"_id" is not a string without blanks' })
    else queries.push({ id, text })
  }
  if (queries.length === 0) throw new ClaraError('input', `${path}: holds no usable question`)
  return queries
}

/** What some reader of TREC files takes for the end of a field. */
const BLANKS = /[\s\p{Cc}]/gu

/** `query Q0 chunk rank score clara` */
export function* trecLines(results: SearchResult[]): Generator<string> {
  for (const { query, hits } of results) {
    for (const { rank, score, chunk } of hits) {
      yield `${query.id} Q0 ${chunk.replaceAll(BLANKS, '_')} ${rank} ${score.toFixed(6)} clara`
    }
  }
}

/** For a person. */
export function* readableLines(results: SearchResult[]): Generator<string> {
  for (const { rank, score, chunk, text } of results.flatMap(({ hits }) => hits)) {
    yield `${rank}. ${score.toFixed(4)}  ${chunk}`
    yield `   ${excerpt(text)}`
  }
}

/** One object, a question at a time: the results of many would be too long for one string. */
export function* searchJson(index: string, results: SearchResult[]): Generator<string> {
  yield `{"index":${JSON.stringify(index)},"results":[`
  for (const [i, { query, hits }] of results.entries()) {
    yield (i === 0 ? '' : ',') + toJson({ id: query.id, query: query.text, hits })
  }
  yield ']}'
}

/** @throws ClaraError `exists`. */
export async function writeTrec(
  path: string,
  results: SearchResult[],
  options: { overwrite?: boolean | undefined },
): Promise<void> {
  await writeFiles([path], options, async ([file]) => {
    for (const line of trecLines(results)) await file!.write(`${line}\n`)
  })
}

function excerpt(text: string): string {
  const flat = text.replaceAll(/\s+/gu, ' ')
  return flat.length <= 160 ? flat : `${cutText(flat, 160).trimEnd()}…`
}
