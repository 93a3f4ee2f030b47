/** Questions for `clara-index search`, and what it prints. */
import { join } from 'node:path'
import { idText } from '../documents/record.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { readJsonObjects } from '../files/records.js'
import { statSource } from '../files/spool.js'
import { writeFiles } from '../files/staged-files.js'
import { cutText } from '../files/well-formed.js'

export interface SearchQuery {
  id: string
  text: string
}

interface SearchResult {
  query: SearchQuery
  hits: { rank: number; score: number; chunk: string; text: string }[]
}

export async function readQueries(source: string, onProblem: OnProblem): Promise<SearchQuery[]> {
  const path = (await statSource(source)).isDirectory() ? join(source, 'queries.jsonl') : source
  const queries: SearchQuery[] = []
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
    const text = value.text ?? value.question
    const id = value._id === undefined ? `q${line}` : idText(value._id)
    if (typeof text !== 'string' || text.trim() === '')
      onProblem({ path, line, reason: '"text" or "question" is missing or blank' })
    else if (id === undefined || /\s/.test(id))
      onProblem({ path, line, reason: '"_id" is not a string without blanks' })
    else queries.push({ id, text })
  }
  if (queries.length === 0) throw new ClaraError('input', `${path}: holds no usable question`)
  return queries
}

/** `query Q0 chunk rank score clara`; one question's results are also shown as text. */
export function trecLines(results: SearchResult[], readable: boolean): string {
  const line = ({ query, hits }: SearchResult) =>
    hits.map(({ rank, score, chunk, text }) =>
      readable
        ? `${rank}. ${score.toFixed(4)}  ${chunk}\n   ${excerpt(text)}\n`
        : `${query.id} Q0 ${chunk.replaceAll(/\s/g, '_')} ${rank} ${score.toFixed(6)} clara\n`,
    )
  return results.flatMap(line).join('')
}

/** @throws ClaraError `exists`. */
export async function writeTrec(
  path: string,
  results: SearchResult[],
  options: { overwrite?: boolean | undefined },
): Promise<void> {
  await writeFiles([path], options, ([file]) => file!.write(trecLines(results, false)))
}

function excerpt(text: string): string {
  const flat = text.replaceAll(/\s+/gu, ' ')
  return flat.length <= 160 ? flat : `${cutText(flat, 160).trimEnd()}…`
}
