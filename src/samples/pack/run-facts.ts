/** What a run says of itself: the few facts of report.json and run.json that go into a manifest. */
import { readFile, stat } from 'node:fs/promises'
import { join, posix, win32 } from 'node:path'
import { ClaraError, isErrno } from '../../errors.js'
import { isObject, type JsonObject, parseObject } from '../../files/json-value.js'
import { readError } from '../../files/read-error.js'
import { REPORT_FILE } from '../write.js'

export interface Model {
  name: string | null
  /** `null` where the run did not note it. */
  sha256: string | null
}

export interface RunFacts {
  /** Of the samples; `null` where nothing was mined, or no report is there. */
  topK: number | null
  seed: number | null
  models: { embedder: Model | null; reranker: Model | null; llm: Model | null }
}

/** A report of millions of rejected reasons is still far from this. */
const MOST_BYTES = 16 << 20
const RUN_FILE = 'run.json'

/** @throws ClaraError `input` where a run has not finished, or a file of it is damaged. */
export async function readRunFacts(directory: string): Promise<RunFacts> {
  const report = await readJson(join(directory, REPORT_FILE))
  const run = await readJson(join(directory, RUN_FILE))
  if (run && !report) {
    throw new ClaraError(
      'input',
      `${directory}: the run in it has not finished (${RUN_FILE} is there, ${REPORT_FILE} is not): run the same command again`,
    )
  }
  const changeable = objectAt(run, 'changeable')
  const models = objectAt(report, 'models')
  return {
    topK: wholeAt(report, 'top_k'),
    seed: wholeAt(report, 'seed') ?? wholeAt(changeable, 'seed'),
    models: {
      embedder: modelOf(nameAt(report, 'embedder'), hashAt(models, 'embedder') ?? hashAt(run, 'embedder')),
      reranker: modelOf(
        nameAt(report, 'reranker'),
        hashAt(models, 'reranker') ?? hashAt(changeable, 'reranker'),
      ),
      llm: modelOf(nameAt(run, 'llm'), null),
    },
  }
}

/** A hash without a name: chunks were cut by that model's tokens, though it embedded nothing. */
function modelOf(name: string | null, sha256: string | null): Model | null {
  return name === null && sha256 === null ? null : { name, sha256 }
}

async function readJson(path: string): Promise<JsonObject | undefined> {
  const text = await stat(path)
    .then((info) => {
      if (info.isFile() && info.size <= MOST_BYTES) return readFile(path, 'utf8')
      throw new ClaraError('input', `${path}: is no file of at most ${MOST_BYTES >> 20} MiB`)
    })
    .catch((error) => {
      if (isErrno(error, 'ENOENT')) return undefined
      throw readError(path, error)
    })
  if (text === undefined) return undefined
  const value = parseObject(text)
  if (value) return value
  throw new ClaraError('input', `${path}: is not a JSON object`)
}

function objectAt(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key]
  return isObject(value) ? value : undefined
}

function wholeAt(object: JsonObject | undefined, key: string): number | null {
  const value = object?.[key]
  return Number.isSafeInteger(value) ? (value as number) : null
}

function hashAt(object: JsonObject | undefined, key: string): string | null {
  const value = object?.[key]
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : null
}

/** A model that was named by its folder keeps the folder's last part: where it lay is nobody's business. */
function nameAt(object: JsonObject | undefined, key: string): string | null {
  const value = object?.[key]
  if (typeof value !== 'string' || value === '') return null
  const folder = isAbsolutePath(value) ? win32.basename(posix.basename(value)) : value
  return folder.slice(0, 200)
}

/** Of this system or another. */
export function isAbsolutePath(text: string): boolean {
  return /^(?:[/\\~]|[A-Za-z]:[/\\]|file:)/.test(text)
}
