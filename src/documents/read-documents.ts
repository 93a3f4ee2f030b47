/**
 * Corpus files -> documents, one at a time. A source is a JSONL file (raw_knowledge or BEIR
 * records), a BEIR folder (`corpus.jsonl`), a text or Markdown file, or a folder of those.
 */
import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { ClaraError, type OnProblem } from '../errors.js'
import { countLines } from '../files/count-lines.js'
import type { JsonObject } from '../files/json-value.js'
import { NOT_UTF8, readJsonObjects } from '../files/jsonl.js'
import { readError } from '../files/read-error.js'
import type { Document } from './document.js'
import { type Images, readImages } from './images.js'

const TEXT_ENDINGS = ['.md', '.markdown', '.txt']
/** A larger text file is a dump; the extractor or JSONL is the way in for those. */
const MAX_TEXT_BYTES = 256 << 20

/**
 * Documents in the order of `sources`, a folder's files by name. A record without text, or whose
 * id was there before, goes to `onProblem`.
 * @throws ClaraError `input` when a source is missing or holds nothing that can be read.
 */
export async function* readDocuments(sources: string[], onProblem: OnProblem): AsyncGenerator<Document> {
  const seen = new Set<string>()
  const files = await Promise.all(sources.map(filesOf))
  const isJsonl = ({ path }: CorpusFile) => endingOf(path) === '.jsonl'
  const images = await readImages(
    files
      .flat()
      .filter(isJsonl)
      .map(({ path }) => path),
  )
  for (const list of files) {
    for (const file of list) {
      const documents = isJsonl(file)
        ? fromJsonl(file.path, seen, images, onProblem)
        : fromText(file, onProblem)
      for await (const { document, line } of documents) {
        if (seen.has(document.id)) {
          onProblem({
            path: file.path,
            line,
            reason: `document id ${JSON.stringify(document.id)} was there before`,
          })
          continue
        }
        seen.add(document.id)
        yield document
      }
    }
  }
}

/**
 * How many documents there are at most, for progress: the lines of JSONL, and each other file as one.
 * @returns undefined where that cannot be told beforehand.
 * @throws ClaraError as readDocuments, of what is missing.
 */
export async function countDocuments(sources: string[]): Promise<number | undefined> {
  let count = 0
  for (const { path } of (await Promise.all(sources.map(filesOf))).flat()) {
    const lines = endingOf(path) === '.jsonl' ? await countLines(path) : 1
    if (lines === undefined) return undefined
    count += lines
  }
  return count
}

interface CorpusFile {
  path: string
  /** The document's id where the file is one document. */
  id: string
}

interface Located {
  document: Document
  line: number
}

async function filesOf(source: string): Promise<CorpusFile[]> {
  const info: Stats = await stat(source).catch((error) => {
    throw readError(source, error)
  })
  if (!info.isDirectory()) return [oneFile(source)]
  const beir = join(source, 'corpus.jsonl')
  if (await stat(beir).catch(() => undefined)) return [{ path: beir, id: '' }]
  const names = (await readdir(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && TEXT_ENDINGS.includes(endingOf(entry.name)))
    .map((entry) => relative(source, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
  if (names.length === 0) {
    throw new ClaraError(
      'input',
      `${source}: holds neither corpus.jsonl nor files ending in ${TEXT_ENDINGS.join(', ')}; other formats go through clara-extract first`,
    )
  }
  return names.map((name) => ({ path: join(source, name), id: name }))
}

function endingOf(path: string): string {
  return extname(path).toLowerCase()
}

function oneFile(path: string): CorpusFile {
  const ending = endingOf(path)
  if (ending !== '.jsonl' && !TEXT_ENDINGS.includes(ending)) {
    throw new ClaraError(
      'input',
      `${path}: expected a file ending in .jsonl, ${TEXT_ENDINGS.join(', ')}, or a folder; other formats go through clara-extract first`,
    )
  }
  return { path, id: basename(path) }
}

async function* fromJsonl(
  path: string,
  seen: Set<string>,
  images: Images,
  onProblem: OnProblem,
): AsyncGenerator<Located> {
  let lines = 0
  const noted: OnProblem = (problem) => {
    lines++
    onProblem(problem)
  }
  for await (const { line, value } of readJsonObjects(path, noted)) {
    lines++
    if (images.isEmbedded(value)) continue
    const document = documentOf(value, seen, images)
    if (typeof document === 'string') onProblem({ path, line, reason: document })
    else yield { document, line }
  }
  if (lines === 0) onProblem({ path, line: 1, reason: 'the file holds no record' })
}

/** A BEIR or raw_knowledge record, or why it is neither. */
function documentOf(record: JsonObject, seen: Set<string>, images: Images): Document | string {
  const beir = '_id' in record
  const text = beir ? record.text : record.content
  if (typeof text !== 'string')
    return beir
      ? '"text" is missing or not a string'
      : '"content" is missing or not a string (expected {"filename", "content"}, or BEIR’s {"_id", "text"})'
  const id = beir ? record._id : freeName(record, seen)
  if (typeof id !== 'string' || id === '') {
    return beir ? '"_id" is not a string' : '"filename" and "file_path" are missing or not strings'
  }
  const title = record.title ?? ''
  if (typeof title !== 'string') return '"title" is not a string'
  const filled = beir ? text : images.fill(text)
  if (filled.trim() === '') return `document ${JSON.stringify(id)} has no text`
  return { id, title: beir ? title.trim() : '', text: filled }
}

/** Files of one name in several folders are common; then the path tells them apart. */
function freeName({ filename, file_path: path }: JsonObject, seen: Set<string>): unknown {
  if (typeof filename !== 'string') return path
  return seen.has(filename) && typeof path === 'string' ? path : filename
}

async function* fromText(file: CorpusFile, onProblem: OnProblem): AsyncGenerator<Located> {
  const skip = (reason: string) => onProblem({ path: file.path, line: 1, reason })
  const info = await stat(file.path).catch((error) => {
    throw readError(file.path, error)
  })
  if (info.size > MAX_TEXT_BYTES) return skip(`larger than ${MAX_TEXT_BYTES >> 20} MiB`)
  const data = await readFile(file.path).catch((error) => {
    throw readError(file.path, error)
  })
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data)
    if (text.trim() === '') return skip('has no text')
    yield { document: { id: file.id, title: '', text }, line: 1 }
  } catch {
    skip(NOT_UTF8)
  }
}
