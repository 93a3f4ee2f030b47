/**
 * A local server that speaks the OpenAI protocol for chat completions and embeddings. Unless told otherwise it writes
 * questions and answers out of the passage that it is sent, always the same ones; a test's
 * `behave` makes it err in whatever way is wanted.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { writePairs } from './llm-writer.js'

export { passageIn, writePairs } from './llm-writer.js'

export interface ChatRequest {
  model: string
  messages: { role: string; content: string }[]
  response_format?: unknown
}

export interface EmbeddingRequest {
  model: string
  input: string[]
}

/** How to reply. Empty: well. */
export interface LlmReply {
  /** What the assistant says; default: `writePairs(body)`. */
  content?: string | null
  refusal?: string
  finishReason?: string
  /** null: none is sent. */
  usage?: { prompt_tokens: number; completion_tokens: number } | null
  delayMs?: number
  /** Other than 200: `error` is sent in place of a completion. */
  status?: number
  error?: Record<string, unknown>
  headers?: Record<string, string>
  /** Sent as it is, in place of a completion. */
  raw?: { type: string; body: string }
  /** Ends the connection before the headers or within the body. */
  cut?: 'before-headers' | 'in-body'
  /** Never ends the answer. */
  hang?: 'before-headers' | 'in-body'
}

export interface LlmServer {
  /** The base URL to give to the client; ends in /v1. */
  url: string
  /** The bodies in order of arrival, and the headers that came with them. */
  requests: ChatRequest[]
  headers: IncomingHttpHeaders[]
  /** Of chat completions, with their queries. */
  paths: string[]
  embeddings: EmbeddingRequest[]
  /** The largest number of requests that were under way at once. */
  readonly peak: number
  close(): Promise<void>
}

export interface LlmServerOptions {
  /** `index` counts requests from 0. */
  behave?: (body: ChatRequest, index: number) => LlmReply | Promise<LlmReply>
  /** Of embeddings. Empty: well. */
  embed?: (body: EmbeddingRequest, index: number) => Pick<LlmReply, 'status' | 'error' | 'headers' | 'raw'>
}

export async function startLlmServer(
  { behave = () => ({}), embed = () => ({}) }: LlmServerOptions = {},
  port = 0,
): Promise<LlmServer> {
  const requests: ChatRequest[] = []
  const headers: IncomingHttpHeaders[] = []
  const paths: string[] = []
  const embeddings: EmbeddingRequest[] = []
  let active = 0
  let peak = 0
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    if (request.method === 'POST' && request.url === '/v1/embeddings') {
      headers.push(request.headers)
      const asked = JSON.parse(text) as EmbeddingRequest
      embeddings.push(asked)
      const reply = embed(asked, embeddings.length - 1)
      const body = reply.raw ?? {
        type: 'application/json',
        body: reply.error ? JSON.stringify({ error: reply.error }) : embeddingsOf(asked),
      }
      response.writeHead(reply.status ?? 200, { 'content-type': body.type, ...reply.headers }).end(body.body)
      return
    }
    if (request.method !== 'POST' || request.url?.replace(/\?.*/, '') !== '/v1/chat/completions') {
      response.writeHead(404).end()
      return
    }
    const body = JSON.parse(text) as ChatRequest
    paths.push(request.url)
    headers.push(request.headers)
    const index = requests.push(body) - 1
    peak = Math.max(peak, ++active)
    response.once('close', () => active--)
    const reply = await behave(body, index)
    if (reply.delayMs) await sleep(reply.delayMs)
    answer(response, body, reply)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    headers,
    paths,
    embeddings,
    get peak() {
      return peak
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, body: ChatRequest, reply: LlmReply): void {
  if (reply.hang === 'before-headers') return
  if (reply.cut === 'before-headers') {
    response.destroy()
    return
  }
  const status = reply.status ?? 200
  const { type, body: text } = reply.raw ?? { type: 'application/json', body: payload(body, reply, status) }
  response.writeHead(status, { 'content-type': type, ...reply.headers })
  if (!reply.cut && !reply.hang) {
    response.end(text)
    return
  }
  response.write(text.slice(0, text.length / 2), () => {
    if (reply.cut) response.destroy()
  })
}

/** The body of an answer: a completion, or an error. */
export function payload(body: ChatRequest, reply: LlmReply, status = reply.status ?? 200): string {
  if (status !== 200) return JSON.stringify({ error: { message: `status ${status}`, ...reply.error } })
  const content = reply.content === undefined ? writePairs(body) : reply.content
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: body.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: reply.refusal ?? null },
        finish_reason: reply.finishReason ?? 'stop',
        logprobs: null,
      },
    ],
    ...(reply.usage !== null && { usage: reply.usage ?? { prompt_tokens: 100, completion_tokens: 20 } }),
  })
}

const DIMS = 64

/** A token for each word; texts that share words are near one another. Not of unit length. */
export function embeddingsOf({ model, input }: EmbeddingRequest): string {
  const words = input.map((text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['none'])
  const data = words.map((list, index) => {
    const embedding = new Array<number>(DIMS).fill(0.01)
    for (const word of list) embedding[crc32(word) % DIMS]! += 3
    return { object: 'embedding', index, embedding }
  })
  const tokens = words.flat().length
  return JSON.stringify({
    object: 'list',
    model,
    data: data.reverse(),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}
