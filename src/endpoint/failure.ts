/** Sorts what can go wrong with a call: whether to try again, to skip the chunk or to stop the run. */
import { APIConnectionError, APIConnectionTimeoutError } from 'openai'
import { messageOf } from '../errors.js'
import { StatusError } from './bounded-fetch.js'
import { readErrorBody, type ServerError } from './error-body.js'
import { type Refusal, refusalOf } from './refusal.js'

/**
 * `unreachable`: no connection. `broken`: connected, and no whole answer came. `late`: nor by its
 * deadline. `throttled`: the server has too many calls. `full`: their texts together are too long for it. `busy`: it asks to come again. `garbled`: an
 * answer that is no chat completion. `rejected`: it will not answer this request. `refused`: because of what the
 * passage says. `unclear`: because of that or of whose request it is, which it does not say. `fatal`: it will answer none.
 */
export type FailureKind =
  | 'unreachable'
  | 'broken'
  | 'late'
  | 'throttled'
  | 'full'
  | 'busy'
  | 'garbled'
  | 'rejected'
  | 'refused'
  | 'unclear'
  | 'fatal'

export interface Failure {
  kind: FailureKind
  /** One line. May hold whatever the server sent, the API key included. */
  reason: string
  status?: number
  /** How long the server asked us to wait, milliseconds. */
  retryAfterMs?: number
}

/** Calls after the first. A call that broke off may have been paid for, so those are few. */
export const RETRIES: Record<FailureKind, number> = {
  unreachable: 4,
  broken: 2,
  late: 2,
  throttled: 10,
  full: 2,
  busy: 6,
  garbled: 0,
  rejected: 0,
  refused: 0,
  unclear: 0,
  fatal: 0,
}

/** Most failures are gone at once; what is not takes longer than doubling would wait for in as many tries. */
const FIRST_DELAY_MS = 100
const DELAY_GROWTH = 3
const MAX_DELAY_MS = 16_000
/** A server may ask for a day; a person would rather see the chunk fail and run again later. */
const MAX_RETRY_AFTER_MS = 120_000

/**
 * Before try number `attempt + 1`, milliseconds. `everyone`: no other call should begin meanwhile,
 * because the server said when to come again, or is not there. Jitter is full (from 0 on): calls that
 * were turned away together would otherwise come back together.
 */
export function retryDelay(failure: Failure, attempt: number): { ms: number; everyone: boolean } {
  if (failure.retryAfterMs !== undefined) {
    return { ms: Math.min(failure.retryAfterMs, MAX_RETRY_AFTER_MS), everyone: true }
  }
  const ms = Math.random() * Math.min(FIRST_DELAY_MS * DELAY_GROWTH ** attempt, MAX_DELAY_MS)
  return { ms, everyone: failure.kind === 'unreachable' }
}

const REDIRECTED = 'the endpoint is somewhere else: give the address that it redirects to as base URL'
const FATAL: Record<Refusal, string> = {
  key: 'check the API key',
  credit: "check the account's credit",
  access: 'check that this API key may use this model',
  model: "check the model's name and the base URL (most end in /v1)",
}

/** `error`: what the openai package threw, other than for an abort of ours. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SyntaxError) return { kind: 'broken', reason: 'the answer is not JSON' }
  if (error instanceof APIConnectionError && error.cause instanceof StatusError)
    return statusFailure(error.cause)
  if (error instanceof APIConnectionError) return connectionFailure(error)
  // What is left comes from reading the body: the connection ended in the middle of it.
  return { kind: 'broken', reason: `the answer broke off: ${rootCause(error)}` }
}

function statusFailure({ status, headers, body }: StatusError): Failure {
  const said = readErrorBody(body)
  const reason = `${status} ${said.words || 'status code (no body)'}`
  const failure = sorted({ said, status, reason, shouldRetry: headers.get('x-should-retry') !== 'false' })
  const retryAfterMs = retryAfter(headers)
  const isRetried = RETRIES[failure.kind] > 0
  return { ...failure, status, ...(isRetried && retryAfterMs !== undefined && { retryAfterMs }) }
}

/** Of an error in an answer whose status says that all is well. */
export function failureIn(said: ServerError): Failure {
  const { status, words, codes } = said
  const what = words || codes || 'no words about it'
  return sorted({ said, status, reason: `the answer is an error: ${status ? `${status} ` : ''}${what}` })
}

