/**
 * One question to an OpenAI-compatible endpoint, in its turn, with deadline and retries.
 *
 * The retries are ours and not those of the openai package (6.30.1), because there the deadline
 * ends with the response's headers, so that a body may hang for ever; a connection cut within the
 * body is not tried again; the wait before a retry cannot be aborted and keeps the process alive
 * for as long as Retry-After says; and each try leaves a listener on the caller's signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenAI } from 'openai'
import type { Outcome } from './call-window.js'
import { createClient, MAX_TIMER_MS } from './client.js'
import { mostUsage, type Request, readCompletion, redactAnswer, requestBody } from './completion.js'
import { type Failure, type FailureKind, failureOf, RETRIES, retryDelay } from './failure.js'
import { createPace, type Pace, type PaceLimits } from './pace.js'
import { estimateTokens } from './price.js'
import type { Prompt } from './prompt.js'
import { createRedactor } from './redact.js'
import type { Reply } from './reply.js'
import type { Spending } from './spending.js'

export interface Endpoint extends PaceLimits {
  model: string
  /** Default: the environment's OPENAI_BASE_URL, or OpenAI itself. */
  baseUrl?: string | undefined
  apiKey: string
  /** For one try, from the request to the end of the answer. Node's fetch gives up at 300 s. */
  timeoutMs: number
  /** Of one reply. Default: the server's own limit. */
  maxOutputTokens?: number | undefined
}

export interface Usage {
  promptTokens: number
  completionTokens: number
}

/** `usage` is null where the endpoint gave none; `atMost` then bounds it. `batch`: paid at a discount. */
export type PaidReply = Reply & { usage: Usage | null; atMost?: Usage; batch?: true }

export type Answer = { reply: PaidReply } | { failure: Failure }

export interface Asker {
  /** For messages. */
  name: string
  /**
   * What the endpoint does is in the answer.
   * @throws ClaraError `budget`; `signal.reason`.
   */
  ask(prompt: Prompt, signal: AbortSignal): Promise<Answer>
  /** Calls that may be under way now. */
  readonly concurrency: number
}

/** Of one answer; a model that thinks aloud sends its thoughts along. */
const MAX_ANSWER_BYTES = 8 << 20
/** Of a reply and the schema, for the tokens that a call is taken to need before it is made. */
const LIKELY_TOKENS_BESIDES = 300

/** What all calls share. */
interface Line {
  client: OpenAI
  pace: Pace
  spending: Spending
  timeoutMs: number
  onCall: () => void
}

interface Call {
  prompt: Prompt
  body: () => Request
  /** Part of it was done before. */
  again: boolean
}

/**
 * `onCall` is told of every request, retries included.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used.
 */
export function openEndpoint(endpoint: Endpoint, spending: Spending, onCall: () => void): Asker {
  const { model, timeoutMs, maxOutputTokens } = endpoint
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) throw new RangeError(`timeoutMs: ${timeoutMs}`)
  const client = createClient(endpoint, MAX_ANSWER_BYTES)
  const pace = createPace(endpoint)
  const line = { client, pace, spending, timeoutMs, onCall }
  const redactor = createRedactor(endpoint.apiKey)
  let schemaRefused = false

  const request = async (call: Call, signal: AbortSignal) =>
    redactAnswer(await askPatiently(line, call, signal), redactor)
  const withoutSchema = (prompt: Prompt) => requestBody(model, prompt, { withSchema: false, maxOutputTokens })
  return {
    name: redactor.pieces(`${client.baseURL}: model ${model}`),
    async ask(prompt, signal) {
      let withSchema = true
      const body = () => {
        withSchema = !schemaRefused // as is known when the call's turn comes
        return requestBody(model, prompt, { withSchema, maxOutputTokens })
      }
      const answer = await request({ prompt, body, again: false }, signal)
      if (!withSchema || !mayRefuseSchema(answer)) return answer
      // The refusal's words differ from server to server; that the same works without is the proof.
      const plain = await request({ prompt, body: () => withoutSchema(prompt), again: true }, signal)
      if ('reply' in plain) schemaRefused = true
      return plain
    },
    get concurrency() {
      return pace.concurrency
    },
  }
}

function mayRefuseSchema(answer: Answer): boolean {
  return 'failure' in answer && (answer.failure.status === 400 || answer.failure.status === 422)
}

async function askPatiently(line: Line, call: Call, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await askInTurn(line, { ...call, again: call.again || attempt > 0 }, signal)
    if ('reply' in answer) return answer
    const { ms, everyone } = retryDelay(answer.failure, attempt)
    if (everyone) line.pace.pause(ms)
    if (attempt >= RETRIES[answer.failure.kind]) return answer
    if (!everyone) await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

async function askInTurn(line: Line, call: Call, signal: AbortSignal): Promise<Answer> {
  const { pace, spending } = line
  const turn = await pace.turn(likelyTokens(call.prompt), signal, call.again)
  let answer: Answer | undefined
  try {
    const body = call.body()
    const most = mostUsage(body)
    const release = await spending.reserve(most, signal)
    try {
      line.onCall()
      answer = boundUsage(await askOnce(line, body, signal), most)
      if ('reply' in answer) spending.add(answer.reply.usage ?? most, 'direct')
      else if (MAY_BE_PAID.has(answer.failure.kind)) spending.lose(most)
      return answer
    } finally {
      release()
    }
  } finally {
    turn.end(outcomeOf(answer), tokensOf(answer))
  }
}

function likelyTokens({ system, user }: Prompt): number {
  return estimateTokens(system) + estimateTokens(user) + LIKELY_TOKENS_BESIDES
}

/** The server may have done its work before something went wrong. */
const MAY_BE_PAID = new Set<FailureKind>(['broken', 'late', 'garbled'])

function boundUsage(answer: Answer, most: Usage): Answer {
  return 'reply' in answer && !answer.reply.usage ? { reply: { ...answer.reply, atMost: most } } : answer
}

function outcomeOf(answer: Answer | undefined): Outcome {
  if (!answer) return 'failed'
  if ('reply' in answer) return 'served'
  const { kind } = answer.failure
  return kind === 'throttled' || kind === 'late' ? 'throttled' : 'failed'
}

function tokensOf(answer: Answer | undefined): number | undefined {
  const usage = answer && 'reply' in answer ? answer.reply.usage : undefined
  return usage ? usage.promptTokens + usage.completionTokens : undefined
}

async function askOnce(
  { client, timeoutMs }: Pick<Line, 'client' | 'timeoutMs'>,
  body: Request,
  signal: AbortSignal,
): Promise<Answer> {
  const call = new AbortController()
  const abort = () => call.abort()
  const deadline = setTimeout(abort, timeoutMs)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return readCompletion(await client.chat.completions.create(body, { signal: call.signal }))
  } catch (error) {
    signal.throwIfAborted()
    if (!call.signal.aborted) return { failure: failureOf(error) }
    return { failure: { kind: 'late', reason: `no answer within ${timeoutMs / 1000} s` } }
  } finally {
    clearTimeout(deadline)
    signal.removeEventListener('abort', abort)
  }
}
