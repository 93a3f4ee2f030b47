/** Whether a row is what its line of the provenance says. */
import { stat } from 'node:fs/promises'
import { isErrno } from '../../errors.js'
import { isObject } from '../../files/json-value.js'
import { parseLine, type RawLine, readLineBatches } from '../../files/jsonl.js'
import { type Key, KeyTable, keyOfText } from '../../text/key-table.js'
import type { CheckedRow } from './row.js'
import type { TextFacts } from './texts.js'

/** What a line says of the row with the same number. */
export interface Origin {
  /** Of each doc; `null` where it is of no chunk. */
  chunkIds: (string | null)[]
  positives: number[]
}

export interface ProvenanceFile {
  path: string
  /** The lines up to this one, by their numbers; `undefined` for one that cannot be read. Each is given once. */
  upTo(line: number): Promise<Map<number, Origin | undefined>>
  /** Whether lines are left that were not asked for. */
  goesOn(): Promise<boolean>
  close(): Promise<void>
}

/** @returns `undefined` where there is none beside the file. */
export async function openProvenance(dataPath: string): Promise<ProvenanceFile | undefined> {
  if (!/\.jsonl$/.test(dataPath)) return undefined
  const path = dataPath.replace(/\.jsonl$/, '.provenance.jsonl')
  try {
    if (!(await stat(path)).isFile()) return undefined
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
  const batches = readLineBatches(path)
  let held: RawLine[] = []
  let at = 0
  const more = async () => {
    if (at < held.length) return true
    const { value, done } = await batches.next()
    held = done ? [] : value
    at = 0
    return !done
  }
  return {
    path,
    async upTo(line) {
      const origins = new Map<number, Origin | undefined>()
      while ((await more()) && held[at]!.line <= line) {
        const raw = held[at++]!
        origins.set(raw.line, originOf(raw))
      }
      return origins
    },
    async goesOn() {
      while (await more()) if (held[at++]!.bytes?.toString().trim() !== '') return true
      return false
    },
    close: async () => void (await batches.return(undefined)),
  }
}

function originOf(raw: RawLine): Origin | undefined {
  const parsed = parseLine(raw)
  if (typeof parsed !== 'object' || !isObject(parsed.value)) return undefined
  const { docs } = parsed.value
  if (!Array.isArray(docs) || !docs.every(isObject)) return undefined
  return {
    chunkIds: docs.map(({ chunk_id: id }) => (typeof id === 'string' ? id : null)),
    positives: docs.flatMap(({ role }, i) => (role === 'positive' ? [i] : [])),
  }
}

/** Adds to the row's faults; keeps the text of each chunk, by a hash of 32 bits. */
export class OriginCheck {
  #texts = new KeyTable()

  check(origin: Origin | undefined, row: CheckedRow, docs: TextFacts[]): void {
    const reason =
      origin === undefined ? 'no line of the provenance that can be read' : this.#compare(origin, row, docs)
    if (reason !== undefined) row.faults.push({ kind: 'provenance-differs', reason })
  }

  #compare({ chunkIds, positives }: Origin, row: CheckedRow, docs: TextFacts[]): string | undefined {
    if (chunkIds.length !== docs.length) return `${docs.length} docs, the provenance has ${chunkIds.length}`
    const stated = [...(row.positives ?? [])].sort((a, b) => a - b)
    if (row.positives && stated.join() !== positives.join()) {
      return `pos_index is [${stated.slice(0, 10)}], the provenance names [${positives.slice(0, 10)}]`
    }
    const keys = chunkIds.map((id) => (id === null ? undefined : keyOfText(id)))
    const other = keys.findIndex((key, i) => key && this.#isOther(key, docs[i]!.key))
    if (other >= 0)
      return `docs[${other}] is not the text that ${JSON.stringify(chunkIds[other])} has on a line before`
    keys.forEach((key, i) => {
      if (key) this.#texts.set(key, docs[i]!.key.high + 1)
    })
    return undefined
  }

  get forgotten(): number {
    return this.#texts.refused
  }

  #isOther(id: Key, { high }: Key): boolean {
    const known = this.#texts.get(id)
    return known !== 0 && known !== high + 1
  }
}

/** Chunks are named after their document and a number; without chunking by the document itself. */
export function documentOf(chunkId: string, isChunked: boolean): string {
  return isChunked ? chunkId.replace(/#\d+$/, '') : chunkId
}

export function isChunkedBy(ids: (string | null)[]): boolean {
  return ids.every((id) => id === null || /#\d+$/.test(id))
}
