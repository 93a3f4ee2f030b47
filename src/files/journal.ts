/**
 * An append-only file of JSON lines. Each append is on disk before it returns; a torn last line,
 * left by a kill, is cut off when the journal is opened again.
 */
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ClaraError, isErrno } from '../errors.js'
import { disk } from './disk.js'
import { syncDirectory, unwritable } from './durable-file.js'
import { isObject, type JsonObject } from './jsonl.js'

export class Journal {
  #tail: Promise<void> = Promise.resolve()

  private constructor(
    readonly path: string,
    /** What was in it when it was opened. */
    readonly records: JsonObject[],
    private readonly handle: FileHandle,
  ) {}

  static async open(path: string): Promise<Journal> {
    const handle = await disk.open(path, 'a+')
    try {
      const { records, validBytes, bytes } = parse(path, await handle.readFile())
      if (validBytes < bytes) await disk.truncate(path, validBytes)
      await handle.sync()
      await syncDirectory(dirname(path))
      return new Journal(path, records, handle)
    } catch (error) {
      await handle.close().catch(() => {})
      throw isErrno(error) ? unwritable(path, error) : error
    }
  }

  /** Appends run one after the other, whoever calls. */
  append(record: JsonObject): Promise<void> {
    const line = `${JSON.stringify(record)}\n`
    const done = this.#tail.then(async () => {
      try {
        await this.handle.appendFile(line)
        await this.handle.datasync()
      } catch (error) {
        throw unwritable(this.path, error)
      }
    })
    this.#tail = done.catch(() => {})
    return done
  }

  async close(): Promise<void> {
    await this.#tail
    await this.handle.close().catch((error) => {
      throw unwritable(this.path, error)
    })
  }
}

/** The longest prefix of whole records. A damaged line before the last is not ours to guess at. */
function parse(path: string, data: Buffer): { records: JsonObject[]; validBytes: number; bytes: number } {
  const records: JsonObject[] = []
  let start = 0
  for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
    const record = parseRecord(data.toString('utf8', start, end))
    if (!record && end + 1 < data.byteLength) {
      throw new ClaraError(
        'input',
        `${path}:${records.length + 1}: damaged journal record: move the file away to start anew`,
      )
    }
    if (!record) break
    records.push(record)
    start = end + 1
  }
  return { records, validBytes: start, bytes: data.byteLength }
}

function parseRecord(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
