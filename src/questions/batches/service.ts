/** OpenAI's files and batches, each call with deadline and retries. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { OpenAI } from 'openai'
import { createClient } from '../../endpoint/client.js'
import { withDeadline } from '../../endpoint/deadline.js'
import type { Failure } from '../../endpoint/failure.js'
import { redactorFor } from '../../endpoint/redact.js'
import { ClaraError } from '../../errors.js'
import type { Endpoint } from '../endpoint.js'
import { excerpt } from '../reply.js'
import { patiently } from './tries.js'

/** What is taken of the service's description of a batch. */
export interface BatchState {
  id: string
  status: string
  /** The file of replies; there is none before the end, or where there is nothing in it. */
  outputFile: string | undefined
  /** Requests that are done, as the service counts. */
  done: number
  /** Why it failed as a whole: one line, or empty. */
  reason: string
}

export interface BatchService {
  /** For messages. */
  name: string
  upload(path: string, signal?: AbortSignal): Promise<string>
  /** Not tried again where it cannot be known whether there is a batch now: look for it then. */
  create(fileId: string, token: string, signal?: AbortSignal): Promise<BatchState | 'unknown'>
  /** The batch that was created with this token. */
  find(token: string, signal?: AbortSignal): Promise<BatchState | undefined>
  get(id: string, signal?: AbortSignal): Promise<BatchState>
  download(fileId: string, path: string, signal?: AbortSignal): Promise<void>
}

/** By this name each batch carries its token. */
const TOKEN = 'clara_batch'
const TRANSFER_TIMEOUT_MS = 30 * 60_000
/** Of a file of replies. */
const MAX_FILE_BYTES = 4 * 2 ** 30
/** Of a listing. */
const MOST_LISTED = 2000

/** Every method throws ClaraError `llm` where the service does not do it; `signal.reason`. */
export function openBatchService(endpoint: Endpoint): BatchService {
  const client = createClient(endpoint, 8 << 20)
  const files = createClient(endpoint, MAX_FILE_BYTES)
  const { pieces } = redactorFor(endpoint)
  const name = pieces(`${client.baseURL}: model ${endpoint.model}`)
  const state = (batch: unknown) => stateOf(batch as OpenAI.Batch, pieces)
  const fail = ({ reason }: Failure): never => {
    throw new ClaraError(
      'llm',
      `${name}: ${excerpt(pieces(reason), 400)}: run the same command again to go on with its batches`,
    )
  }
  const answered = async <T>(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    call: (options: { signal: AbortSignal }) => Promise<T>,
  ) => {
    const result = await patiently(timeoutMs, signal, (deadline) => call({ signal: deadline }))
    return 'value' in result ? result.value : fail(result.failure)
  }

  return {
    name,
    async upload(path, signal) {
      const file = await answered(TRANSFER_TIMEOUT_MS, signal, (options) =>
        client.files.create({ file: createReadStream(path), purpose: 'batch' }, options),
      )
      return idOf(file, pieces)
    },
    async create(fileId, token, signal) {
      const body = {
        input_file_id: fileId,
        endpoint: '/v1/chat/completions' as const,
        completion_window: '24h' as const,
        metadata: { [TOKEN]: token },
      }
      const result = await withDeadline(endpoint.timeoutMs, signal, (deadline) =>
        client.batches.create(body, { signal: deadline }),
      )
      if ('value' in result) return state(result.value)
      if (result.failure.kind === 'rejected' || result.failure.kind === 'fatal') fail(result.failure)
      return 'unknown'
    },
    async find(token, signal) {
      const list = (after: string | undefined) =>
        answered(endpoint.timeoutMs, signal, (options) =>
          client.batches.list({ limit: 100, ...(after && { after }) }, options),
        )
      const found = await findBatch(list, token)
      return found && state(found)
    },
    async get(id, signal) {
      return state(
        await answered(endpoint.timeoutMs, signal, (options) => client.batches.retrieve(id, options)),
      )
    },
    async download(fileId, path, signal) {
      await answered(TRANSFER_TIMEOUT_MS, signal, async (options) => {
        const { body } = await files.files.content(fileId, options)
        await save(body as AsyncIterable<Uint8Array> | null, path)
      })
    },
  }
}

type Page = Pick<OpenAI.Batches.BatchesPage, 'data' | 'has_more'>

/** Page after page, the newest first; accounts hold thousands of batches. */
async function findBatch(
  list: (after: string | undefined) => Promise<Page>,
  token: string,
): Promise<OpenAI.Batch | undefined> {
  let after: string | undefined
  for (let listed = 0; listed < MOST_LISTED; ) {
    const page = await list(after)
    const batches = Array.isArray(page.data) ? page.data : []
    const found = batches.find((batch) => batch?.metadata?.[TOKEN] === token)
    if (found) return found
    after = batches.at(-1)?.id
    listed += batches.length
    if (batches.length === 0 || page.has_more !== true) return undefined
  }
  return undefined
}

async function save(parts: AsyncIterable<Uint8Array> | null, path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const part of parts ?? []) await file.writeFile(part)
  } finally {
    await file.close()
  }
}

function stateOf(batch: OpenAI.Batch, clean: (text: string) => string): BatchState {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const reasons = Array.isArray(batch?.errors?.data) ? batch.errors.data : []
  const done = batch?.request_counts?.completed
  return {
    id: idOf(batch, clean),
    status: excerpt(clean(text(batch.status) ?? 'unknown'), 40),
    outputFile: text(batch.output_file_id),
    done: Number.isSafeInteger(done) ? (done as number) : 0,
    reason: excerpt(
      clean(
        reasons
          .map((error) => text(error?.message) ?? '')
          .join('; ')
          .slice(0, 1 << 16),
      ),
      400,
    ),
  }
}

/** It goes into a URL and into the journal. */
function idOf(value: { id?: unknown } | undefined, clean: (text: string) => string): string {
  const id = value?.id
  if (typeof id === 'string' && /^[\w.:-]{1,200}$/.test(id) && clean(id) === id) return id
  throw new ClaraError('llm', 'the endpoint does not speak the Batch API: run without --batch')
}
