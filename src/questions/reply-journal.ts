/** Replies that were paid for, on disk before anyone looks into them, so that none is paid twice. */
import { ClaraError } from '../errors.js'
import { Journal } from '../files/journal.js'
import { isObject, type JsonObject } from '../files/jsonl.js'
import type { PaidReply } from './endpoint.js'

export interface ReplyJournal {
  find(key: string): PaidReply | undefined
  keep(key: string, chunkId: string, reply: PaidReply): Promise<void>
  close(): Promise<void>
}

/** @throws ClaraError `input` where the file is no journal of replies. */
export async function openReplyJournal(path: string): Promise<ReplyJournal> {
  const journal = await Journal.open(path)
  const replies = new Map<string, PaidReply>()
  try {
    for (const [index, record] of journal.records.entries()) {
      const { key, reply } = fromRecord(record, `${path}:${index + 1}`)
      replies.set(key, reply) // the later one was asked for because the earlier did not parse
    }
  } catch (error) {
    await journal.close()
    throw error
  }
  return {
    find: (key) => replies.get(key),
    async keep(key, chunkId, reply) {
      await journal.append({ key, chunkId, ...reply })
      replies.set(key, reply)
    },
    close: () => journal.close(),
  }
}

function fromRecord(record: JsonObject, place: string): { key: string; reply: PaidReply } {
  const { key, content, finishReason, usage } = record
  if (typeof key !== 'string' || typeof content !== 'string' || typeof finishReason !== 'string') {
    throw new ClaraError('input', `${place}: not a record of an endpoint's reply: name another journal file`)
  }
  return { key, reply: { content, finishReason, usage: isObject(usage) ? toUsage(usage) : null } }
}

function toUsage(usage: JsonObject): PaidReply['usage'] {
  const { promptTokens, completionTokens } = usage
  const known = typeof promptTokens === 'number' && typeof completionTokens === 'number'
  return known ? { promptTokens, completionTokens } : null
}
