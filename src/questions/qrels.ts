/** Relevance judgements of a BEIR folder: which documents answer which query. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, type OnProblem } from '../errors.js'
import { linesOf } from '../files/jsonl.js'
import { openSource } from '../files/open-source.js'
import { readError } from '../files/read-error.js'

interface Qrels {
  /** `test` for `qrels/test.tsv`. */
  split: string
  path: string
  /** Query id -> ids of the documents with a grade over 0. */
  relevant: Map<string, string[]>
  /** Queries that have judgements, and none over 0. */
  irrelevant: number
}

export interface SplitChoice {
  /** Which of several; default: the only one. */
  split?: string | undefined
  /** Taken of several where none is named. */
  defaultSplit?: string | undefined
}

const ENDING = /\.tsv(?:\.gz)?$/i

/**
 * One split of the folder. A line is query, document and grade with tabs between them, under a header or not, or TREC's
 * query, `0`, document and grade with tabs or blanks; another one goes to `onProblem`. Which split was taken is a note,
 * unless it was named.
 * @param folder the `qrels` of a BEIR folder.
 * @throws ClaraError `input` without the folder, without a split, without the one that is named, and where one of several
 * has to be.
 */
export async function readQrels(
  folder: string,
  { split, defaultSplit }: SplitChoice,
  onProblem: OnProblem,
): Promise<Qrels> {
  const files = await splitsIn(folder)
  const names = [...files.keys()]
  const chosen = split ?? (names.length === 1 ? names[0]! : names.find((name) => name === defaultSplit))
  if (chosen === undefined || !files.has(chosen)) {
    const what = chosen === undefined ? 'several splits' : `no split ${JSON.stringify(chosen)}`
    const listed = names.length > 0 ? names.join(', ') : 'no file ending in .tsv'
    throw new ClaraError('input', `${folder}: ${what}: it has ${listed}: name one with --split`)
  }
  const path = join(folder, files.get(chosen)!)
  const others = names.filter((name) => name !== chosen)
  if (split === undefined) {
    const left = others.length > 0 ? `, of ${names.join(', ')} (--split)` : ', the only one'
    onProblem({ path, reason: `the split that is taken${left}`, note: true })
  }
  return { split: chosen, path, ...(await judgementsIn(path, onProblem)) }
}

async function splitsIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error) => {
    if (isErrno(error) && error.code === 'ENOENT') {
      throw new ClaraError(
        'input',
        `${folder}: no such folder: expected a qa.jsonl, or a BEIR folder with queries.jsonl and qrels/*.tsv`,
      )
    }
    throw readError(folder, error)
  })
  const files = names.filter((name) => ENDING.test(name) && !name.startsWith('.')).sort()
  if (files.length === 0) throw new ClaraError('input', `${folder}: holds no file ending in .tsv`)
  return new Map(files.map((name) => [name.replace(ENDING, ''), name]))
}

interface Columns {
  query: number
  document: number
  grade: number
}

async function judgementsIn(
  path: string,
  onProblem: OnProblem,
): Promise<Pick<Qrels, 'relevant' | 'irrelevant'>> {
  const judged = new Map<string, Set<string>>()
  let header: Columns | undefined
  for await (const lines of linesOf(openSource(path, onProblem))) {
    for (const { line, bytes } of lines) {
      const fields = fieldsOf(bytes?.toString('utf8') ?? '')
      if (fields.length === 0) continue
      if (line === 1) {
        header = headerOf(fields)
        if (header) continue
      }
      const found = judgementOf(fields, header)
      if (typeof found === 'string') onProblem({ path, line, reason: found })
      else {
        const documents = judged.get(found.query) ?? new Set()
        if (found.grade > 0) documents.add(found.document)
        judged.set(found.query, documents)
      }
    }
  }
  const relevant = Array.from(judged, ([query, documents]): [string, string[]] => [query, [...documents]])
  const positive = relevant.filter(([, documents]) => documents.length > 0)
  return { relevant: new Map(positive), irrelevant: relevant.length - positive.length }
}

/** With tabs where there is one; else TREC's blanks. A field may stand in quotes, as spreadsheets write it. */
function fieldsOf(text: string): string[] {
  const line = text.replace(/[\r\n]+$/, '')
  if (line.trim() === '') return []
  if (!line.includes('\t')) return line.trim().split(/\s+/)
  return Array.from(
    line.matchAll(FIELD),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  )
}

const FIELD = /(?<=^|\t)(?:"((?:[^"]|"")*)"(?=\t|$)|([^\t]*))/g

const HEADERS: Record<keyof Columns, RegExp> = {
  query: /^(?:query|topic|q)[-_ ]?(?:id)?$|^qid$/i,
  document: /^(?:corpus|document|doc|passage|p)[-_ ]?(?:id|no)?$/i,
  grade: /^(?:score|grade|rel|relevance|relevancy|label|judg(?:e)?ment)$/i,
}

function headerOf(fields: string[]): Columns | undefined {
  const at = (column: keyof Columns) => fields.findIndex((field) => HEADERS[column].test(field))
  const columns = { query: at('query'), document: at('document'), grade: at('grade') }
  return Object.values(columns).every((column) => column >= 0) ? columns : undefined
}

const GRADE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

function judgementOf(
  fields: string[],
  header: Columns | undefined,
): { query: string; document: string; grade: number } | string {
  const columns = header ?? columnsOf(fields)
  if (!columns) return badLine(fields)
  const [query, document, grade] = [fields[columns.query], fields[columns.document], fields[columns.grade]]
  if (!query || !document || !grade || !GRADE.test(grade)) return badLine(fields)
  return { query, document, grade: Number(grade) }
}

function columnsOf(fields: string[]): Columns | undefined {
  if (fields.length === 3) return { query: 0, document: 1, grade: 2 }
  if (fields.length === 4 && /^q?0$/i.test(fields[1]!)) return { query: 0, document: 2, grade: 3 }
  return undefined
}

function badLine(fields: string[]): string {
  const expected =
    'expected query-id, corpus-id and score, tab-separated, or TREC’s query, 0, document and grade'
  if (fields.length === 6) return `${expected}: six columns are a ranking, not judgements`
  return expected
}
