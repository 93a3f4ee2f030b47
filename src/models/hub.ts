/** What a Hugging Face hub, or a mirror of one, says of a repository. */
import { ClaraError } from '../errors.js'
import { isObject } from '../files/json-value.js'
import { Failure, type Patience, persist } from './failure.js'
import { type Http, type Response, reason, shown } from './http.js'
import type { HubKind } from './hub-settings.js'

export interface Hub {
  endpoint: URL
  kind: HubKind
  http: Http
  patience: Patience
}

/** As the hub states it. */
export interface HubFile {
  bytes: number
  /** For a file in Git LFS. */
  sha256?: string
  /** For others: git's own hash, of the size and the content. */
  gitOid?: string
}

/** A listing or a commit; the listing of a large repository has 100 KB. */
const MAX_METADATA_BYTES = 4 << 20

export function fileUrl(
  { endpoint }: Pick<Hub, 'endpoint'>,
  repository: string,
  revision: string,
  path: string,
) {
  return under(
    endpoint,
    `${repository}/resolve/${segments(revision)}/${path.split('/').map(segments).join('/')}`,
  )
}

/** A branch or tag -> the commit it names now. */
export async function findCommit(hub: Hub, repository: string, revision: string): Promise<string> {
  const url = under(hub.endpoint, `api/models/${repository}/revision/${segments(revision)}`)
  const value = await getJson(hub, url)
  const sha = isObject(value) ? value.sha : undefined
  if (typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)) return sha
  throw garbage(url, 'an object with a commit as "sha"')
}

export async function listFiles(hub: Hub, repository: string, commit: string): Promise<Map<string, HubFile>> {
  const url = under(hub.endpoint, `api/models/${repository}/tree/${commit}?recursive=true`)
  const value = await getJson(hub, url)
  if (!Array.isArray(value)) throw garbage(url, 'a list of files')
  const files = new Map<string, HubFile>()
  for (const item of value) {
    if (!isObject(item) || typeof item.path !== 'string') throw garbage(url, 'a "path" for each file')
    requireInside(item.path, url)
    if (item.type !== 'file') continue
    const file = hubFile(item)
    if (!file) throw garbage(url, `a size and an id for ${JSON.stringify(item.path)}`)
    files.set(item.path, file)
  }
  return files
}

export function requireInside(path: string, url: URL): void {
  if (!path.split(/[\\/]/).includes('..') && !/^([\\/]|\w:)/.test(path)) return
  throw garbage(url, `paths inside of the repository, not ${JSON.stringify(path)}`)
}

function hubFile({ size, oid, lfs }: Record<string, unknown>): HubFile | undefined {
  if (isObject(lfs)) {
    const sha256 = typeof lfs.oid === 'string' ? lfs.oid.replace(/^sha256:/, '') : ''
    return isSize(lfs.size) && /^[0-9a-f]{64}$/.test(sha256) ? { bytes: lfs.size, sha256 } : undefined
  }
  if (!isSize(size)) return undefined
  return typeof oid === 'string' && /^[0-9a-f]{40}$/.test(oid)
    ? { bytes: size, gitOid: oid }
    : { bytes: size }
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export async function getJson({ http, patience }: Hub, url: URL): Promise<unknown> {
  const text = await persist(async () => readText(await http.get(url)), patience)
  try {
    return JSON.parse(text)
  } catch {
    throw garbage(url, 'JSON')
  }
}

async function readText({ body, from }: Response): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.byteLength
      if (bytes > MAX_METADATA_BYTES) throw new Failure('none', `${from}: a listing without end`)
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('retry', `${from}: cut off: ${reason(error)}`, { cause: error })
  }
  return Buffer.concat(parts).toString('utf8')
}

export function garbage(url: URL, expected: string): ClaraError {
  return new ClaraError(
    'network',
    `${shown(url)}: expected ${expected}: is it a hub, and nothing in between (a login page, a filter) that answers in its place?`,
  )
}

/** The endpoint may lie in a folder of its host. */
export function under(endpoint: URL, path: string): URL {
  return new URL(path, endpoint.href.endsWith('/') ? endpoint : `${endpoint.href}/`)
}

function segments(text: string): string {
  return encodeURIComponent(text)
}
