/**
 * One question to an OpenAI-compatible endpoint, with deadline and retries.
 *
 * The retries are ours and not those of the openai package (6.30.1), because there the deadline
 * ends with the response's headers, so that a body may hang for ever; a connection cut within the
 * body is not tried again; the wait before a retry cannot be aborted and keeps the process alive
 * for as long as Retry-After says; and each try leaves a listener on the caller's signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenAI } from 'openai'
import { ClaraError } from '../errors.js'
import { type Failure, failureOf, RETRIES, retryDelay } from './failure.js'
import { type Prompt, RESPONSE_FORMAT } from './prompt.js'
import { excerpt, type Reply } from './reply.js'

export interface Endpoint {
  model: string
  /** Default: the environment's OPENAI_BASE_URL, or OpenAI itself. */
  baseUrl?: string | undefined
  apiKey: string
  /** For one try, from the request to the end of the answer. Node's fetch gives up at 300 s. */
  timeoutMs: number
  /** Calls under way at once. */
  concurrency: number
}

export interface Usage {
  promptTokens: number
  completionTokens: number
}

/** `usage` is null where the endpoint gave none. */
export type PaidReply = Reply & { usage: Usage | null }

export type Answer = { reply: PaidReply } | { failure: Failure }

export interface Asker {
  /** For messages. */
  name: string
  /** Throws only `signal.reason`; what the endpoint does is in the answer. */
  ask(prompt: Prompt, signal: AbortSignal): Promise<Answer>
}

const MAX_TIMER_MS = 2 ** 31 - 1
/** Local servers take any key ("x", "ollama"); to blank out such a word would garble messages. */
const MIN_SECRET_CHARS = 8

type Completion = OpenAI.Chat.Completions.ChatCompletion
type Request = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming

/**
 * `onCall` is told of every request, retries included.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used.
 */
export function openEndpoint(endpoint: Endpoint, onCall: () => void): Asker {
  const client = createClient(endpoint)
  const redact = (text: string) =>
    endpoint.apiKey.length < MIN_SECRET_CHARS ? text : text.replaceAll(endpoint.apiKey, '***')
  let schemaRefused = false

  const request = async (prompt: Prompt, withSchema: boolean, signal: AbortSignal) => {
    const body = requestBody(endpoint.model, prompt, withSchema)
    return redactAnswer(await askPatiently(client, body, endpoint.timeoutMs, signal, onCall), redact)
  }
  return {
    name: redact(`${client.baseURL}: model ${endpoint.model}`),
    async ask(prompt, signal) {
      if (schemaRefused) return request(prompt, false, signal)
      const answer = await request(prompt, true, signal)
      if (!mayRefuseSchema(answer)) return answer
      // The refusal's words differ from server to server; that the same works without is the proof.
      const plain = await request(prompt, false, signal)
      if ('reply' in plain) schemaRefused = true
      return plain
    },
  }
}

function mayRefuseSchema(answer: Answer): boolean {
  return 'failure' in answer && (answer.failure.status === 400 || answer.failure.status === 422)
}

function createClient({ baseUrl, apiKey, timeoutMs }: Endpoint): OpenAI {
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) throw new RangeError(`timeoutMs: ${timeoutMs}`)
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ClaraError('usage', 'the API key is empty or holds blanks or characters beyond ASCII')
  }
  // Its log would go to stdout where OPENAI_LOG is set; its deadline must never come before ours.
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })
  const url = URL.canParse(client.baseURL) ? new URL(client.baseURL) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ClaraError('usage', `base URL ${client.baseURL}: expected http://… or https://…`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new ClaraError('usage', `base URL of ${url.host}: fetch takes no user name or password in a URL`)
  }
  return client
}

function requestBody(model: string, prompt: Prompt, withSchema: boolean): Request {
  return {
    model,
    messages: [
      { role: 'system', content: prompt.system },
      { role: 'user', content: prompt.user },
    ],
    ...(withSchema && { response_format: RESPONSE_FORMAT }),
  }
}

async function askPatiently(
  client: OpenAI,
  body: Request,
  timeoutMs: number,
  signal: AbortSignal,
  onCall: () => void,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted()
    onCall()
    const answer = await askOnce(client, body, timeoutMs, signal)
    if ('reply' in answer || attempt >= RETRIES[answer.failure.kind]) return answer
    await sleep(retryDelay(answer.failure, attempt), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    )
  }
}

async function askOnce(
  client: OpenAI,
  body: Request,
  timeoutMs: number,
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
    return { failure: { kind: 'broken', reason: `no answer within ${timeoutMs / 1000} s` } }
  } finally {
    clearTimeout(deadline)
    signal.removeEventListener('abort', abort)
  }
}

/** The package checks nothing: where a server answers 200 with a web page, that is what comes. */
function readCompletion(completion: Completion | string | undefined): Answer {
  const choice = typeof completion === 'object' ? completion?.choices?.[0] : undefined
  if (typeof completion !== 'object' || !choice?.message) {
    const found = typeof completion === 'string' ? completion : JSON.stringify(completion)
    return { failure: { kind: 'garbled', reason: `not a chat completion: ${found}` } }
  }
  const { content, refusal } = choice.message
  const usage = completion.usage && {
    promptTokens: completion.usage.prompt_tokens ?? 0,
    completionTokens: completion.usage.completion_tokens ?? 0,
  }
  const finishReason = refusal ? 'refusal' : String(choice.finish_reason)
  return { reply: { content: refusal || (content ?? ''), finishReason, usage: usage ?? null } }
}

function redactAnswer(answer: Answer, redact: (text: string) => string): Answer {
  if ('reply' in answer) return { reply: { ...answer.reply, content: redact(answer.reply.content) } }
  return { failure: { ...answer.failure, reason: excerpt(redact(answer.failure.reason), 400) } }
}
