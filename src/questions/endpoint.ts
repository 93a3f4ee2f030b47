/** One question to an OpenAI-compatible endpoint: with the schema where it knows how, without where not. */

import { readAnswer } from '../endpoint/answer.js'
import { type Answered, type CallLimits, createCalls, type Paid } from '../endpoint/calls.js'
import { createClient } from '../endpoint/client.js'
import { estimateTokens } from '../endpoint/price.js'
import { createRedactor } from '../endpoint/redact.js'
import type { Spending } from '../endpoint/spending.js'
import { mostUsage, type Request, readCompletion, redactAnswer, requestBody } from './completion.js'
import type { Prompt } from './prompt.js'
import type { Reply } from './reply.js'

export interface Endpoint extends CallLimits {
  model: string
  /** Default: the environment's OPENAI_BASE_URL, or OpenAI itself. */
  baseUrl?: string | undefined
  apiKey: string
  /** Of one reply. Default: the server's own limit. */
  maxOutputTokens?: number | undefined
}

/** `batch`: paid at a discount. */
export type PaidReply = Reply & Paid & { batch?: true }

export type Answer = Answered<PaidReply>

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

/**
 * `onCall` is told of every request, retries included.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used.
 */
export function openEndpoint(endpoint: Endpoint, spending: Spending, onCall: () => void): Asker {
  const { model, maxOutputTokens } = endpoint
  const client = createClient(endpoint, MAX_ANSWER_BYTES)
  const calls = createCalls(endpoint, spending, onCall)
  const redactor = createRedactor(endpoint.apiKey)
  let schemaRefused = false

  const request = async (prompt: Prompt, again: boolean, body: () => Request, signal: AbortSignal) => {
    const begin = () => {
      const sent = body()
      const send = async (deadline: AbortSignal) =>
        readAnswer(await client.chat.completions.create(sent, { signal: deadline }).asResponse())
      return { most: mostUsage(sent), send, read: readCompletion }
    }
    const answer = await calls.make<PaidReply>({ tokens: likelyTokens(prompt), again, begin }, signal)
    return redactAnswer(answer, redactor)
  }
  const withoutSchema = (prompt: Prompt) => requestBody(model, prompt, { withSchema: false, maxOutputTokens })
  return {
    name: redactor.pieces(`${client.baseURL}: model ${model}`),
    async ask(prompt, signal) {
      let withSchema = true
      const body = () => {
        withSchema = !schemaRefused // as is known when the call's turn comes
        return requestBody(model, prompt, { withSchema, maxOutputTokens })
      }
      const answer = await request(prompt, false, body, signal)
      if (!withSchema || !mayRefuseSchema(answer)) return answer
      // The refusal's words differ from server to server; that the same works without is the proof.
      const plain = await request(prompt, true, () => withoutSchema(prompt), signal)
      if ('reply' in plain) schemaRefused = true
      return plain
    },
    get concurrency() {
      return calls.concurrency
    },
  }
}

function mayRefuseSchema(answer: Answer): boolean {
  return 'failure' in answer && (answer.failure.status === 400 || answer.failure.status === 422)
}

function likelyTokens({ system, user }: Prompt): number {
  return estimateTokens(system) + estimateTokens(user) + LIKELY_TOKENS_BESIDES
}
