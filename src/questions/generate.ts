/** Has an endpoint write questions and answers for each chunk. */
import { randomBytes } from 'node:crypto'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { type Answer, type Asker, type Endpoint, openEndpoint } from './endpoint.js'
import type { Failure } from './failure.js'
import { mapInOrder } from './in-order.js'
import { promptFor, promptKey } from './prompt.js'
import { type ParsedReply, parseReply } from './reply.js'
import { openReplyJournal, type ReplyJournal } from './reply-journal.js'
import { createSpending, type Spending, type SpendingOptions } from './spending.js'

export type { Endpoint } from './endpoint.js'

export interface GeneratedPair {
  question: string
  answer: string
  /** The chunk's id. */
  docId: string
}

export interface GenerateOptions extends SpendingOptions {
  endpoint: Endpoint
  /** At most so many a chunk. */
  pairsPerChunk: number
  /** Created where it is missing. */
  journalPath: string
  /** Chunks dealt with so far, failed ones included. */
  onProgress?: ((done: number) => void) | undefined
  onProblem: OnProblem
  signal?: AbortSignal | undefined
}

export interface GenerateCounts {
  /** Dealt with, failed ones included. */
  chunks: number
  /** Requests sent, retries included. */
  calls: number
  /** Chunks that needed no call: their reply, or that to the same passage, was there. */
  fromJournal: number
  pairs: number
  /** Chunks without a usable reply. */
  failed: number
  /** Of this run's replies, as the endpoint counts; replies from the journal not included. */
  promptTokens: number
  completionTokens: number
}

/** One run: its pairs as they come, and what is known of it meanwhile. */
export interface Generation {
  pairs: AsyncGenerator<GeneratedPair>
  counts: GenerateCounts
  spending: Spending
  /** Calls that may be under way now. */
  concurrency(): number
}

/** Chunks that may have been begun and not yet given out, for each call that may be under way. */
const AHEAD = 8

/** So many chunks one after the other without an answer, and the run stops. */
const MAX_UNANSWERED = 5

/**
 * Yields pairs in chunk order, whatever order the replies came in. `counts` is filled meanwhile.
 *
 * Each reply is in the journal before it is used; a later run with the same journal, model and
 * pairsPerChunk does not ask for it again, unless it could not be parsed.
 * A chunk that fails goes to `onProblem`, in chunk order too. The iteration throws
 * `ClaraError` `llm` where the endpoint will answer nothing (key, model, credit, no connection),
 * `budget` where the next call could exceed it, `input` for a damaged journal, `exists` where another
 * process has the journal, and `signal.reason` after an abort.
 * @throws ClaraError `usage` at once for a base URL or an API key that cannot be used.
 */
export function generateQuestions(chunks: AsyncIterable<Chunk>, options: GenerateOptions): Generation {
  requireCount('pairsPerChunk', options.pairsPerChunk)
  requireCount('concurrency', options.endpoint.concurrency)
  const counts: GenerateCounts = {
    chunks: 0,
    calls: 0,
    fromJournal: 0,
    pairs: 0,
    failed: 0,
    promptTokens: 0,
    completionTokens: 0,
  }
  const spending = createSpending(options)
  const asker = openEndpoint(options.endpoint, spending, () => counts.calls++)
  const pairs = generate(chunks, options, asker, counts, spending)
  return { pairs, counts, spending, concurrency: () => asker.concurrency }
}

async function* generate(
  chunks: AsyncIterable<Chunk>,
  options: GenerateOptions,
  asker: Asker,
  counts: GenerateCounts,
  spending: Spending,
): AsyncGenerator<GeneratedPair> {
  const { onProblem, onProgress, signal } = options
  signal?.throwIfAborted()
  const journal = await openReplyJournal(options.journalPath)
  spending.before(journal.used.direct, 'direct')
  spending.before(journal.used.batch, 'batch')
  try {
    const work = questionWriter(options, asker, journal, counts)
    const held = options.endpoint.concurrency * AHEAD
    for await (const { chunk, parsed } of mapInOrder(chunks, held, signal, work)) {
      counts.chunks++
      if ('problem' in parsed) {
        counts.failed++
        onProblem({ path: 'llm', line: counts.chunks, reason: `${chunk.id}: ${parsed.problem}` })
      } else {
        for (const pair of parsed.pairs) {
          counts.pairs++
          yield { ...pair, docId: chunk.id }
        }
      }
      onProgress?.(counts.chunks)
    }
  } finally {
    await journal.close()
  }
}

/** What is done for one chunk: find its reply or ask for it, then parse it. */
function questionWriter(
  { endpoint, pairsPerChunk }: GenerateOptions,
  asker: Asker,
  journal: ReplyJournal,
  counts: GenerateCounts,
) {
  // One token a run: no passage knows it, and the system prompt stays the same, so that servers
  // can keep it in their prompt cache.
  const token = randomBytes(12).toString('hex')
  const underWay = new Map<string, Promise<ParsedReply>>()
  const note = unansweredGuard(asker.name)

  const ask = async (
    key: string,
    chunk: Chunk,
    passage: string,
    signal: AbortSignal,
  ): Promise<ParsedReply> => {
    const answer = await asker.ask(promptFor(passage, pairsPerChunk, token), signal)
    note(answer)
    if ('failure' in answer) return { problem: answer.failure.reason }
    await journal.keep(key, chunk.id, answer.reply)
    counts.promptTokens += answer.reply.usage?.promptTokens ?? 0
    counts.completionTokens += answer.reply.usage?.completionTokens ?? 0
    return parseReply(answer.reply, pairsPerChunk)
  }

  return async (chunk: Chunk, _index: number, signal: AbortSignal) => {
    const passage = passageOf(chunk)
    const key = promptKey(endpoint.model, passage, pairsPerChunk)
    const kept = await journal.find(key)
    const known = kept && parseReply(kept, pairsPerChunk)
    const same = known && 'pairs' in known ? known : underWay.get(key)
    if (same) {
      counts.fromJournal++
      return { chunk, parsed: await same }
    }
    const asked = ask(key, chunk, passage, signal).finally(() => underWay.delete(key))
    underWay.set(key, asked)
    return { chunk, parsed: await asked }
  }
}

/** Throws for an answer after which there is no point in asking on. */
function unansweredGuard(name: string): (answer: Answer) => void {
  let unanswered = 0
  return (answer) => {
    if ('reply' in answer) {
      unanswered = 0
      return
    }
    const { failure } = answer
    if (failure.kind === 'fatal') throw new ClaraError('llm', `${name}: ${failure.reason}`)
    unanswered = wasAnswered(failure) ? 0 : unanswered + 1
    if (unanswered < MAX_UNANSWERED) return
    throw new ClaraError(
      'llm',
      `${name}: no answer for ${unanswered} chunks in a row: ${failure.reason}: check the base URL, ` +
        'that the server runs, and the timeout; then run again, replies received so far are kept',
    )
  }
}

function wasAnswered({ kind }: Failure): boolean {
  return kind === 'throttled' || kind === 'busy' || kind === 'rejected'
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number from 1, got ${value}`)
  }
}
