/** A run in batches: what is asked for, what it works with, what comes of it. */
import type { Spending, SpendingOptions } from '../../endpoint/spending.js'
import type { Endpoint } from '../endpoint.js'
import type { ReplyJournal } from '../reply-journal.js'
import type { BatchJournal } from './journal.js'
import type { BatchService } from './service.js'

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

export interface Batching extends BatchOptions {
  service: BatchService
  replies: ReplyJournal
  batches: BatchJournal
  spending: Spending
  counts: BatchCounts
}
