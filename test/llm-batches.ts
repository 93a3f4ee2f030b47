/**
 * A local server that speaks OpenAI's files and batches, and chat completions beside them. What it holds
 * outlives the clients, as the real one's does. `cutAfter` ends the connection when a call has had its
 * effect and before it is answered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChatRequest, type LlmReply, payload } from './llm-server.js'

type Step = 'upload' | 'create' | 'list' | 'get' | 'content' | 'chat'

export interface BatchServerOptions {
  /** How the n-th request of all batches is answered. */
  behave?: (body: ChatRequest, index: number) => LlmReply
  /** How often a batch is looked at before it has ended. */
  looks?: number
  /** So many requests of the n-th batch are done, then it is this. */
  end?: (
    batch: number,
    requests: number,
  ) => { done: number; status: 'expired' | 'cancelled' | 'failed' } | undefined
  /** What becomes of a line of the file of replies. */
  changeLine?: (line: string) => string
  cutAfter?: (step: Step, count: number) => boolean
  /** Called when a call has had its effect, before it is answered. */
  onStep?: (step: Step, count: number) => unknown
  /** Put into every text of the server's own. */
  key?: string
}

interface Batch {
  id: string
  input: string
  metadata: Record<string, string>
  looks: number
}

interface Line {
  custom_id: string
  body: ChatRequest
}

export async function startBatchServer(options: BatchServerOptions = {}) {
  const {
    behave = (): LlmReply => ({}),
    changeLine = (line: string) => line,
    looks = 1,
    end,
    cutAfter,
    onStep,
    key = '',
  } = options
  const files = new Map<string, string>()
  const batches: Batch[] = []
  const steps: Partial<Record<Step, number>> = {}
  /** What was paid for: the key of each request that was answered with a completion. */
  const paid: string[] = []
  const chats: ChatRequest[] = []
  const done = new Map<string, object>()
  let answered = 0

  const finish = (batch: Batch) => {
    const lines = files
      .get(batch.input)!
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const early = end?.(batches.indexOf(batch), lines.length)
    const [good, bad] = [[] as string[], [] as string[]]
    for (const [i, { custom_id, body }] of lines.entries()) {
      const reply = behave(body, answered++)
      const status = reply.status ?? 200
      if (early && i >= early.done) {
        bad.push(
          JSON.stringify({ custom_id, response: null, error: { code: 'batch_expired', message: key } }),
        )
        continue
      }
      const response = { status_code: status, body: reply.raw?.body ?? JSON.parse(payload(body, reply)) }
      if (status === 200) paid.push(custom_id)
      ;(status === 200 ? good : bad).push(JSON.stringify({ id: 'r', custom_id, response, error: null }))
    }
    const state = { id: batch.id, status: early?.status ?? 'completed' }
    const file = (lines: string[], name: string) => {
      if (lines.length === 0) return null
      files.set(`${name}-${batch.id}`, `${lines.reverse().map(changeLine).join('\n')}\n`) // in no order
      return `${name}-${batch.id}`
    }
    const refused = state.status === 'failed'
    return {
      ...state,
      metadata: batch.metadata,
      request_counts: { total: lines.length, completed: good.length, failed: bad.length },
      output_file_id: refused ? null : file(good, 'output'),
      error_file_id: refused ? null : file(bad, 'errors'),
      errors: refused
        ? { data: [{ code: 'token_limit_exceeded', message: `Too many tokens ${key}` }] }
        : null,
    }
  }
  const look = (batch: Batch) => {
    if (batch.looks++ < looks) return { id: batch.id, status: 'in_progress', metadata: batch.metadata }
    if (!done.has(batch.id)) done.set(batch.id, finish(batch))
    return done.get(batch.id)!
  }

  const route = (method: string, path: string, body: Buffer): [Step, unknown] | undefined => {
    if (method === 'POST' && path === '/v1/files') {
      const id = `file-${files.size}`
      files.set(id, fileIn(body))
      return ['upload', { id, object: 'file' }]
    }
    if (method === 'POST' && path === '/v1/batches') {
      const { input_file_id: input, metadata } = JSON.parse(body.toString())
      const batch = { id: `batch_${batches.length}`, input, metadata, looks: 0 }
      batches.push(batch)
      return ['create', { id: batch.id, status: 'validating', metadata }]
    }
    if (method === 'GET' && /^\/v1\/batches\?/.test(path)) {
      const data = batches.map(({ id, metadata }) => ({ id, status: 'in_progress', metadata })).reverse()
      return ['list', { object: 'list', data: data.slice(0, 100), has_more: false }]
    }
    const batch = batches.find(({ id }) => path === `/v1/batches/${id}`)
    if (method === 'GET' && batch) return ['get', look(batch)]
    const content = files.get(/^\/v1\/files\/(.+)\/content$/.exec(path)?.[1] ?? '')
    if (method === 'GET' && content !== undefined) return ['content', content]
    if (path !== '/v1/chat/completions') return undefined
    const chat = JSON.parse(body.toString())
    chats.push(chat)
    return ['chat', JSON.parse(payload(chat, {}))]
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const found = route(request.method!, request.url!, Buffer.concat(parts))
    if (!found) {
      response.writeHead(404).end(JSON.stringify({ error: { message: `no such thing ${key}` } }))
      return
    }
    const [step, answer] = found
    const count = (steps[step] ?? 0) + 1
    steps[step] = count
    await onStep?.(step, count)
    if (cutAfter?.(step, count)) return void response.destroy()
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    response.writeHead(200, {
      'content-type': typeof answer === 'string' ? 'application/octet-stream' : 'application/json',
    })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    batches,
    files,
    steps,
    paid,
    chats,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The part of a form that is a file. */
function fileIn(body: Buffer): string {
  const text = body.toString()
  const boundary = text.slice(0, text.indexOf('\r\n'))
  const part = text.split(boundary).find((each) => each.includes('filename='))!
  return part.slice(part.indexOf('\r\n\r\n') + 4, -2)
}
