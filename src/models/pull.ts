/**
 * A model of the catalogue into the cache. It appears there whole, with every byte checked, or not
 * at all; what an interrupted pull got is kept beside it and continued.
 */
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ClaraError } from '../errors.js'
import { replaceFile, syncDirectory } from '../files/durable-file.js'
import { type Holder, type Lock, waitForLock } from '../files/lock.js'
import { writeDirectory } from '../files/staged-directory.js'
import { adviseByHand } from './by-hand.js'
import { cacheDirectory, modelDirectory, modelLock } from './cache-directory.js'
import type { Level, ModelCard } from './card.js'
import { type CatalogueEntry, entryFiles } from './catalogue.js'
import type { Identity } from './contents.js'
import { download } from './download.js'
import { locateFiles } from './from-folder.js'
import { openHttp } from './http.js'
import type { Hub } from './hub.js'
import type { HubKind } from './hub-settings.js'
import { type Installed, levelOf, readInstalled } from './installed.js'
import { copyFiles, openPartial, partOf, requireRoom } from './partial.js'
import { type Plan, planCopy, planPull } from './plan.js'

export interface PullOptions {
  endpoint: URL
  /** Default: huggingface. */
  kind?: HubKind
  token?: string | undefined
  /** No request is made. */
  offline?: boolean
  /** A folder that has the files, in place of the hub. */
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
      if (installed) {
        const card = await refreshCard(entry, installed)
        if (card !== installed.card)
          options.onRemark(`${entry.name}: its card is set to what is known now: docs/models.md`)
        return pulled(card, true)
      }
    }
    if (options.fromDir !== undefined) return await copyModel(entry, options.fromDir)
    if (options.offline) throw missing(entry)
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
  const places = await locateFiles(from, entry, plan.files)
  const folder = await openPartial(entry.name, plan)
  await requireRoom(folder, plan.files)
  return publish(entry, plan, folder, await copyFiles(places, folder, plan.files))
}

async function downloadModel(entry: CatalogueEntry, options: PullOptions): Promise<Pulled> {
  const { endpoint, kind = 'huggingface', token, timeoutMs } = options
  const http = openHttp({ endpoint, credentials: credentialsFor(kind, token), timeoutMs })
  const patience = { backoffMs: options.backoffMs ?? BACKOFF_MS, onRetry: options.onRemark }
  const hub: Hub = { endpoint, kind, http, patience }
  try {
    const plan = await planPull(entry, hub, options.revision)
    const installed = options.force ? undefined : await readInstalled(entry.name)
    if (installed?.card.source === plan.source) return pulled(installed.card, true)
    const folder = await openPartial(entry.name, plan)
    await requireRoom(folder, plan.files)
    const identities: Identity[] = []
    for (const file of plan.files) {
      const onBytes = (done: number) => options.onProgress(file.path, done, file.bytes ?? 0)
      identities.push(await download(hub, plan.urlOf(file.path), file, partOf(folder, file), { onBytes }))
    }
    return await publish(entry, plan, folder, identities)
  } catch (error) {
    if (!(error instanceof ClaraError) || !['network', 'model'].includes(error.code)) throw error
    throw new ClaraError(error.code, error.message, {
      cause: error.cause,
      advice: adviseByHand(entry, endpoint),
    })
  } finally {
    await http.close()
  }
}

/** ModelScope's older addresses know a session by its cookie, where its newer ones take the header. */
function credentialsFor(kind: HubKind, token: string | undefined): Record<string, string> {
  if (!token) return {}
  const header = { authorization: `Bearer ${token}` }
  return kind === 'modelscope' ? { ...header, cookie: `m_session_id=${token}` } : header
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
  const { model, externalData, tokenizer, tokenizerConfig } = entry
  const files = plan.files.map(({ path, level }, i) => {
    const { bytes, sha256 } = identities[i]!
    return { path, bytes, sha256, verified: level }
  })
  return {
    name: entry.name,
    ...factsOf(entry),
    source: plan.source,
    model: model.path,
    tokenizer: tokenizer.path,
    tokenizerConfig: tokenizerConfig.path,
    ...(externalData && { externalData: externalData.map(({ path }) => path) }),
    files,
  }
}

/** How the model is used: what a later catalogue may know better than the card of a pulled model. */
function factsOf(entry: CatalogueEntry) {
  const { maxTokens, languages, licence, precision, lowercase } = entry
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
  const spelling = lowercase === undefined ? {} : { lowercase }
  return { ...use, maxTokens, languages: [...languages], precision, licence, ...spelling }
}

/** @returns the card, brought up to what the catalogue says now. */
async function refreshCard(entry: CatalogueEntry, { folder, card }: Installed): Promise<ModelCard> {
  const { lowercase: _, ...kept } = card
  const fresh = { ...kept, ...factsOf(entry) } as ModelCard
  if (isDeepStrictEqual(fresh, card)) return card
  await replaceFile(join(folder, 'card.json'), `${JSON.stringify(fresh, null, 2)}\n`)
  return fresh
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

function missing(entry: CatalogueEntry): ClaraError {
  const files = entryFiles(entry)
  const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
  const size = files.every((file) => file.bytes !== undefined) ? `${bytes} bytes` : 'size unknown'
  return new ClaraError(
    'network',
    `${entry.name}: not in ${cacheDirectory()}, and offline: needs ${files.map(({ path }) => path).join(', ')} of ${entry.repository}@${entry.revision ?? 'main'} (${size}): bring them over in a folder and pass --from-dir`,
    { advice: adviseByHand(entry) },
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
