/** One question to an OpenAI-compatible endpoint, in a form that it takes. */

import { readAnswer } from '../endpoint/answer.js'
import { type Answered, type CallLimits, createCalls, type Paid } from '../endpoint/calls.js'
import { createClient } from '../endpoint/client.js'
import { estimateTokens } from '../endpoint/price.js'
import { redactorFor } from '../endpoint/redact.js'
import { createRequestForms, type RequestForm } from '../endpoint/request-form.js'
import type { Spending } from '../endpoint/spending.js'
import type { Trial } from '../endpoint/trial.js'
import { mostUsage, readCompletion, redactAnswer, requestBody } from './completion.js'
import type { Prompt } from './prompt.js'
import type { Reply } from './reply.js'
import type { AskedWith } from './reply-journal.js'

/** What a request asks for beside the prompt: another model or other fields bring other replies. */
export interface RequestSettings {
  model: string
  /** Of one reply. Default: the server's own limit. */
  maxOutputTokens?: number | undefined
  requestParams?: RequestParams | undefined
}

/** Fields that are put into each request as they are. */
export type RequestParams = Record<string, unknown>

export interface Endpoint extends CallLimits, RequestSettings {
  /** Default: the environment's OPENAI_BASE_URL, or OpenAI itself. */
  baseUrl?: string | undefined
  apiKey: string
}

/** `batch`: paid at a discount. */
export type PaidReply = Reply & Paid & { batch?: true; asked?: AskedWith }

export type Answer = Answered<PaidReply>

export interface Asker {
  /** For messages. */
  name: string
  /**
   * What the endpoint does is in the answer.
   * @param again something was asked about the same before: it goes ahead of others.
   * @throws ClaraError `budget`; `signal.reason`.
   */
  ask(prompt: Prompt, signal: AbortSignal, again?: boolean): Promise<Answer>
  /** Calls that may be under way now. */
  readonly concurrency: number
}

/** Of one answer; a model that thinks aloud sends its thoughts along. */
const MAX_ANSWER_BYTES = 8 << 20
/** Of a reply and the schema, for the tokens that a call is taken to need before it is made. */
const LIKELY_TOKENS_BESIDES = 300

/**
 * `onCall` is told of every request, retries included; `remark` of what the endpoint turns out not to know.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used.
 */
export function openEndpoint(
  endpoint: Endpoint,
  spending: Spending,
  onCall: () => void,
  trial: Trial,
  remark: (text: string) => void = () => {},
): Asker {
  const client = createClient(endpoint, MAX_ANSWER_BYTES)
  const calls = createCalls(endpoint, spending, onCall, trial)
  const redactor = redactorFor(endpoint)
  const forms = createRequestForms(fieldsOf(endpoint), remark)
  return {
    name: redactor.pieces(`${client.baseURL}: model ${endpoint.model}`),
    async ask(prompt, signal, again = false) {
      const form = forms.forCall()
      const begin = () => {
        const sent = requestBody(endpoint, prompt, form.take())
        const send = async (deadline: AbortSignal) =>
          readAnswer(await client.chat.completions.create(sent, { signal: deadline }).asResponse())
        return { most: mostUsage(sent), send, read: readCompletion }
      }
      let answer: Answer | undefined
      try {
        const tokens = likelyTokens(prompt)
        answer = await calls.make<PaidReply>({ tokens, again, begin, form }, signal)
      } finally {
        form.end(answer !== undefined && 'reply' in answer)
      }
      return redactAnswer(answer, redactor)
    },
    get concurrency() {
      return calls.concurrency
    },
  }
}

/** Those of ours that can be given up. */
function fieldsOf({ maxOutputTokens, requestParams = {} }: RequestSettings): (keyof RequestForm)[] {
  return [
    ...('response_format' in requestParams ? [] : (['format'] as const)),
    ...(maxOutputTokens === undefined ? [] : (['limit'] as const)),
    'system',
  ]
}

function likelyTokens({ system, user }: Prompt): number {
  return estimateTokens(system) + estimateTokens(user) + LIKELY_TOKENS_BESIDES
}
