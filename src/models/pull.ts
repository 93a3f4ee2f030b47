/**
 * A model of the catalogue into the cache. It appears there whole, with every byte checked, or not
 * at all; what an interrupted pull got is kept beside it and continued.
 */
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClaraError } from '../errors.js'
import { replaceFile, syncDirectory } from '../files/durable-file.js'
import { type Holder, type Lock, waitForLock } from '../files/lock.js'
import { writeDirectory } from '../files/staged-directory.js'
import { cacheDirectory, modelDirectory, modelLock } from './cache-directory.js'
import type { Level, ModelCard } from './card.js'
import { type CatalogueEntry, entryFiles } from './catalogue.js'
import type { Identity } from './contents.js'
import { download } from './download.js'
import { openHttp } from './http.js'
import { fileUrl, type Hub } from './hub.js'
import { levelOf, readInstalled } from './installed.js'
import { copyFiles, openPartial, partOf, requireRoom } from './partial.js'
import { type Plan, planCopy, planPull } from './plan.js'

export interface PullOptions {
  endpoint: URL
  token?: string | undefined
  /** No request is made. */
  offline?: boolean
  /** A folder in the repository's layout, in place of the hub. */
  fromDir?: string | undefined
  /** Branch, tag or commit, in place of the catalogue's. */
  revision?: string | undefined
  /** Even where the model is there. */
  force?: boolean
  timeoutMs: number
  /** Of the first repetition. */
  backoffMs?: number
  onRemark: (text: string) => void
  /** `bytes` is 0 where the size is not known. */
  onProgress: (path: string, done: number, bytes: number) => void
}

export interface Pulled {
  name: string
  folder: string
  /** Repository and commit. */
  source: string
  verified: Level | undefined
  bytes: number
  /** It was there before; nothing was done. */
  present: boolean
}

const BACKOFF_MS = 500

/** @throws ClaraError `network`, `model`, `io`, `input`; `exists` when another machine holds the lock. */
export async function pullModel(entry: CatalogueEntry, options: PullOptions): Promise<Pulled> {
  await mkdir(dirname(modelDirectory(entry.name)), { recursive: true })
  const lock = await lockModel(entry.name, options.onRemark)
  try {
    if (!options.force && options.revision === undefined) {
      const installed = await readInstalled(entry.name)
      if (installed) return pulled(installed.card, true)
    }
    if (options.fromDir !== undefined) return await copyModel(entry, options.fromDir)
    if (options.offline) throw await missing(entry)
    return await downloadModel(entry, options)
  } finally {
    await lock.release()
  }
}

async function lockModel(name: string, onRemark: (text: string) => void): Promise<Lock> {
  const got = await waitForLock(modelLock(name), ({ pid }) =>
    onRemark(`${name}: waiting for process ${pid}, which is at it`),
  )
  if ('release' in got) return got
  throw lockedBy(name, got)
}

async function copyModel(entry: CatalogueEntry, from: string): Promise<Pulled> {
  const plan = planCopy(entry)
  const folder = await openPartial(entry.name, plan)
  await requireRoom(folder, plan.files)
  return publish(entry, plan, folder, await copyFiles(from, folder, plan.files))
}

async function downloadModel(entry: CatalogueEntry, options: PullOptions): Promise<Pulled> {
  const http = openHttp(options)
  const patience = { backoffMs: options.backoffMs ?? BACKOFF_MS, onRetry: options.onRemark }
  const hub: Hub = { endpoint: options.endpoint, http, patience }
  try {
    const plan = await planPull(entry, hub, options.revision)
    const installed = options.force ? undefined : await readInstalled(entry.name)
    if (installed?.card.source === plan.source) return pulled(installed.card, true)
    const folder = await openPartial(entry.name, plan)
    await requireRoom(folder, plan.files)
    const identities: Identity[] = []
    for (const file of plan.files) {
      const url = fileUrl(hub, entry.repository, plan.commit, file.path)
      const onBytes = (done: number) => options.onProgress(file.path, done, file.bytes ?? 0)
      identities.push(await download(hub, url, file, partOf(folder, file), { onBytes }))
    }
    return await publish(entry, plan, folder, identities)
  } finally {
    await http.close()
  }
}

async function publish(
  entry: CatalogueEntry,
  plan: Plan,
  folder: string,
  identities: Identity[],
): Promise<Pulled> {
  const card = cardOf(entry, plan, identities)
  await writeDirectory(modelDirectory(entry.name), { overwrite: true }, async (staged) => {
    for (const file of plan.files) {
      const to = join(staged, file.path)
      await mkdir(dirname(to), { recursive: true })
      await syncPath(partOf(folder, file))
      // a second name, so that a failure from here on loses nothing; where links are unknown, the only one
      await link(partOf(folder, file), to).catch(() => rename(partOf(folder, file), to))
      await syncDirectory(dirname(to))
    }
    await replaceFile(join(staged, 'card.json'), `${JSON.stringify(card, null, 2)}\n`)
  })
  await rm(folder, { recursive: true, force: true })
  return pulled(card, false)
}

function cardOf(entry: CatalogueEntry, plan: Plan, identities: Identity[]): ModelCard {
  const { model, externalData, tokenizer, tokenizerConfig, maxTokens, languages, licence, precision } = entry
  const use =
    entry.kind === 'reranker'
      ? { kind: entry.kind, labels: entry.labels }
      : {
          kind: entry.kind,
          dims: entry.dims,
          pooling: entry.pooling,
          normalised: entry.normalised,
          queryPrefix: entry.queryPrefix,
          documentPrefix: entry.documentPrefix,
        }
  const files = plan.files.map(({ path, level }, i) => {
    const { bytes, sha256 } = identities[i]!
    return { path, bytes, sha256, verified: level }
  })
  return {
    name: entry.name,
    ...use,
    maxTokens,
    languages: [...languages],
    precision,
    licence,
    source: plan.source,
    model: model.path,
    tokenizer: tokenizer.path,
    tokenizerConfig: tokenizerConfig.path,
    ...(externalData && { externalData: externalData.map(({ path }) => path) }),
    files,
  }
}

function pulled(card: ModelCard, present: boolean): Pulled {
  return {
    name: card.name,
    folder: modelDirectory(card.name),
    source: card.source,
    verified: levelOf(card.files),
    bytes: card.files.reduce((sum, { bytes }) => sum + bytes, 0),
    present,
  }
}

async function missing(entry: CatalogueEntry): Promise<ClaraError> {
  const files = entryFiles(entry)
  const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
  const size = files.every((file) => file.bytes !== undefined) ? `${bytes} bytes` : 'size unknown'
  return new ClaraError(
    'network',
    `${entry.name}: not in ${cacheDirectory()}, and offline: needs ${files.map(({ path }) => path).join(', ')} of ${entry.repository}@${entry.revision ?? 'main'} (${size}): bring them over in a folder and pass --from-dir`,
  )
}

/** For what does not wait. */
export function lockedBy(name: string, { pid, host, since }: Holder): ClaraError {
  return new ClaraError(
    'exists',
    `${name}: process ${pid} on ${host} has been working on it since ${since}; if it is no more, remove ${modelLock(name)}`,
  )
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  await handle.sync().finally(() => handle.close())
}
