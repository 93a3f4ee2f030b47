/**
 * Corpus files -> documents, one at a time. A source is a file of records (JSON Lines or JSON: raw_knowledge, BEIR and the
 * like), a BEIR folder (`corpus.jsonl`), a text or Markdown file, a folder of those, or `-` for records of standard input.
 */
import { callback, requireArgument, texts } from '../arguments.js'
import { ClaraError, isErrno, type OnProblem, type Problem } from '../errors.js'
import { countRecords } from '../files/count-lines.js'
import { detectText } from '../files/decode-text.js'
import type { JsonObject } from '../files/json-value.js'
import { readSource } from '../files/open-source.js'
import { readJsonObjects } from '../files/records.js'
import { shownPath } from '../files/spool.js'
import type { Document } from './document.js'
import { type Images, readImages } from './images.js'
import { ambiguousNames, pathId } from './names.js'
import { documentOf, isOfQuestions, isRawKnowledge } from './record.js'
import { type CorpusFile, corpusFiles } from './sources.js'

/** A larger text file is a dump; the extractor or JSONL is the way in for those. */
const MAX_TEXT_BYTES = 256 << 20

/**
 * Documents in the order of `sources`, a folder's files by name. A record without text, or whose
 * id was there before, goes to `onProblem`, as does a file of a folder that cannot be read; as notes, what was passed over
 * and what was read with a loss.
 * @throws ClaraError `input` when a source is missing or holds nothing that can be read.
 */
export async function* readDocuments(sources: string[], onProblem: OnProblem): AsyncGenerator<Document> {
  requireArgument('readDocuments: sources', sources, texts)
  requireArgument('readDocuments: onProblem', onProblem, callback)
  const seen = new Set<string>()
  const files: CorpusFile[] = []
  for (const source of sources) files.push(...(await corpusFiles(source, onProblem)))
  const reading = { seen, images: await readImages(files), isAmbiguous: await ambiguousNames(files) }
  for (const file of files) {
    try {
      for await (const { document, line } of documentsIn(file, reading, onProblem)) {
        if (seen.has(document.id)) {
          const reason = `document id ${JSON.stringify(document.id)} was there before`
          onProblem({ path: shownPath(file.path), line, reason })
          continue
        }
        seen.add(document.id)
        yield document
      }
    } catch (error) {
      if (!file.found || !(error instanceof ClaraError && isErrno(error.cause))) throw error
      onProblem({ path: file.path, reason: `cannot be read: ${error.cause.message}` })
    }
  }
}

/**
 * How many documents there are at most, for progress: the lines of JSONL, and each text file as one.
 * @returns undefined where that cannot be told beforehand.
 * @throws ClaraError as readDocuments, of what is missing.
 */
export async function countDocuments(sources: string[]): Promise<number | undefined> {
  let count = 0
  for (const source of sources) {
    for (const { path, holds } of await corpusFiles(source, () => {})) {
      const lines = holds === 'text' ? 1 : await countRecords(path)
      if (lines === undefined) return undefined
      count += lines
    }
  }
  return count
}

interface Located {
  document: Document
  line: number
}

interface Reading {
  /** Ids so far. */
  seen: Set<string>
  images: Images
  /** Whether files of several paths have the name. */
  isAmbiguous(name: string): boolean
}

function documentsIn(file: CorpusFile, reading: Reading, onProblem: OnProblem): AsyncGenerator<Located> {
  return file.holds === 'text' ? fromText(file, reading, onProblem) : fromRecords(file, reading, onProblem)
}

/** Records that are no documents, before any that is: so many tell a file of another kind. */
const MOST_ASIDE = 1000

async function* fromRecords(
  { path, found }: CorpusFile,
  { seen, images, isAmbiguous }: Reading,
  onProblem: OnProblem,
): AsyncGenerator<Located> {
  const shown = shownPath(path)
  /** What lies beside documents without holding any: settings of programs, questions. One note is enough for it. */
  let isAside = found && /\.json(?:\.gz)?$/i.test(path)
  let [records, documents] = [0, 0]
  const held: Problem[] = []
  const tell: OnProblem = (problem) => {
    if (!problem.note) records++
    if (isAside && documents === 0) held.push(problem)
    else onProblem(problem)
  }
  for await (const { line, value } of readJsonObjects(path, tell)) {
    if (images.isEmbedded(value)) {
      records++
      continue
    }
    const document = documentOf(value, (record) => nameOf(record, seen, isAmbiguous))
    if (typeof document === 'string') {
      if (records === 0 && found && isOfQuestions(value)) isAside = true
      tell({ path: shown, line, reason: document })
      if (held.length >= MOST_ASIDE) break
      continue
    }
    records++
    if (documents++ === 0) for (const problem of held.splice(0)) onProblem(problem)
    const isRaw = isRawKnowledge(value)
    const text = isRaw ? images.fill(document.text) : document.text
    const called = isRaw ? otherName(value, document.id) : {}
    if (text.trim() !== '') yield { document: { ...document, ...called, text }, line }
    else onProblem({ path: shown, line, reason: `document ${JSON.stringify(document.id)} has no text` })
  }
  const reason = held.find(({ note }) => !note)?.reason
  if (reason !== undefined) {
    onProblem({ path: shown, reason: `passed over, for it holds no documents: ${reason}`, note: true })
  } else if (records === 0) onProblem({ path: shown, line: 1, reason: 'the file holds no record' })
}

/** Files of one name in several folders are common: then the path of each tells it apart. */
function nameOf(
  { filename, file_path: path }: JsonObject,
  seen: Set<string>,
  isAmbiguous: (name: string) => boolean,
): unknown {
  if (typeof filename !== 'string') return path
  if (typeof path !== 'string') return filename
  return isAmbiguous(filename) || seen.has(filename) ? pathId(path) : filename
}

/** What the id is not. */
function otherName({ filename, file_path: path }: JsonObject, id: string): Pick<Document, 'path' | 'name'> {
  if (typeof filename !== 'string' || typeof path !== 'string' || path === '') return {}
  if (id !== filename) return { name: filename }
  return pathId(path) === id ? {} : { path: pathId(path) }
}

async function* fromText(
  { path, id: name, origin }: CorpusFile,
  { seen, isAmbiguous }: Reading,
  onProblem: OnProblem,
): AsyncGenerator<Located> {
  const skip = (reason: string) => onProblem({ path, line: 1, reason })
  const data = await readSource(path, MAX_TEXT_BYTES, onProblem)
  if (!data) return skip(`larger than ${MAX_TEXT_BYTES >> 20} MiB`)
  try {
    const { text, charset } = detectText(data)
    if (text.trim() === '') return skip('has no text')
    if (!charset.startsWith('utf-')) onProblem({ path, reason: `not UTF-8: read as ${charset}`, note: true })
    const own = seen.has(origin) ? pathId(path) : origin
    const called = isAmbiguous(name) ? { id: own, name } : { id: name, path: origin }
    yield { document: { ...called, title: '', text }, line: 1 }
  } catch (error) {
    if (!(error instanceof ClaraError)) throw error
    skip(error.message)
  }
}
