/** Which files a corpus is made of, and how each is read. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { ClaraError, type OnProblem } from '../errors.js'
import { shownPath, statSource } from '../files/spool.js'
import { walk } from '../files/walk.js'

const RECORDS = ['.jsonl', '.ndjson', '.json']
const TEXTS = ['.md', '.markdown', '.txt']
const READ = [...RECORDS, ...TEXTS]
const READ_IN_WORDS = `${READ.join(', ')} (each may be packed: .gz)`

/** A folder with one is a BEIR folder: that is its corpus. */
const BEIR_CORPUS = ['corpus.jsonl', 'corpus.jsonl.gz']

export interface CorpusFile {
  path: string
  /** Records, or one document. */
  holds: 'records' | 'text'
  /** The document's id where the file is one. */
  id: string
  /** The same with the name of the folder before it: tells files of one id in several folders apart. */
  origin: string
  /** Found in a folder, not named: one that cannot be read costs itself alone. */
  found: boolean
}

/**
 * A file as it is, the readable files of a folder by their paths.
 * @param source `-` is standard input, of records.
 * @param onProblem told, as a note, of what a folder has beside those.
 * @throws ClaraError `input` for what is not there, of another ending, or a folder without any that is read.
 */
export async function corpusFiles(source: string, onProblem: OnProblem): Promise<CorpusFile[]> {
  const info = await statSource(source)
  if (info.isDirectory()) return filesIn(source, onProblem)
  const holds = (await isPipe(source)) ? 'records' : kindOf(source)
  if (!holds) {
    throw new ClaraError(
      'input',
      `${source}: expected a file ending in ${READ_IN_WORDS}, or a folder; other formats go through clara-extract first`,
    )
  }
  const id = basename(shownPath(source))
  return [{ path: source, holds, id, origin: inFolder(dirname(source), id), found: false }]
}

/** By the folder's own name: where it lies, and how it was spelt, makes no difference. */
function inFolder(folder: string, name: string): string {
  return `${basename(resolve(folder))}/${name}`
}

async function isPipe(source: string): Promise<boolean> {
  return source === '-' || (await stat(source)).isFIFO()
}

function kindOf(path: string): CorpusFile['holds'] | undefined {
  const ending = extname(path.replace(/\.gz$/i, '')).toLowerCase()
  if (RECORDS.includes(ending)) return 'records'
  return TEXTS.includes(ending) ? 'text' : undefined
}

async function filesIn(folder: string, onProblem: OnProblem): Promise<CorpusFile[]> {
  const other: Record<string, number> = {}
  const passOver = (what: string) => {
    other[what] = (other[what] ?? 0) + 1
  }
  const beir = await beirCorpus(folder)
  const found: CorpusFile[] = []
  for (const { name, path } of await walk(folder, [], onProblem, passOver)) {
    const holds = kindOf(name)
    if (beir ? name === beir : holds) {
      found.push({ path, holds: holds!, id: name, origin: inFolder(folder, name), found: true })
    } else if (!beir || !/^queries\.|^qrels\//.test(name))
      passOver(extname(name).toLowerCase() || 'no ending')
  }
  const passed = passedOver(other)
  if (passed) {
    const why = beir ? `the corpus is ${beir}` : 'clara-extract reads documents of other formats'
    onProblem({ path: folder, reason: `${passed}: ${why}`, note: true })
  }
  if (found.length === 0) {
    throw new ClaraError(
      'input',
      `${folder}: holds neither corpus.jsonl nor files ending in ${READ_IN_WORDS}; other formats go through clara-extract first`,
    )
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function beirCorpus(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => [] as string[]) // the walk says what is wrong with it
  return BEIR_CORPUS.find((name) => names.includes(name))
}

/** "9 files passed over: .pdf 2, .png 7", the most first. */
function passedOver(counts: Record<string, number>): string | undefined {
  const kinds = Object.entries(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  const total = kinds.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return undefined
  const shown = kinds.slice(0, MOST_KINDS).map(([kind, count]) => `${kind} ${count}`)
  if (kinds.length > MOST_KINDS) shown.push('…')
  return `${total} ${total === 1 ? 'file' : 'files'} passed over: ${shown.join(', ')}`
}

const MOST_KINDS = 12
