/** Records of documents, in the shapes that people have. */
import { isObject, type JsonObject } from '../files/json-value.js'
import type { Document } from './document.js'

/**
 * BEIR `_id`; Pyserini, DPR, Hugging Face `id`; MS MARCO `pid`, `docid`; TREC `docno`. A passage's own comes before that of
 * the document that it is of. An integer is its digits.
 */
const IDS = ['_id', 'id', 'chunk_id', 'passage_id', 'pid', 'doc_id', 'docid', 'docno', 'id_']
/** BEIR, DPR `text`; raw_knowledge `content`; Pyserini `contents`; MS MARCO `body`, `passage`; LangChain `page_content`. */
const TEXTS = ['text', 'content', 'contents', 'body', 'passage', 'page_content']

/** Where a record names no id: what it came from. */
const SOURCES = ['filename', 'file_path', 'source', 'url']
/** Loaders make several records of one source, a page, a row or a piece each. */
const PARTS = [
  ['page', 'page_number', 'page_label', 'row', 'seq_num', 'slide'],
  ['start_index', 'chunk_index', 'chunk', 'split_id'],
]

/**
 * What a record says, or why it is no document.
 * @param named of raw_knowledge: the id that its file has.
 */
export function documentOf(given: JsonObject, named: (record: JsonObject) => unknown): Document | string {
  const record = unwrapped(given)
  const isRaw = isRawKnowledge(record)
  const field = isRaw ? 'content' : TEXTS.find((name) => typeof record[name] === 'string')
  if (field === undefined) return noField('text', TEXTS, record)
  const id = isRaw ? idText(named(record)) : idIn(record)
  if (id === undefined) return noField('id', IDS, record)
  const title = record.title ?? ''
  if (typeof title !== 'string') return '"title" is not a string'
  return { id, title: isRaw ? '' : title.trim(), text: record[field] as string }
}

function idIn(record: JsonObject): string | undefined {
  const about = [record, record.metadata, record.meta].filter(isObject)
  const given = (names: string[]) => about.flatMap((of) => names.map((name) => of[name]))
  const own = given(IDS).map(idText).find(isName)
  const source = own ?? given(SOURCES).find(isName)
  if (own !== undefined || source === undefined) return source
  const parts = PARTS.flatMap((names) => {
    const part = names.find((name) => about.some((of) => isPart(of[name])))
    return part === undefined ? [] : `${part}=${given([part]).find(isPart)}`
  })
  return parts.length === 0 ? source : `${source}#${parts.join('&')}`
}

function isPart(value: unknown): boolean {
  return Number.isSafeInteger(value) || (typeof value === 'string' && /^\S{1,20}$/.test(value))
}

/** What LangChain's `dumps` wraps a document in. */
function unwrapped(record: JsonObject): JsonObject {
  const { lc, kwargs } = record
  return lc !== undefined && isObject(kwargs) ? kwargs : record
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function noField(what: string, names: string[], record: JsonObject): string {
  const has = Object.entries(record)
    .slice(0, MOST_SHOWN)
    .map(([name, value]) => `"${name}" (${typeOf(value)})`)
  const more = Object.keys(record).length > MOST_SHOWN ? ', …' : ''
  return `no ${what}: expected one of ${names.map((name) => `"${name}"`).join(', ')}; the record has ${has.join(', ') || 'no field'}${more}`
}

const MOST_SHOWN = 8

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value === '') return 'empty'
  return typeof value === 'number' ? `number ${value}` : typeof value
}

/** As clara-extract writes it: its title is part of the content. */
export function isRawKnowledge(record: JsonObject): boolean {
  return (
    typeof record.content === 'string' &&
    !('_id' in record) &&
    (isName(record.filename) || isName(record.file_path))
  )
}

/** A record of questions, or of samples: what may lie beside a corpus. */
export function isOfQuestions(record: JsonObject): boolean {
  return 'question' in record && !TEXTS.some((name) => typeof record[name] === 'string')
}

/** Strings that are not empty, and integers. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return Number.isSafeInteger(value) ? String(value) : undefined
}
