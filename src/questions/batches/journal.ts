/** Which batches a run directory has begun, on disk before anything is paid for. */
import { dirname, join } from 'node:path'
import type { Usage } from '../../endpoint/usage.js'
import { ClaraError } from '../../errors.js'
import { disk } from '../../files/disk.js'
import { DurableFile, syncDirectory } from '../../files/durable-file.js'
import { Journal } from '../../files/journal.js'
import { readJsonObjects } from '../../files/records.js'
import { mostUsage, type Request } from '../completion.js'

/** One batch, from its file of requests to its replies. */
export interface BatchRecord {
  /** Drawn by this side; the batch carries it, and the file of requests is named after it. */
  token: string
  fileId?: string
  batchId?: string
  /** All of its replies are in the journal of replies. */
  collected?: true
}

export interface BatchJournal {
  /** Begun and not collected. */
  open(): BatchRecord[]
  /** Writes the requests, whole, before the batch is known. */
  begin(token: string, lines: Iterable<string>): Promise<BatchRecord>
  note(record: BatchRecord): Promise<void>
  requestsPath(token: string): string
  close(): Promise<void>
}

/** @throws ClaraError `input` where it is no journal of batches. */
export async function openBatchJournal(path: string): Promise<BatchJournal> {
  const batches = new Map<string, BatchRecord>()
  const journal = await Journal.open(path, (record, _, place) => {
    const { token } = record
    if (typeof token !== 'string' || !/^[0-9a-f]{32}$/.test(token)) {
      throw new ClaraError('input', `${place}: not a record of a batch`)
    }
    batches.set(token, record as unknown as BatchRecord)
  })
  const requestsPath = (token: string) => join(dirname(path), `llm_batch_${token}.jsonl`)
  const note = async (record: BatchRecord) => {
    await journal.append({ ...record })
    batches.set(record.token, record)
    if (record.collected) await disk.rm(requestsPath(record.token), { force: true })
  }
  return {
    open: () => [...batches.values()].filter(({ collected }) => !collected),
    async begin(token, lines) {
      const file = await DurableFile.create(requestsPath(token))
      try {
        for (const line of lines) await file.write(line)
        await file.close()
      } catch (error) {
        await file.abandon()
        throw error
      }
      await syncDirectory(dirname(path))
      await note({ token })
      return { token }
    },
    note,
    requestsPath,
    close: () => journal.close(),
  }
}

/** The keys of a batch's requests, and the most that each can cost. */
export async function requestsIn(path: string): Promise<Map<string, Usage>> {
  const requests = new Map<string, Usage>()
  for await (const { value } of readJsonObjects(path, () => {})) {
    requests.set(value.custom_id as string, mostUsage(value.body as Request))
  }
  return requests
}
