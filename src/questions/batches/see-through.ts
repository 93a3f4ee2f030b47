/** One batch, from wherever it stands to its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Usage } from '../../endpoint/usage.js'
import { ClaraError } from '../../errors.js'
import type { Batching } from './batching.js'
import { collect } from './collect.js'
import type { BatchRecord } from './journal.js'
import type { BatchState } from './service.js'

const MAX_POLL_MS = 30_000
/** A batch that was created may be missing from the list for a moment. */
const LIST_DELAY_MS = 2000
const ENDED = ['completed', 'expired', 'cancelled', 'failed']

/** Its replies are in the journal then. */
export async function seeThrough(
  record: BatchRecord,
  requests: ReadonlyMap<string, Usage>,
  ids: ReadonlyMap<string, string>,
  work: Batching,
): Promise<BatchState> {
  const { service, batches, counts, onProgress, signal } = work
  let known = record
  if (!known.batchId) {
    const { id } = await createdBatch(record, work)
    known = { ...known, batchId: id }
    await batches.note(known)
  }
  counts.batches++
  for (let wait = work.pollMs ?? 1000; ; wait = Math.min(wait * 1.5, MAX_POLL_MS)) {
    const state = await service.get(known.batchId!, signal)
    onProgress?.({ id: state.id, status: state.status, done: state.done, requests: requests.size })
    if (ENDED.includes(state.status)) {
      await collect(state, requests, ids, work)
      await batches.note({ ...known, collected: true })
      if (state.status === 'failed') throw refusedBatch(state, work)
      return state
    }
    await sleep(wait, undefined, { signal })
  }
}

function refusedBatch({ id, reason }: BatchState, { service }: Batching): ClaraError {
  return new ClaraError(
    'llm',
    `${service.name}: batch ${id} was refused: ${reason || 'no reason given'}: run again, with fewer --batch-requests if it was too large`,
  )
}

/** The batch of this record, which may have been created by a process that did not live to note its id. */
async function createdBatch(
  record: BatchRecord,
  { service, batches, signal }: Batching,
): Promise<BatchState> {
  const { token } = record
  let { fileId } = record
  const lookAgain = async () => {
    await sleep(LIST_DELAY_MS, undefined, { signal })
    return service.find(token, signal)
  }
  if (fileId) {
    const found = (await service.find(token, signal)) ?? (await lookAgain())
    if (found) return found
  } else {
    fileId = await service.upload(batches.requestsPath(token), signal)
    await batches.note({ token, fileId })
  }
  for (let attempt = 0; attempt < 3; attempt++) {
    const created = await service.create(fileId, token, signal)
    if (created !== 'unknown') return created
    const found = await lookAgain()
    if (found) return found
  }
  throw new ClaraError(
    'llm',
    `${service.name}: the batch could not be created: run the same command again to go on`,
  )
}
