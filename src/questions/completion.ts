/** A chat completion: what is sent for a prompt, and what is taken of the answer. */
import type { OpenAI } from 'openai'
import { errorIn, readErrorBody } from '../endpoint/error-body.js'
import { failureIn } from '../endpoint/failure.js'
import { mostTokens } from '../endpoint/price.js'
import type { Redactor } from '../endpoint/redact.js'
import { FULL_FORM } from '../endpoint/request-form.js'
import { isTokenCount, type Usage } from '../endpoint/usage.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import type { Answer, RequestParams, RequestSettings } from './endpoint.js'
import { type Prompt, RESPONSE_FORMAT } from './prompt.js'
import { excerpt } from './reply.js'

export type Request = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming

/** Where the request sets no limit: more than questions and short answers take. */
export const UNLIMITED_REPLY_TOKENS = 4096
/** Of a server's text before it is searched for the key: an excerpt of it is what is kept. */
const MAX_REASON_CHARS = 1 << 16

/** The longest reply is left to the server where it is not given. */
export function requestBody(
  { model, maxOutputTokens, requestParams }: RequestSettings,
  { system, user }: Prompt,
  form = FULL_FORM,
): Request {
  const format = form.format === 'json_schema' ? RESPONSE_FORMAT : ({ type: 'json_object' } as const)
  return withParams(requestParams, {
    model,
    messages:
      form.system === 'own'
        ? [
            { role: 'system', content: system },
            { role: 'user', content: user },
          ]
        : [{ role: 'user', content: `${system}\n\n${user}` }],
    ...(maxOutputTokens !== undefined && { [form.limit]: maxOutputTokens }),
    ...(form.format !== 'none' && { response_format: format }),
  })
}

/** null leaves a field out that would be there. */
export function withParams(params: RequestParams | undefined, body: Request): Request {
  const entries = Object.entries({ ...body, ...params })
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as unknown as Request
}

/** The most that a request can cost. */
export function mostUsage(body: Request): Usage {
  return {
    promptTokens: mostTokens(JSON.stringify(body)),
    completionTokens: body.max_completion_tokens ?? body.max_tokens ?? UNLIMITED_REPLY_TOKENS,
  }
}

/** Nothing is known of it: where a server answers 200 with a web page, that is what comes. */
export function readCompletion(completion: unknown): Answer {
  const choices = isObject(completion) ? completion.choices : undefined
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message = isObject(choice) ? messageOf(choice) : undefined
  const error = errorIn(completion, message !== undefined)
  if (error) return { failure: failureIn(error) }
  if (!isObject(completion) || !isObject(choice) || !message) {
    const found =
      typeof completion === 'string' ? readErrorBody(completion).words : JSON.stringify(completion)
    // So do gateways answer where what is behind them is overloaded or failed.
    const isEmpty =
      isObject(completion) && ('choices' in completion || completion.object === 'chat.completion')
    if (isEmpty) return { failure: { kind: 'broken', reason: `a chat completion without a reply: ${found}` } }
    return { failure: { kind: 'garbled', reason: `not a chat completion: ${found}` } }
  }
  const refusal = textOf(message.refusal)
  const finishReason = refusal ? 'refusal' : String(choice.finish_reason)
  const content = refusal || contentOf(message)
  return { reply: { content, finishReason, usage: usageOf(completion.usage) } }
}

/** Gemini leaves it out where its filter has stopped the reply; older servers have a text. */
function messageOf({ message, text, finish_reason: finish }: JsonObject): JsonObject | undefined {
  if (isObject(message)) return message
  if (typeof text === 'string') return { content: text }
  return typeof finish === 'string' ? {} : undefined
}

/**
 * What the model says, wherever the server puts it. Some put a form that was asked for into the call of a tool, or, where
 * they take all that a model writes for thought, beside the thoughts: those count where they are JSON.
 */
function contentOf(message: JsonObject): string {
  const said = textOf(message.content)
  if (said.trim() !== '') return said
  const tools = Array.isArray(message.tool_calls) ? message.tool_calls : []
  for (const call of [...tools, { function: message.function_call }]) {
    const called = isObject(call) && isObject(call.function) ? textOf(call.function.arguments) : ''
    if (called.trim() !== '') return called
  }
  const thoughts = textOf(message.reasoning_content) || textOf(message.reasoning)
  return /^\s*(?:```\w*\s*)?[{[]/.test(thoughts) || /[\]}]\s*(?:```\s*)?$/.test(thoughts) ? thoughts : said
}

/** A text, or parts of one, thoughts left out; a server that reads JSON for us gives it back as a value. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) {
    return value.map((part) => (isObject(part) && !('text' in part) ? '' : textOf(part))).join('')
  }
  if (!isObject(value)) return ''
  if (THOUGHT.test(String(value.type))) return ''
  return 'text' in value ? textOf(value.text) : JSON.stringify(value)
}

const THOUGHT = /^(?:thinking|reasoning|redacted)/

/** null where the endpoint gave none, or none that can be. */
function usageOf(usage: unknown): Usage | null {
  if (!isObject(usage)) return null
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage
  return isTokenCount(promptTokens) && isTokenCount(completionTokens)
    ? { promptTokens, completionTokens }
    : null
}

export function redactAnswer(answer: Answer, redactor: Redactor): Answer {
  if ('failure' in answer) {
    const reason = redactor.pieces(answer.failure.reason.slice(0, MAX_REASON_CHARS))
    return { failure: { ...answer.failure, reason: excerpt(reason, 400) } }
  }
  const { reply } = answer
  const finishReason = excerpt(redactor.pieces(reply.finishReason.slice(0, MAX_REASON_CHARS)), 40)
  return { reply: { ...reply, content: redactor.whole(reply.content), finishReason } }
}
