/** The replies of a batch that has ended, into the journal of replies. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { redactorFor } from '../../endpoint/redact.js'
import type { Usage } from '../../endpoint/usage.js'
import { isObject } from '../../files/json-value.js'
import { parseLine, readLines } from '../../files/jsonl.js'
import { readCompletion, redactAnswer } from '../completion.js'
import type { PaidReply } from '../endpoint.js'
import type { Batching } from './batching.js'
import type { BatchState } from './service.js'

const APPENDED_AT_ONCE = 500
const MAX_REPLY_BYTES = 8 << 20

export async function collect(
  state: BatchState,
  requests: ReadonlyMap<string, Usage>,
  ids: ReadonlyMap<string, string>,
  { service, replies, spending, counts, endpoint, journalPath, signal }: Batching,
): Promise<void> {
  if (!state.outputFile) return
  const path = join(dirname(journalPath), '.llm_batch_replies.tmp')
  const redactor = redactorFor(endpoint)
  let group: Promise<void>[] = []
  try {
    await service.download(state.outputFile, path, signal)
    for await (const raw of readLines(path)) {
      const line = raw.bytes && raw.bytes.byteLength <= MAX_REPLY_BYTES ? parseLine(raw) : undefined
      const received = isObject(line) ? receivedOf(line.value) : undefined
      const most = received && requests.get(received.key)
      if (!received || !most || replies.has(received.key)) continue
      const answer = redactAnswer(readCompletion(received.body), redactor)
      if ('failure' in answer) continue
      const { usage } = answer.reply
      const reply: PaidReply = { ...answer.reply, ...(!usage && { atMost: most }), batch: true }
      counts.replies++
      spending.add(usage ?? most, 'batch')
      group.push(replies.keep(received.key, ids.get(received.key) ?? '', reply))
      if (group.length < APPENDED_AT_ONCE) continue
      await Promise.all(group)
      group = []
    }
    await Promise.all(group)
  } finally {
    await Promise.allSettled(group)
    await rm(path, { force: true })
  }
}

function receivedOf(value: unknown): { key: string; body: unknown } | undefined {
  if (!isObject(value) || typeof value.custom_id !== 'string' || !isObject(value.response)) return undefined
  const { status_code: status, body } = value.response
  return status === 200 ? { key: value.custom_id, body } : undefined
}