interface Sortable {
  said: ServerError
  status: number | undefined
  reason: string
  shouldRetry?: boolean
}

function sorted({ said, status, reason, shouldRetry = true }: Sortable): Failure {
  if (status !== undefined && status < 400) return { kind: 'fatal', reason: `${reason}: ${REDIRECTED}` }
  const refusal = refusalOf(said, status)
  if (refusal === 'passage') return { kind: 'refused', reason }
  if (refusal === 'unclear') return { kind: 'unclear', reason }
  if (refusal) return { kind: 'fatal', reason: `${reason}: ${FATAL[refusal]}` }
  return { kind: shouldRetry ? loadOf(said, status) : 'rejected', reason }
}

/** What the model wrote did not keep to the form, so that the server gave none of it out: Groq, llama.cpp. Another try may. */
export const MISHAP =
  /json_validate_failed|failed_generation|failed to generate json|(?:output|response|generation)\b.{0,40}\b(?:does not|did not|doesn't) (?:match|conform)/i

const OVERLOADED =
  /rate.?limit|too.?many.?requests|throttl|overloaded|over ?capacity|resource_exhausted|\bbusy\b|try again/i
const OUT_OF_ORDER =
  /internal|server_error|unavailable|time.?out|timed out|temporar|upstream|bad gateway|provider returned error/i

/** llama.cpp's slots share one context by default, and it has no room for all that are under way. */
const SHARED_CONTEXT_FULL = /context size has been exceeded|no (?:free )?kv.cache slot|kv.cache is full/i
/** Of servers that say with a 5xx that they will never read so much. */
const TOO_LONG =
  /exceeds? the (?:available|maximum) (?:context|number of tokens)|too (?:large|long|big) to process|input (?:\([^)]*\) )?is too large|exceeds? (?:the )?context (?:window|length)|exceed_context_size|maximum context length|context_length_exceeded/i

function loadOf({ words, codes }: ServerError, status: number | undefined): FailureKind {
  const told = `${codes} ${words}`
  if (MISHAP.test(told)) return 'broken'
  if (SHARED_CONTEXT_FULL.test(told)) return 'full'
  if (TOO_LONG.test(told) && status !== 429) return 'rejected'
  if (status === 429 || status === 503 || status === 529) return 'throttled'
  if ((status === undefined || status === 403) && OVERLOADED.test(told)) return 'throttled'
  if (status === undefined) return OUT_OF_ORDER.test(told) ? 'busy' : 'rejected'
  const isLasting = status === 501 || status === 505 // what is not implemented
  return status === 408 || status === 409 || status === 425 || (status >= 500 && !isLasting)
    ? 'busy'
    : 'rejected'
}

/** It ran out of time, here or at a gateway on the way: behind other calls, or by itself. */
export function isLate({ kind, status }: Failure): boolean {
  return kind === 'late' || status === 408 || status === 504 || status === 524
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3); `retry-after-ms` is OpenAI's. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (exact >= 0) return exact
  const value = headers?.get('retry-after') ?? ''
  const wait = /^[\d.]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

/** The server took the connection and then dropped it. */
const DROPPED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

function connectionFailure(error: APIConnectionError): Failure {
  // Our own deadline is dealt with by the caller, so this is the connection that was not taken.
  if (error instanceof APIConnectionTimeoutError) return { kind: 'unreachable', reason: 'timed out' }
  const code = codeOf(error)
  const kind = code !== undefined && DROPPED.has(code) ? 'broken' : 'unreachable'
  return { kind, reason: `connection failed: ${rootCause(error)}` }
}

/** fetch says "fetch failed"; what failed stands in the cause of the cause. */
function rootCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause !== undefined) return rootCause(cause)
  return messageOf(error) || codeOf(error) || 'no reason given'
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause)
}
