/** Starts llama.cpp's server, where setup.mjs has installed it, and counts what is asked of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type ChatRequest, passageIn } from '../llm-server.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const isInstalled = existsSync(here('.venv/done'))

export interface LlamaServer {
  /** Ends in /v1. */
  url: string
  port: number
  process: ChildProcess
}

/** @param flags of serve.py. The server goes when the test has run. */
export async function startLlama(...flags: string[]): Promise<LlamaServer> {
  const child = spawn(here('.venv/bin/python'), [here('serve.py'), ...flags])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log = (log + text).slice(-2000)
  })
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  const address = String(said).trim()
  if (!URL.canParse(address)) throw new Error(`llama.cpp's server does not start: ${log}`)
  return { url: `${address}/v1`, port: Number(new URL(address).port), process: child }
}

export interface Counted {
  url: string
  /** Passages of the calls in order, a repair marked as such, with the status of the answer once it has gone out whole. */
  calls: { about: string; status?: number; atOnce: number; body: Record<string, unknown> }[]
}

/** A server in front of it that counts. */
export async function counting({ port: to }: LlamaServer): Promise<Counted> {
  const calls: Counted['calls'] = []
  let active = 0
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    const body = JSON.parse(text) as ChatRequest & Record<string, unknown>
    const isRepair = /^<reply-/m.test(body.messages?.at(-1)?.content ?? '')
    const about = body.messages ? `${passageIn(body)}${isRepair ? ' (repair)' : ''}` : ''
    const call: Counted['calls'][number] = { about, atOnce: ++active, body }
    calls.push(call)
    const onward = forward({ port: to, path: request.url, method: request.method, headers: request.headers })
    response.once('close', () => {
      active--
      onward.destroy()
    })
    onward.once('error', () => response.destroy())
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response).once('finish', () => {
        call.status = answer.statusCode!
      })
    })
    onward.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls }
}
