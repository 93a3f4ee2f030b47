/**
 * What a run has got so far, in a hidden folder beside its output: a journal of parsed files, and their images by
 * their hashes. A killed run goes on from it; a finished one removes it.
 */
import { mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ClaraError } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { Journal, type Span } from '../files/journal.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import { lockFor } from '../files/lock.js'
import type { ParseReply, StoredDocument } from './parse.child.js'

export interface State {
  /** Where images are, named by their hashes. */
  imageFolder: string
  /** What was made of a file of this content, in the same way. */
  find(key: string): Promise<ParseReply | undefined>
  has(key: string): boolean
  keep(key: string, reply: ParseReply): Promise<void>
  close(): Promise<void>
  /** Closes, and removes all of it. */
  remove(): Promise<void>
}

export function stateFolder(outputFile: string): string {
  const place = resolve(outputFile)
  return join(dirname(place), `.${basename(place)}.extract`)
}

/** The same file, parsed in the same way, gives the same. */
export function keyOf({ bytes, sha256 }: FileDigest, name: string, way: object): string {
  return JSON.stringify([name, bytes, sha256, way])
}

/**
 * @throws ClaraError `exists` where another process writes the same output; `input` for a damaged journal.
 */
export async function openState(outputFile: string): Promise<State> {
  const folder = stateFolder(outputFile)
  await mkdir(dirname(folder), { recursive: true })
  const lock = await lockFor(folder)
  try {
    const imageFolder = join(folder, 'images')
    await mkdir(imageFolder, { recursive: true })
    const spans = new Map<string, Span>()
    const journal = await Journal.open(join(folder, 'journal.jsonl'), (record, span, place) => {
      spans.set(fromRecord(record, place).key, span)
    })
    return {
      imageFolder,
      has: (key) => spans.has(key),
      async find(key) {
        const span = spans.get(key)
        return span && fromRecord(await journal.read(span), journal.path).reply
      },
      async keep(key, reply) {
        spans.set(key, await journal.append({ key, ...reply }))
      },
      close: () => journal.close().finally(() => lock.release()),
      async remove() {
        await journal.close()
        await rm(folder, { recursive: true, force: true })
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

function fromRecord(
  { key, problem, document }: JsonObject,
  place: string,
): { key: string; reply: ParseReply } {
  if (typeof key === 'string' && typeof problem === 'string') return { key, reply: { problem } }
  if (typeof key === 'string' && isObject(document) && typeof document.markdown === 'string') {
    return { key, reply: { document: document as unknown as StoredDocument } }
  }
  throw new ClaraError('input', `${place}: not a record of a parsed file: move its folder away to start anew`)
}
