/** A line of judgements: BEIR's query, document and grade, or TREC's four columns. Nothing is guessed. */

interface Judgement {
  query: string
  document: string
  grade: number
}

/**
 * Reads the lines of one file in their order: query, document and grade with tabs between them, in the order of a header
 * where there is one, or TREC's query, `0` (or `Q0`), document and grade with tabs or blanks. A line that begins with `#` is a
 * comment, unless it is a judgement of a query whose id begins so.
 * @returns of each line its judgement, or why it is none; `undefined` of headers, comments and blank lines.
 */
export function judgementReader(): (text: string) => Judgement | string | undefined {
  let header: Header | undefined
  let hasHashIds = false
  return (text) => {
    const line = text.trim() === '' ? '' : text.replace(/[\r\n]+$/, '')
    if (line === '') return undefined
    const found = judgementOf(line, header)
    const isMarked = /^\s*#/.test(line)
    if (typeof found !== 'string') {
      hasHashIds ||= isMarked
      return found
    }
    const named = headerOf(fieldsOf(isMarked ? line.replace('#', '') : line))
    // Of a comment no words of prose: "# each query has one document and a grade".
    if (named && (!isMarked || named.count === 3 || isTrec(named))) {
      header = named
      return undefined
    }
    return isMarked && !hasHashIds ? undefined : found
  }
}

interface Columns {
  query: number
  document: number
  grade: number
}

interface Header extends Columns {
  /** How many columns there are. */
  count: number
}

/** With tabs where there is one; else TREC's blanks. A field may stand in quotes, as spreadsheets write it. */
function fieldsOf(line: string): string[] {
  if (!line.includes('\t')) return blankFieldsOf(line)
  return Array.from(
    line.matchAll(FIELD),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  )
}

function blankFieldsOf(line: string): string[] {
  return Array.from(
    line.matchAll(BLANK_FIELD),
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
  )
}

const FIELD = /(?<=^|\t)(?:"((?:[^"]|"")*)"(?=\t|$)|([^\t]*))/g
const BLANK_FIELD = /(?<!\S)(?:"((?:[^"]|"")*)"(?!\S)|(\S+))/g

const HEADERS: Record<keyof Columns, RegExp> = {
  query: /^(?:query|topic|q)[-_ ]?(?:id)?$|^qid$/i,
  document: /^(?:corpus|document|doc|passage|p)[-_ ]?(?:id|no)?$/i,
  grade: /^(?:score|grade|rel|relevance|relevancy|label|judg(?:e)?ment)$/i,
}

function headerOf(fields: string[]): Header | undefined {
  const at = (column: keyof Columns) => fields.findIndex((field) => HEADERS[column].test(field))
  const columns = { query: at('query'), document: at('document'), grade: at('grade') }
  const isWhole = Object.values(columns).every((column) => column >= 0)
  return isWhole ? { ...columns, count: fields.length } : undefined
}

const isTrec = ({ query, document, grade, count }: Header) =>
  count === 4 && query === 0 && document === 2 && grade === 3

const BEIR: Columns = { query: 0, document: 1, grade: 2 }
const TREC: Columns = { query: 0, document: 2, grade: 3 }
const GRADE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

function judgementOf(line: string, header: Header | undefined): Judgement | string {
  const fields = fieldsOf(line)
  while (fields.length > (header?.count ?? 3) && fields.at(-1) === '') fields.pop()
  const trec = trecOf(fields) ?? trecOf(blankFieldsOf(line))
  if (header && fields.length <= header.count) return pick(fields, header) ?? trec ?? badLine(fields)
  if (fields.length !== 3) return trec ?? badLine(fields)
  // "q1 0<TAB>d1<TAB>1" may be either.
  return trec
    ? `${EXPECTED}: a blank in an id, or between columns? Put the id in quotes, or name the columns in a header`
    : (pick(fields, BEIR) ?? badLine(fields))
}

function trecOf(fields: string[]): Judgement | undefined {
  return fields.length === 4 && /^q?0$/i.test(fields[1]!) ? pick(fields, TREC) : undefined
}

function pick(fields: string[], columns: Columns): Judgement | undefined {
  const [query, document, grade] = [fields[columns.query], fields[columns.document], fields[columns.grade]]
  if (!query || !document || !grade || !GRADE.test(grade)) return undefined
  return { query, document, grade: Number(grade) }
}

const EXPECTED =
  'expected query-id, corpus-id and score, tab-separated, or TREC’s query, 0, document and grade'

function badLine(fields: string[]): string {
  return fields.length === 6 ? `${EXPECTED}: six columns are a ranking, not judgements` : EXPECTED
}
