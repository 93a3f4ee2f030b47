/** Replies that were paid for, on disk before anyone looks into them, so that none is paid twice. */

import { createHash } from 'node:crypto'
import { BATCH_DISCOUNT, type Price, usdOf } from '../endpoint/price.js'
import type { Cause } from '../endpoint/trial.js'
import { isTokenCount, NO_USAGE, sumOf, type Usage } from '../endpoint/usage.js'
import { ClaraError } from '../errors.js'
import { Journal, type OnRecord, type Span, scanJournal } from '../files/journal.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import { lockFor } from '../files/lock.js'
import type { Endpoint, PaidReply } from './endpoint.js'

/** What a reply that cannot be used may be owed to. Another model, server or parameter is another `way`. */
export interface AskedWith {
  way: string
  /** Longest reply; null: the server's. */
  limit: number | null
}

type AskedOf = Pick<Endpoint, 'model' | 'baseUrl' | 'maxOutputTokens'>

export interface ReplyJournal extends ReplyIndex {
  /** Whether asking again as now could hardly bring another reply: it was asked for with the same settings. */
  isSettled(reply: PaidReply): boolean
  /** Of what it held when it was opened and was asked for as now: whether a reply can be used, else why none can. */
  readonly before: Evidence
  /** Read from the file: memory holds only where it is. */
  find(key: string): Promise<PaidReply | undefined>
  keep(key: string, chunkId: string, reply: PaidReply): Promise<void>
  close(): Promise<void>
}

interface Evidence {
  succeeded: boolean
  wasted: Cause[]
}

/** What is known of a journal without its replies' texts. */
interface ReplyIndex {
  has(key: string): boolean
  /** Tokens of all replies that it held when it was opened, by how they were paid. */
  readonly used: Readonly<Record<'direct' | 'batch', Usage>>
  /** How many it held. */
  readonly replies: number
}

/**
 * @param asked of replies that are kept from now on.
 * @param causeOf a reply that cannot be used.
 * @throws ClaraError `input` where the file is no journal of replies, `exists` where another process
 * appends to it.
 */
export async function openReplyJournal(
  path: string,
  asked: AskedOf,
  causeOf: (reply: PaidReply) => Cause | undefined = () => undefined,
): Promise<ReplyJournal> {
  const lock = await lockFor(path)
  try {
    const now = askedWith(asked)
    const before: Evidence = { succeeded: false, wasted: [] }
    const index = createIndex((reply) => {
      if (before.succeeded || (reply.asked && reply.asked.way !== now.way)) return true
      const cause = causeOf(reply)
      if (!cause) before.succeeded = true
      else if (isSettled(reply, now)) before.wasted.push(cause)
      return true
    })
    const journal = await Journal.open(path, index.add)
    return {
      ...index.view,
      before,
      isSettled: (reply) => isSettled(reply, now),
      async find(key) {
        const span = index.spans.get(key)
        return span && fromRecord(await journal.read(span), path).reply
      },
      async keep(key, chunkId, reply) {
        index.spans.set(key, await journal.append({ key, chunkId, ...reply, asked: { ...now } }))
      },
      close: () => journal.close().finally(() => lock.release()),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

function askedWith({ model, baseUrl = '', maxOutputTokens }: AskedOf): AskedWith {
  const settings = JSON.stringify([model, baseUrl])
  const way = createHash('sha256').update(settings).digest('hex').slice(0, 16)
  return { way, limit: maxOutputTokens ?? null }
}

function isSettled({ asked, finishReason }: PaidReply, now: AskedWith): boolean {
  if (!asked) return true // by an older version: paid for, all the same
  if (asked.way !== now.way) return false
  const isRaised = (now.limit ?? Number.POSITIVE_INFINITY) > (asked.limit ?? Number.POSITIVE_INFINITY)
  return !(isRaised && finishReason === 'length')
}

/**
 * Changes nothing and takes no lock; the file need not be there.
 * @param usable of those that are not the cost counts, but not the key.
 */
export async function readReplyIndex(
  path: string,
  asked: AskedOf,
  usable: (reply: PaidReply, key: string, isSettled: boolean) => boolean,
): Promise<ReplyIndex> {
  const now = askedWith(asked)
  const index = createIndex((reply, key) => usable(reply, key, isSettled(reply, now)))
  await scanJournal(path, index.add).catch((error) => {
    if (!isMissing(error)) throw error
  })
  return index.view
}

/** USD that the replies in a journal cost; the file need not be there. */
export async function usdPaid(path: string, price: Price): Promise<number> {
  const { used } = await readReplyIndex(path, { model: '' }, () => false)
  return usdOfReplies(used, price)
}

export function usdOfReplies({ direct, batch }: ReplyIndex['used'], price: Price): number {
  return usdOf(direct, price) + usdOf(batch, price) * BATCH_DISCOUNT
}

function isMissing(error: unknown): boolean {
  const cause = error instanceof ClaraError ? error.cause : undefined
  return isObject(cause) && cause.code === 'ENOENT'
}

function createIndex(usable = (_reply: PaidReply, _key: string) => true): {
  spans: Map<string, Span>
  add: OnRecord
  view: ReplyIndex
} {
  const spans = new Map<string, Span>()
  const used: Record<'direct' | 'batch', Usage> = { direct: NO_USAGE, batch: NO_USAGE }
  let replies = 0
  return {
    spans,
    add(record, span, place) {
      const { key, reply } = fromRecord(record, place)
      if (usable(reply, key)) spans.set(key, span) // the later one was asked for because the earlier did not parse
      const way = reply.batch ? 'batch' : 'direct'
      used[way] = sumOf(used[way], reply.usage ?? reply.atMost ?? NO_USAGE)
      replies++
    },
    view: {
      has: (key) => spans.has(key),
      used,
      get replies() {
        return replies
      },
    },
  }
}

function fromRecord(record: JsonObject, place: string): { key: string; reply: PaidReply } {
  const { key, content, finishReason, usage, atMost, batch, asked } = record
  if (typeof key !== 'string' || typeof content !== 'string' || typeof finishReason !== 'string') {
    throw new ClaraError('input', `${place}: not a record of an endpoint's reply: name another journal file`)
  }
  const bound = toUsage(atMost)
  return {
    key,
    reply: {
      content,
      finishReason,
      usage: toUsage(usage),
      ...(bound && { atMost: bound }),
      ...(batch === true && { batch }),
      ...(isAskedWith(asked) && { asked }),
    },
  }
}

function isAskedWith(value: unknown): value is AskedWith & JsonObject {
  return (
    isObject(value) &&
    typeof value.way === 'string' &&
    (value.limit === null || typeof value.limit === 'number')
  )
}

function toUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null
  const { promptTokens, completionTokens } = usage
  return isTokenCount(promptTokens) && isTokenCount(completionTokens)
    ? { promptTokens, completionTokens }
    : null
}
