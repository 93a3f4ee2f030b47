/**
 * Calls to an OpenAI-compatible endpoint, each in its turn, with deadline, budget and retries.
 *
 * The retries are ours and not those of the openai package (6.30.1), because there the deadline
 * ends with the response's headers, so that a body may hang for ever; a connection cut within the
 * body is not tried again; the wait before a retry cannot be aborted and keeps the process alive
 * for as long as Retry-After says; and each try leaves a listener on the caller's signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './call-window.js'
import { MAX_TIMER_MS } from './client.js'
import { withDeadline } from './deadline.js'
import { type Failure, type FailureKind, isLate, RETRIES, retryDelay } from './failure.js'
import { createOutage, type Outage } from './outage.js'
import { createPace, type Pace, type PaceLimits } from './pace.js'
import type { FormOfCall } from './request-form.js'
import type { Spending } from './spending.js'
import type { Trial, TrialCall } from './trial.js'
import type { Usage } from './usage.js'

export interface CallLimits extends PaceLimits {
  /** For one try, from the request to the end of the answer. */
  timeoutMs: number
}

/** `usage` is null where the endpoint gave none; `atMost` then bounds it. */
export interface Paid {
  usage: Usage | null
  atMost?: Usage
}

export type Answered<R extends Paid> = { reply: R } | { failure: Failure }

interface Call<R extends Paid> {
  /** Tokens that it will take, estimated. */
  tokens: number
  /** Part of it was done before: it goes ahead of those that were not begun. */
  again: boolean
  /** When its turn comes, for each try. */
  begin(): Try<R>
  /** Where the endpoint may refuse the form of the request, and not what is asked. */
  form?: FormOfCall
}

interface Try<R extends Paid> {
  /** What it can cost. */
  most: Usage
  send(signal: AbortSignal): Promise<unknown>
  /** Of what came. */
  read(answer: unknown): Answered<R>
}

export interface Calls {
  /**
   * What the endpoint does is in the answer.
   * @throws ClaraError `budget`; `signal.reason`.
   */
  make<R extends Paid>(call: Call<R>, signal: AbortSignal): Promise<Answered<R>>
  /** Calls that may be under way now. */
  readonly concurrency: number
}

/** So many times a call is made again because it waited behind others; then it is taken to be late for itself. */
const MOST_QUEUED = 8
/** So many times one finds nobody where others do. */
const MOST_UNREACHABLE = 30

/** What all calls share. */
interface Line {
  pace: Pace
  outage: Outage
  spending: Spending
  timeoutMs: number
  onCall: () => void
}

/**
 * @param onCall is told of every request, retries included.
 * @param trial until it has succeeded few calls are made.
 */
export function createCalls(
  limits: CallLimits,
  spending: Spending,
  onCall: () => void,
  trial?: Trial,
): Calls {
  const { timeoutMs } = limits
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) throw new RangeError(`timeoutMs: ${timeoutMs}`)
  const pace = createPace(limits, undefined, trial?.most)
  trial?.onSuccess(pace.wake)
  const line = { pace, outage: createOutage(), spending, timeoutMs, onCall }
  return {
    async make(call, signal) {
      const tries = trial?.call()
      const begin = () => {
        tries?.begin()
        return call.begin()
      }
      try {
        return await askPatiently(line, { ...call, begin }, signal, tries)
      } finally {
        tries?.end()
        setImmediate(pace.wake) // once it is counted what the call came to
      }
    },
    get concurrency() {
      return pace.concurrency
    },
  }
}

async function askPatiently<R extends Paid>(
  line: Line,
  call: Call<R>,
  signal: AbortSignal,
  tries: TrialCall | undefined,
): Promise<Answered<R>> {
  const made = { all: 0, failed: 0, queued: 0, unreachable: 0 }
  for (;;) {
    const { answer, isQueued } = await askInTurn(line, { ...call, again: call.again || made.all > 0 }, signal)
    if ('reply' in answer) return answer
    made.all++
    const { failure } = answer
    const mayTryAgain = tries?.fail(failure.kind) ?? true
    if (await call.form?.isRefused(failure)) {
      made.failed = 0
      continue
    }
    if (isQueued && made.queued++ < MOST_QUEUED) continue
    if (failure.kind === 'unreachable') {
      const wait = line.outage.waitMs()
      if (wait === undefined || made.unreachable++ >= MOST_UNREACHABLE) return answer
      line.pace.pause(wait)
      continue
    }
    const { ms, everyone } = retryDelay(failure, made.failed)
    if (everyone) line.pace.pause(ms)
    if (made.failed++ >= RETRIES[failure.kind] || !mayTryAgain) return answer
    if (!everyone) await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

async function askInTurn<R extends Paid>(
  line: Line,
  call: Call<R>,
  signal: AbortSignal,
): Promise<{ answer: Answered<R>; isQueued: boolean }> {
  const { pace, spending } = line
  const turn = await turnOf(pace, call, signal)
  let answer: Answered<R> | undefined
  try {
    const attempt = call.begin()
    const { most } = attempt
    const release = await spending.reserve(most, signal)
    try {
      line.onCall()
      answer = boundUsage(await askOnce(line, attempt, signal), most)
      if ('reply' in answer) spending.add(answer.reply.usage ?? most, 'direct')
      else if (MAY_BE_PAID.has(answer.failure.kind) || isLate(answer.failure)) spending.lose(most)
      const isForOthers = 'failure' in answer && (isLate(answer.failure) || answer.failure.kind === 'full')
      return { answer, isQueued: isForOthers && turn.isQueued }
    } finally {
      release()
    }
  } finally {
    const outcome = outcomeOf(answer)
    if (answer && outcome !== 'unreachable') line.outage.end()
    turn.end(outcome, tokensOf(answer))
  }
}

/** Not while another call finds out how to ask. */
async function turnOf<R extends Paid>(pace: Pace, { form, tokens, again }: Call<R>, signal: AbortSignal) {
  for (;;) {
    await form?.hold()
    const turn = await pace.turn(tokens, signal, again)
    if (!form?.hold()) return turn
    turn.end('failed', 0)
  }
}

/** The server may have done its work before something went wrong. */
const MAY_BE_PAID = new Set<FailureKind>(['broken', 'late', 'garbled'])

function boundUsage<R extends Paid>(answer: Answered<R>, most: Usage): Answered<R> {
  return 'reply' in answer && !answer.reply.usage ? { reply: { ...answer.reply, atMost: most } } : answer
}

function outcomeOf(answer: Answered<Paid> | undefined): Outcome {
  if (!answer) return 'failed'
  if ('reply' in answer) return 'served'
  const { kind } = answer.failure
  if (isLate(answer.failure)) return 'late'
  return kind === 'throttled' || kind === 'full' || kind === 'unreachable' ? kind : 'failed'
}

function tokensOf(answer: Answered<Paid> | undefined): number | undefined {
  const usage = answer && 'reply' in answer ? answer.reply.usage : undefined
  return usage ? usage.promptTokens + usage.completionTokens : undefined
}

async function askOnce<R extends Paid>(
  { timeoutMs }: Line,
  { send, read }: Try<R>,
  signal: AbortSignal,
): Promise<Answered<R>> {
  const result = await withDeadline(timeoutMs, signal, async (deadline) => read(await send(deadline)))
  return 'value' in result ? result.value : result
}
