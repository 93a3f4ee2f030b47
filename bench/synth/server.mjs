// A server that speaks chat completions, takes its time, and errs as often as it is told: which replies fail is
// drawn from the seed, the passage and how often it was asked, and so does not depend on the order of calls.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Shares of all calls. */
export const FAULTS = { throttled: 0.05, broken: 0.02, cut: 0.01, malformed: 0.02 }
/** No passage fails more often than this in a row, so that none is given up. */
const MOST_FAULTS = 2

/** @param key put into headers and whatever fails. @param padding blanks behind what the model says. */
export async function startServer({ latencyMs, faults = FAULTS, seed = 1, key, padding = 0 }) {
  const passages = new Map()
  const log = {
    requests: 0,
    finished: 0,
    firstAt: undefined,
    lastAt: undefined,
    underWay: 0,
    peak: 0,
    outcomes: {},
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    const body = JSON.parse(text)
    const passage = passageIn(body)
    const known = passages.get(passage) ?? { asked: 0, failed: 0, finished: 0 }
    passages.set(passage, known)
    const fault = known.failed < MOST_FAULTS ? drawFault(faults, `${seed} ${known.asked} ${passage}`) : 'none'
    known.asked++
    known.failed = fault === 'none' ? 0 : known.failed + 1
    log.requests++
    log.outcomes[fault] = (log.outcomes[fault] ?? 0) + 1
    log.firstAt ??= performance.now()
    log.peak = Math.max(log.peak, ++log.underWay)
    response.once('close', () => log.underWay--)
    await sleep(latencyMs)
    response.once('finish', () => {
      log.lastAt = performance.now()
      if (fault !== 'none') return
      log.finished++
      known.finished++ // all of it is with the system, and on its way
    })
    reply(response, fault, completion(body, passage, padding), key)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    log,
    passages,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/** In [0, 1), the same for the same text. */
const drawn = (text) => createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32

function drawFault(faults, text) {
  let value = drawn(text)
  for (const [name, share] of Object.entries(faults)) {
    if (value < share) return name
    value -= share
  }
  return 'none'
}

function reply(response, fault, text, key = '') {
  const headers = { 'content-type': 'application/json', 'x-debug': `Bearer ${key}` }
  const error = (status, message) => {
    response.writeHead(status, headers).end(JSON.stringify({ error: { message: `${message} ${key}` } }))
  }
  if (fault === 'throttled') return error(429, 'Rate limit reached')
  if (fault === 'broken') return error(500, 'The server had an error')
  response.writeHead(200, headers)
  if (fault === 'none') response.end(text)
  else if (fault === 'malformed') response.end(`${text.slice(0, -20)} ${key}`)
  else response.write(text.slice(0, text.length / 2), () => response.destroy())
}

function passageIn({ messages }) {
  const { content } = messages.find(({ role }) => role === 'user')
  return content.slice(content.indexOf('\n') + 1, content.lastIndexOf('\n'))
}

/** What follows the first words of the passage? */
function completion({ model, messages }, passage, padding) {
  const words = passage.split(/\s+/)
  const { content: system } = messages.find(({ role }) => role === 'system')
  const pair = {
    type: /^- 1 × ([a-z-]+)/m.exec(system)[1],
    question: `What comes after “${words.slice(0, 8).join(' ')}”?`,
    answer: words.slice(8, 12).join(' '),
    quotes: [words.slice(0, 12).join(' ')],
  }
  const content = JSON.stringify({ summary: passage, pairs: [pair] }) + ' '.repeat(padding)
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  const usage = { prompt_tokens: 300 + words.length, completion_tokens: 40 }
  return JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 0, model, choices, usage })
}
