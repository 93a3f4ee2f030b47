/** Has an endpoint write questions and answers for each chunk. */
import { randomBytes } from 'node:crypto'
import type { Chunk } from '../chunks/chunk.js'
import { mapInOrder } from '../endpoint/in-order.js'
import { createSpending, type Spending, type SpendingOptions } from '../endpoint/spending.js'
import { unansweredGuard } from '../endpoint/unanswered.js'
import type { FileProblem } from '../errors.js'
import { type Asker, type Endpoint, openEndpoint, type PaidReply } from './endpoint.js'
import { type Prompt, promptFor, promptKey, repairKey, repairPrompt, type Writing } from './prompt.js'
import { excerpt, isRefusal, type ParsedReply, parseReply, type Written } from './reply.js'
import { openReplyJournal, type ReplyJournal } from './reply-journal.js'
import { idsOf, type Related, tasksFor, type Work } from './tasks.js'

/** A chunk, or several, what was asked for, and what the model wrote. */
export interface WrittenChunk extends Written, Work {}

export interface GenerateOptions extends SpendingOptions {
  endpoint: Endpoint
  writing: Writing
  /** For multi-hop pairs. */
  related?: Related | undefined
  /** Created where it is missing. */
  journalPath: string
  /** Chunks dealt with so far, failed ones included. */
  onProgress?: ((done: number) => void) | undefined
  onProblem: (problem: FileProblem) => void
  /** Told of what the endpoint turns out not to know. */
  onRemark?: ((text: string) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface GenerateCounts {
  /** Dealt with, failed ones and groups of chunks included. */
  chunks: number
  /** Requests sent, retries included. */
  calls: number
  /** Chunks that needed no call: their reply, or that to the same passage, was there. */
  fromJournal: number
  pairs: number
  /** Chunks whose reply could not be used, but the one to a second request. */
  repaired: number
  /** Chunks without a usable reply. */
  failed: number
  /** Of this run's replies, as the endpoint counts; replies from the journal not included. */
  promptTokens: number
  completionTokens: number
  /** Of this run's replies, those that came without such a count: what is spent has the most that each could cost. */
  uncounted: number
}

/** One run: what was written as it comes, and what is known of the run meanwhile. */
export interface Generation {
  written: AsyncGenerator<WrittenChunk>
  /** Of endpoint and model, for messages: no key is in it. */
  name: string
  counts: GenerateCounts
  spending: Spending
  /** Calls that may be under way now. */
  concurrency(): number
}

/** Chunks that may have been begun and not yet given out, for each call that may be under way. */
const AHEAD = 8

/**
 * Yields what was written in chunk order, whatever order the replies came in. `counts` is filled meanwhile.
 *
 * Each reply is in the journal before it is used; a later run with the same journal, model and prompt
 * does not ask for it again, unless neither it nor its repair could be parsed.
 * A chunk that fails goes to `onProblem`, in chunk order too. The iteration throws
 * `ClaraError` `llm` where the endpoint will answer nothing (key, model, credit, no connection),
 * `budget` where the next call could exceed it, `input` for a damaged journal, `exists` where another
 * process has the journal, and `signal.reason` after an abort.
 * @throws ClaraError `usage` at once for a base URL or an API key that cannot be used.
 */
export function generateQuestions(chunks: AsyncIterable<Chunk>, options: GenerateOptions): Generation {
  requireCount('pairsPerChunk', options.writing.pairsPerChunk)
  requireCount('concurrency', options.endpoint.concurrency)
  const counts: GenerateCounts = {
    chunks: 0,
    calls: 0,
    fromJournal: 0,
    pairs: 0,
    repaired: 0,
    failed: 0,
    promptTokens: 0,
    completionTokens: 0,
    uncounted: 0,
  }
  const spending = createSpending(options)
  const asker = openEndpoint(options.endpoint, spending, () => counts.calls++, options.onRemark)
  const written = generate(chunks, options, asker, counts, spending)
  return { written, name: asker.name, counts, spending, concurrency: () => asker.concurrency }
}

async function* generate(
  chunks: AsyncIterable<Chunk>,
  options: GenerateOptions,
  asker: Asker,
  counts: GenerateCounts,
  spending: Spending,
): AsyncGenerator<WrittenChunk> {
  const { onProblem, onProgress, signal } = options
  signal?.throwIfAborted()
  const journal = await openReplyJournal(options.journalPath)
  spending.before(journal.used.direct, 'direct')
  spending.before(journal.used.batch, 'batch')
  try {
    const work = questionWriter(options, asker, journal, counts)
    const held = options.endpoint.concurrency * AHEAD
    const tasks = tasksFor(chunks, options.writing, options.related)
    for await (const { parsed, ...asked } of mapInOrder(tasks, held, signal, work)) {
      counts.chunks++
      if ('problem' in parsed) {
        counts.failed++
        onProblem({ path: `chunk ${idsOf(asked)}`, reason: parsed.problem })
      } else {
        counts.pairs += parsed.pairs.length
        yield { ...asked, ...parsed }
      }
      onProgress?.(counts.chunks)
    }
  } finally {
    await journal.close()
  }
}

/** What is done for one chunk: find its reply or ask for it, then parse it. */
function questionWriter(
  { endpoint }: GenerateOptions,
  asker: Asker,
  journal: ReplyJournal,
  counts: GenerateCounts,
) {
  // One token a run: no passage knows it, and the system prompt stays the same, so that servers
  // can keep it in their prompt cache.
  const token = randomBytes(12).toString('hex')
  const underWay = new Map<string, Promise<ParsedReply>>()
  const note = unansweredGuard(asker.name, 'chunks')

  const ask = async (
    key: string,
    work: Work,
    prompt: Prompt,
    signal: AbortSignal,
  ): Promise<PaidReply | { problem: string }> => {
    const answer = await asker.ask(prompt, signal)
    note(answer)
    if ('failure' in answer) return { problem: answer.failure.reason }
    await journal.keep(key, idsOf(work), answer.reply)
    counts.promptTokens += answer.reply.usage?.promptTokens ?? 0
    counts.completionTokens += answer.reply.usage?.completionTokens ?? 0
    if (!answer.reply.usage) counts.uncounted++
    return answer.reply
  }

  /** A reply that cannot be used is sent back once. */
  const mended = async (key: string, work: Work, reply: PaidReply, signal: AbortSignal) => {
    const parsed = parseReply(reply)
    if (!('problem' in parsed) || isRefusal(reply)) return parsed
    const again = repairKey(key, reply.content)
    const repair =
      (await journal.find(again)) ??
      (await ask(again, work, repairPrompt(work.task, reply.content, parsed.problem, token), signal))
    const second = 'problem' in repair ? repair : parseReply(repair)
    if ('problem' in second)
      return { problem: `${parsed.problem}; asked again: ${excerpt(second.problem, 100)}` }
    counts.repaired++
    return second
  }

  const write = async (key: string, work: Work, signal: AbortSignal): Promise<ParsedReply> => {
    const kept = await journal.find(key)
    const reply =
      kept && !isRefusal(kept) && !journal.has(repairKey(key, kept.content))
        ? kept // the run ended between the reply and its repair
        : await ask(key, work, promptFor(work.task, token), signal)
    return 'problem' in reply ? reply : mended(key, work, reply, signal)
  }

  return async (work: Work, _index: number, signal: AbortSignal) => {
    const key = promptKey(endpoint, work.task)
    const same = (await writtenBefore(journal, key)) ?? underWay.get(key)
    if (same) {
      counts.fromJournal++
      return { ...work, parsed: await same }
    }
    const asked = write(key, work, signal).finally(() => underWay.delete(key))
    underWay.set(key, asked)
    return { ...work, parsed: await asked }
  }
}

/** The kept reply, or its repair, where it can be used. */
async function writtenBefore(journal: ReplyJournal, key: string): Promise<Written | undefined> {
  const kept = await journal.find(key)
  const parsed = kept && parseReply(kept)
  if (!parsed || !('problem' in parsed)) return parsed
  const repair = await journal.find(repairKey(key, kept.content))
  const second = repair && parseReply(repair)
  return !second || 'problem' in second ? undefined : second
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number from 1, got ${value}`)
  }
}
