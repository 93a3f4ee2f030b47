/**
 * Has chunks asked about through the Batch API: at half price, within a day. What it brings goes into the
 * journal of replies, and generateQuestions finds it there. A process that is killed at any moment is
 * followed by one that goes on with the same batch.
 */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { createSpending } from '../endpoint/spending.js'
import { ClaraError } from '../errors.js'
import type { BatchCounts, Batching, BatchOptions } from './batches/batching.js'
import { openBatchJournal, requestsIn } from './batches/journal.js'
import { nextRequests } from './batches/requests.js'
import { seeThrough } from './batches/see-through.js'
import { openBatchService } from './batches/service.js'
import { promptKey } from './prompt.js'
import { openReplyJournal } from './reply-journal.js'
import { idsOf, type Work } from './tasks.js'

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
  const replies = await openReplyJournal(options.journalPath, options.endpoint)
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
    const key = promptKey(endpoint, work.task)
    if (!ids.has(key)) ids.set(key, idsOf(work))
  }
  return ids
}
