/** Has an endpoint write questions and answers for each chunk. */
import { randomBytes } from 'node:crypto'
import type { Chunk } from '../chunks/chunk.js'
import { mapInOrder } from '../endpoint/in-order.js'
import { createSpending, type Spending, type SpendingOptions } from '../endpoint/spending.js'
import { createTrial, type Trial } from '../endpoint/trial.js'
import type { FileProblem } from '../errors.js'
import { type Asker, type Endpoint, openEndpoint, type PaidReply } from './endpoint.js'
import { type Prompt, promptFor, promptKey, repairKey, repairPrompt, type Writing } from './prompt.js'
import { excerpt, type ParsedReply, parseReply, type Written } from './reply.js'
import { openReplyJournal, type ReplyJournal } from './reply-journal.js'
import { causeOf, isRepairable } from './reply-remedy.js'
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
  /** Ask anew where a reply was paid for that cannot be used, with unchanged settings, too. */
  retryFailed?: boolean | undefined
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

const RETRY = '; --retry-failed asks about the same passages again all the same'

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
 * does not ask for it again. One that could not be used, nor its repair, is asked for again only by another endpoint,
 * with other parameters, or where it was cut off and may be longer now.
 * A chunk that fails goes to `onProblem`, in chunk order too. The iteration throws
 * `ClaraError` `llm` where the endpoint will answer nothing (key, model, credit, no connection) or nothing that can be used,
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
  const trial = createTrial('chunks')
  const asker = openEndpoint(options.endpoint, spending, () => counts.calls++, trial, options.onRemark)
  const written = generate(chunks, options, { asker, trial, counts, spending })
  return { written, name: asker.name, counts, spending, concurrency: () => asker.concurrency }
}

/** What a run's parts share. */
interface Run {
  asker: Asker
  trial: Trial
  counts: GenerateCounts
  spending: Spending
}

async function* generate(
  chunks: AsyncIterable<Chunk>,
  options: GenerateOptions,
  { asker, trial, counts, spending }: Run,
): AsyncGenerator<WrittenChunk> {
  const { endpoint, onProblem, onProgress, signal, retryFailed = false } = options
  signal?.throwIfAborted()
  const journal = await openReplyJournal(options.journalPath, endpoint, (reply) =>
    causeOf(reply, parseReply(reply), endpoint.maxOutputTokens),
  )
  spending.before(journal.used.direct, 'direct')
  spending.before(journal.used.batch, 'batch')
  try {
    const { succeeded, wasted } = journal.before
    trial.begin({ name: asker.name, succeeded, wasted: retryFailed ? [] : wasted, insist: RETRY })
    const work = questionWriter(options, asker, { trial, journal, counts })
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
  { endpoint, retryFailed = false }: GenerateOptions,
  asker: Asker,
  { trial, journal, counts }: Pick<Run, 'trial' | 'counts'> & { journal: ReplyJournal },
) {
  // One token a run: no passage knows it, and the system prompt stays the same, so that servers
  // can keep it in their prompt cache.
  const token = randomBytes(12).toString('hex')
  const underWay = new Map<string, Promise<ParsedReply>>()

  /** @throws ClaraError `llm` where there is no point in asking on. */
  const ask = async (
    key: string,
    work: Work,
    prompt: Prompt,
    signal: AbortSignal,
    again = false,
  ): Promise<PaidReply | { problem: string }> => {
    const answer = await asker.ask(prompt, signal, again)
    if ('failure' in answer) {
      trial.fail(answer.failure)
      await trial.verdict()
      return { problem: answer.failure.reason }
    }
    const cause = causeOf(answer.reply, parseReply(answer.reply), endpoint.maxOutputTokens)
    if (cause) trial.waste(cause)
    else trial.succeed()
    await journal.keep(key, idsOf(work), answer.reply)
    counts.promptTokens += answer.reply.usage?.promptTokens ?? 0
    counts.completionTokens += answer.reply.usage?.completionTokens ?? 0
    if (!answer.reply.usage) counts.uncounted++
    await trial.verdict()
    return answer.reply
  }

  /** What is in the journal and was asked for as now. */
  const settled = async (key: string): Promise<PaidReply | undefined> => {
    const kept = await journal.find(key)
    return kept && !retryFailed && journal.isSettled(kept) ? kept : undefined
  }

  /** A reply that cannot be used is sent back once. */
  const mended = async (key: string, work: Work, reply: PaidReply, signal: AbortSignal) => {
    const parsed = parseReply(reply)
    if (!('problem' in parsed) || !isRepairable(reply)) return parsed
    const again = repairKey(key, reply.content)
    const prompt = repairPrompt(work.task, reply.content, parsed.problem, token)
    const repair =
      (await settled(again)) ?? (await trial.repair(signal, () => ask(again, work, prompt, signal, true)))
    const second = 'problem' in repair ? repair : parseReply(repair)
    if ('problem' in second)
      return { problem: `${parsed.problem}; asked again: ${excerpt(second.problem, 100)}` }
    counts.repaired++
    return second
  }

  const write = async (key: string, work: Work, signal: AbortSignal): Promise<ParsedReply> => {
    const reply = (await settled(key)) ?? (await ask(key, work, promptFor(work.task, token), signal))
    return 'problem' in reply ? reply : mended(key, work, reply, signal)
  }

  return async (work: Work, _index: number, signal: AbortSignal) => {
    const key = promptKey(endpoint, work.task)
    const same = (await writtenBefore(journal, key)) ?? underWay.get(key)
    if (same) {
      counts.fromJournal++
      return { ...work, parsed: await same }
    }
    const asked = trial.item(() => write(key, work, signal)).finally(() => underWay.delete(key))
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
