/**
 * Has chunks asked about through the Batch API: at half price, within a day. What it brings goes into the
 * journal of replies, and generateQuestions finds it there. A process that is killed at any moment is
 * followed by one that goes on with the same batch.
 */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRedactor } from '../endpoint/redact.js'
import { createSpending, type Spending, type SpendingOptions } from '../endpoint/spending.js'
import { NO_USAGE, sumOf, type Usage } from '../endpoint/usage.js'
import { ClaraError } from '../errors.js'
import { isObject } from '../files/json-value.js'
import { parseLine, readLines } from '../files/jsonl.js'
import { type BatchJournal, type BatchRecord, openBatchJournal, requestsIn } from './batches/journal.js'
import { type BatchService, type BatchState, openBatchService } from './batches/service.js'
import { mostUsage, readCompletion, redactAnswer, requestBody } from './completion.js'
import type { Endpoint, PaidReply } from './endpoint.js'
import { promptFor, promptKey } from './prompt.js'
import { openReplyJournal, type ReplyJournal } from './reply-journal.js'
import { idsOf, type Work } from './tasks.js'

/** What is seen of a batch when it is looked at. */
export interface BatchLook {
  id: string
  status: string
  /** Of the requests, as the service counts. */
  done: number
  requests: number
}

export interface BatchOptions extends SpendingOptions {
  endpoint: Endpoint
  /** Of replies. That of batches is `llm_batches.jsonl` beside it. */
  journalPath: string
  /** Requests in a batch, at most; OpenAI takes 50,000. */
  batchRequests: number
  /** Before the first look at a batch, milliseconds; it grows up to 30 s. */
  pollMs?: number
  /** Told at each look. */
  onProgress?: ((look: BatchLook) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface BatchCounts {
  batches: number
  /** Replies received, and requests that came to nothing: those are left to direct calls. */
  replies: number
  unanswered: number
  usd: number | null
}

const MAX_BATCH_BYTES = 190e6
const MAX_POLL_MS = 30_000
/** A batch that was created may be missing from the list for a moment. */
const LIST_DELAY_MS = 2000
const APPENDED_AT_ONCE = 500
const MAX_REPLY_BYTES = 8 << 20
const ENDED = ['completed', 'expired', 'cancelled', 'failed']

interface Batching extends BatchOptions {
  service: BatchService
  replies: ReplyJournal
  batches: BatchJournal
  spending: Spending
  counts: BatchCounts
}

/**
 * @throws ClaraError `llm` where the endpoint will not, `budget`, `input` and `exists` as generateQuestions does;
 * `signal.reason`.
 */
export async function askInBatches(
  works: () => AsyncIterable<Work>,
  options: BatchOptions,
): Promise<BatchCounts> {
  const service = openBatchService(options.endpoint)
  const spending = createSpending(options)
  const counts: BatchCounts = { batches: 0, replies: 0, unanswered: 0, usd: null }
  const replies = await openReplyJournal(options.journalPath)
  try {
    spending.before(replies.used.direct, 'direct')
    spending.before(replies.used.batch, 'batch')
    const batches = await openBatchJournal(join(dirname(options.journalPath), 'llm_batches.jsonl'))
    try {
      await askAll(works, { ...options, service, replies, batches, spending, counts })
    } finally {
      await batches.close()
    }
  } finally {
    await replies.close()
  }
  counts.usd = spending.usd
  return counts
}

async function askAll(works: () => AsyncIterable<Work>, batching: Batching): Promise<void> {
  const { batches, replies } = batching
  const given = new Set<string>() // asked in a batch of this run that has ended: not again, unless time was too short
  for (;;) {
    for (const record of batches.open()) {
      const requests = await requestsIn(batches.requestsPath(record.token))
      const before = batching.counts.replies
      const { status } = await seeThrough(record, requests, await chunkIds(works, batching), batching)
      const outOfTime = status === 'expired' || status === 'cancelled'
      if (outOfTime && batching.counts.replies === before) {
        throw new ClaraError(
          'llm',
          `${batching.service.name}: the batch has ${status} without a reply: run again`,
        )
      }
      const missing = [...requests.keys()].filter((key) => !replies.has(key))
      if (!outOfTime) for (const key of missing) given.add(key)
      if (!outOfTime) batching.counts.unanswered += missing.length
    }
    const token = randomBytes(16).toString('hex')
    const lines = await nextRequests(works, given, batching)
    if (lines.length === 0) return
    await batches.begin(token, lines)
  }
}

/** Key -> the first chunk with it, or the chunks. */
async function chunkIds(
  works: () => AsyncIterable<Work>,
  { endpoint }: Batching,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for await (const work of works()) {
    const key = promptKey(endpoint.model, work.task)
    if (!ids.has(key)) ids.set(key, idsOf(work))
  }
  return ids
}

/** The lines of the next batch: what has no reply, as far as limits and budget go. */
async function nextRequests(
  works: () => AsyncIterable<Work>,
  given: ReadonlySet<string>,
  { endpoint, batchRequests, replies, spending }: Batching,
): Promise<string[]> {
  const token = randomBytes(12).toString('hex')
  const lines: string[] = []
  const taken = new Set<string>()
  let most: Usage = NO_USAGE
  let bytes = 0
  for await (const { task } of works()) {
    const key = promptKey(endpoint.model, task)
    if (replies.has(key) || given.has(key) || taken.has(key)) continue
    const { maxOutputTokens } = endpoint
    const prompt = promptFor(task, token)
    const body = requestBody(endpoint.model, prompt, { withSchema: true, maxOutputTokens })
    const line = `${JSON.stringify({ custom_id: key, method: 'POST', url: '/v1/chat/completions', body })}\n`
    const one = mostUsage(body)
    const next = sumOf(most, one)
    bytes += Buffer.byteLength(line)
    if (lines.length >= batchRequests || (lines.length > 0 && bytes > MAX_BATCH_BYTES)) break
    if (!spending.fits(next, 'batch')) {
      if (lines.length === 0) spending.refuse(one, 'batch')
      break
    }
    most = next
    taken.add(key)
    lines.push(line)
  }
  return lines
}

/** From wherever it stands to its replies in the journal. */
async function seeThrough(
  record: BatchRecord,
  requests: ReadonlyMap<string, Usage>,
  ids: ReadonlyMap<string, string>,
  work: Batching,
): Promise<BatchState> {
  const { service, batches, counts, onProgress, signal } = work
  let known = record
  if (!known.batchId) {
    const { id } = await createdBatch(record, work)
    known = { ...known, batchId: id }
    await batches.note(known)
  }
  counts.batches++
  for (let wait = work.pollMs ?? 1000; ; wait = Math.min(wait * 1.5, MAX_POLL_MS)) {
    const state = await service.get(known.batchId!, signal)
    onProgress?.({ id: state.id, status: state.status, done: state.done, requests: requests.size })
    if (ENDED.includes(state.status)) {
      await collect(state, requests, ids, work)
      await batches.note({ ...known, collected: true })
      if (state.status === 'failed') throw refusedBatch(state, work)
      return state
    }
    await sleep(wait, undefined, { signal })
  }
}

function refusedBatch({ id, reason }: BatchState, { service }: Batching): ClaraError {
  return new ClaraError(
    'llm',
    `${service.name}: batch ${id} was refused: ${reason || 'no reason given'}: run again, with fewer --batch-requests if it was too large`,
  )
}

/** The batch of this record, which may have been created by a process that did not live to note its id. */
async function createdBatch(
  record: BatchRecord,
  { service, batches, signal }: Batching,
): Promise<BatchState> {
  const { token } = record
  let { fileId } = record
  const lookAgain = async () => {
    await sleep(LIST_DELAY_MS, undefined, { signal })
    return service.find(token, signal)
  }
  if (fileId) {
    const found = (await service.find(token, signal)) ?? (await lookAgain())
    if (found) return found
  } else {
    fileId = await service.upload(batches.requestsPath(token), signal)
    await batches.note({ token, fileId })
  }
  for (let attempt = 0; attempt < 3; attempt++) {
    const created = await service.create(fileId, token, signal)
    if (created !== 'unknown') return created
    const found = await lookAgain()
    if (found) return found
  }
  throw new ClaraError(
    'llm',
    `${service.name}: the batch could not be created: run the same command again to go on`,
  )
}

async function collect(
  state: BatchState,
  requests: ReadonlyMap<string, Usage>,
  ids: ReadonlyMap<string, string>,
  { service, replies, spending, counts, endpoint, journalPath, signal }: Batching,
): Promise<void> {
  if (!state.outputFile) return
  const path = join(dirname(journalPath), '.llm_batch_replies.tmp')
  const redactor = createRedactor(endpoint.apiKey)
  let group: Promise<void>[] = []
  try {
    await service.download(state.outputFile, path, signal)
    for await (const raw of readLines(path)) {
      const line = raw.bytes && raw.bytes.byteLength <= MAX_REPLY_BYTES ? parseLine(raw) : undefined
      const received = isObject(line) ? receivedOf(line.value) : undefined
      const most = received && requests.get(received.key)
      if (!received || !most || replies.has(received.key)) continue
      const answer = redactAnswer(readCompletion(received.body), redactor)
      if ('failure' in answer) continue
      const { usage } = answer.reply
      const reply: PaidReply = { ...answer.reply, ...(!usage && { atMost: most }), batch: true }
      counts.replies++
      spending.add(usage ?? most, 'batch')
      group.push(replies.keep(received.key, ids.get(received.key) ?? '', reply))
      if (group.length < APPENDED_AT_ONCE) continue
      await Promise.all(group)
      group = []
    }
    await Promise.all(group)
  } finally {
    await Promise.allSettled(group)
    await rm(path, { force: true })
  }
}

function receivedOf(value: unknown): { key: string; body: unknown } | undefined {
  if (!isObject(value) || typeof value.custom_id !== 'string' || !isObject(value.response)) return undefined
  const { status_code: status, body } = value.response
  return status === 200 ? { key: value.custom_id, body } : undefined
}
