/** What stands on both sides of a split. All files of one validation share this. */
import { basename } from 'node:path'
import { type Key, KeyTable, keyOfText } from '../../text/key-table.js'
import type { Content } from './content.js'
import { documentOf, isChunkedBy, type Origin } from './provenance.js'
import type { CheckedRow } from './row.js'

const SIDE_WORDS: Record<string, string> = {
  train: 'train',
  training: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  eval: 'validation',
  test: 'test',
}

/** By the words of a file's name; `undefined` where none of them names a side. */
export function sideOfName(path: string): string | undefined {
  const words = basename(path)
    .toLowerCase()
    .split(/[^a-z]+/)
  return words.map((word) => SIDE_WORDS[word]).findLast((side) => side !== undefined)
}

/** A file and a line of it in one number of 53 bits. */
const LINES = 2 ** 40

type LeakKind = 'leaked-question' | 'leaked-passage' | 'leaked-document'

/**
 * Questions, positives and their documents with the place where each was first seen. Negatives do not count: either side
 * takes them from the whole corpus.
 */
export class Leaks {
  #files: { path: string; side: string }[] = []
  #tables: Record<LeakKind, KeyTable> = {
    'leaked-question': new KeyTable(),
    'leaked-passage': new KeyTable(),
    'leaked-document': new KeyTable(),
  }
  #isChunked: boolean | undefined

  /** To be called before the rows of a file. */
  open(path: string, side: string): void {
    this.#files.push({ path, side })
    this.#isChunked = undefined
  }

  /** Adds to the row's faults, one of each kind. */
  check(line: number, row: CheckedRow, content: Content, origin: Origin | undefined): void {
    const { questions, docs, positives } = content
    const passages = positives.map((i) => docs[i]!.key)
    this.#look('leaked-question', 'the question', keysOf(questions), line, row)
    if (this.#look('leaked-passage', `docs[${positives[0]}], a positive,`, passages, line, row)) return
    this.#look('leaked-document', 'the positive’s document', this.#documents(origin), line, row)
  }

  #documents(origin: Origin | undefined): Key[] {
    if (!origin) return []
    this.#isChunked ??= isChunkedBy(origin.chunkIds)
    const ids = origin.positives.flatMap((i) => origin.chunkIds[i] ?? [])
    return ids.map((id) => keyOfText(documentOf(id, this.#isChunked!)))
  }

  #look(kind: LeakKind, what: string, keys: Key[], line: number, row: CheckedRow) {
    const table = this.#tables[kind]
    const here = this.#files.length - 1
    let found = false
    for (const key of keys) {
      const place = table.get(key)
      if (place === 0) table.set(key, here * LINES + line)
      else if (!found) {
        const file = this.#files[Math.floor(place / LINES)]!
        if (file.side === this.#files[here]!.side) continue
        found = true
        row.faults.push({ kind, reason: `${what} is in ${basename(file.path)}:${place % LINES}, too` })
      }
    }
    return found
  }

  /** What was not compared with later files: the tables were full. */
  get forgotten(): number {
    return Object.values(this.#tables).reduce((sum, { refused }) => sum + refused, 0)
  }
}

const keysOf = (texts: { key: Key }[]) => texts.map(({ key }) => key)
