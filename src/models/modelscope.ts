/**
 * ModelScope: paths and answers of its own, and no revisions of Hugging Face. What vouches for a
 * file is the catalogue's sha256, whoever sends it. Addresses as in the packages modelscope and modelscope_hub.
 */
import { ClaraError } from '../errors.js'
import { isObject } from '../files/json-value.js'
import { Failure } from './failure.js'
import { garbage, getJson, type Hub, type HubFile, isSize, requireInside, under } from './hub.js'

/** What others call main. */
export const DEFAULT_REVISION = 'master'

/** Where a browser finds the file. */
export function modelScopePage(endpoint: URL, repository: string, revision = DEFAULT_REVISION): URL {
  return under(endpoint, `models/${repository}/resolve/${revision}/`)
}

export function modelScopeFileUrl(
  hub: Pick<Hub, 'endpoint'>,
  repository: string,
  revision: string,
  path: string,
) {
  return query(under(hub.endpoint, `api/v1/models/${repository}/repo`), {
    Revision: revision,
    FilePath: path,
  })
}

/**
 * @returns the repository's name there, and its files. Many repositories are copied under the owner AI-ModelScope.
 * @throws ClaraError `network`, or `model` where there is no such repository.
 */
export async function listModelScope(
  hub: Hub,
  repository: string,
  revision: string,
): Promise<{ repository: string; files: Map<string, HubFile> }> {
  const names = [repository, `AI-ModelScope/${repository.slice(repository.indexOf('/') + 1)}`]
  for (const name of names) {
    const files = await filesOf(hub, name, revision)
    if (files) return { repository: name, files }
  }
  throw new ClaraError(
    'model',
    `${hub.endpoint.host}: has no ${names.join(' and no ')} with a revision ${revision}: take another --endpoint (hf-mirror), or bring the files over by hand`,
  )
}

/** @returns undefined where there is no such repository or revision. */
async function filesOf(hub: Hub, name: string, revision: string): Promise<Map<string, HubFile> | undefined> {
  const url = query(under(hub.endpoint, `api/v1/models/${name}/repo/files`), {
    Revision: revision,
    Recursive: 'True',
  })
  const value = await getJson(hub, url).catch((error) => {
    if (error?.cause instanceof Failure && error.cause.status === 404) return undefined
    throw error
  })
  if (value === undefined) return undefined
  if (!isObject(value)) throw garbage(url, 'an object')
  if (value.Success === false || !isObject(value.Data)) return undefined // it says so with status 200, too
  const { Files: items } = value.Data
  if (!Array.isArray(items)) throw garbage(url, 'a list of files')
  const files = new Map<string, HubFile>()
  for (const item of items) {
    if (!isObject(item) || typeof item.Path !== 'string') throw garbage(url, 'a "Path" for each file')
    requireInside(item.Path, url)
    if (item.Type === 'tree') continue
    const { Size: bytes, Sha256: sha256 } = item
    if (!isSize(bytes)) throw garbage(url, `a size for ${JSON.stringify(item.Path)}`)
    const stated = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    files.set(item.Path, { bytes, ...(stated && { sha256 }) })
  }
  return files
}

function query(url: URL, values: Record<string, string>): URL {
  for (const [key, value] of Object.entries(values)) url.searchParams.set(key, value)
  return url
}
