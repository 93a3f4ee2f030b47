/** The requests of the next batch. */

import { randomBytes } from 'node:crypto'
import { NO_USAGE, sumOf, type Usage } from '../../endpoint/usage.js'
import { toJson } from '../../files/well-formed.js'
import { mostUsage, requestBody } from '../completion.js'
import { promptFor, promptKey } from '../prompt.js'
import type { Work } from '../tasks.js'
import type { Batching } from './batching.js'

const MAX_BATCH_BYTES = 190e6

/** Their lines: what has no reply, as far as limits and budget go. */
export async function nextRequests(
  works: () => AsyncIterable<Work>,
  given: ReadonlySet<string>,
  { endpoint, batchRequests, replies, spending }: Batching,
): Promise<string[]> {
  const token = randomBytes(12).toString('hex')
  const lines: string[] = []
  const taken = new Set<string>()
  let most: Usage = NO_USAGE
  let bytes = 0
  for await (const { task } of works()) {
    const key = promptKey(endpoint, task)
    if (replies.has(key) || given.has(key) || taken.has(key)) continue
    const prompt = promptFor(task, token)
    const body = requestBody(endpoint, prompt)
    const line = `${toJson({ custom_id: key, method: 'POST', url: '/v1/chat/completions', body })}\n`
    const one = mostUsage(body)
    const next = sumOf(most, one)
    bytes += Buffer.byteLength(line)
    if (lines.length >= batchRequests || (lines.length > 0 && bytes > MAX_BATCH_BYTES)) break
    if (!spending.fits(next, 'batch')) {
      if (lines.length === 0) spending.refuse(one, 'batch')
      break
    }
    most = next
    taken.add(key)
    lines.push(line)
  }
  return lines
}
