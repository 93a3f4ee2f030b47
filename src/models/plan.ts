/** Which bytes a pull must end with: what the catalogue knows, and for the rest what the hub states. */
import { ClaraError } from '../errors.js'
import type { Level } from './card.js'
import { type CatalogueEntry, type CatalogueFile, entryFiles } from './catalogue.js'
import type { Expected } from './contents.js'
import { fileUrl, findCommit, type Hub, type HubFile, listFiles } from './hub.js'
import { DEFAULT_REVISION, listModelScope, modelScopeFileUrl } from './modelscope.js'

export interface PlannedFile extends Expected {
  level: Level
}

export interface Plan {
  /** `repository@commit` */
  source: string
  files: PlannedFile[]
}

/** Of a hub. */
interface PullPlan extends Plan {
  urlOf: (path: string) => URL
}

const COMMIT = /^[0-9a-f]{40}$/

/**
 * Asks a Hugging Face hub only where the catalogue does not know; ModelScope always, since it may have other files.
 * @param revision in place of the catalogue's: then none of the catalogue's hashes counts.
 * @throws ClaraError `network`, or `model` when the hub has other files than the catalogue.
 */
export async function planPull(entry: CatalogueEntry, hub: Hub, revision?: string): Promise<PullPlan> {
  if (hub.kind === 'modelscope') return planModelScope(entry, hub, revision)
  const wanted = revision ?? entry.revision ?? 'main'
  const commit = COMMIT.test(wanted) ? wanted : await findCommit(hub, entry.repository, wanted)
  const files = entryFiles(entry)
  const ours = commit === entry.revision
  const known = ours && files.every(({ bytes, sha256 }) => bytes !== undefined && sha256 !== undefined)
  const listing = known ? undefined : await listFiles(hub, entry.repository, commit)
  const source = `${entry.repository}@${commit}`
  return {
    source,
    files: files.map((file) => planFile(source, ours ? file : { path: file.path }, listing)),
    urlOf: (path) => fileUrl(hub, entry.repository, commit, path),
  }
}

/**
 * ModelScope has no commits of Hugging Face. Where the catalogue has every sha256, the files are those of its
 * revision, from wherever they come; else they are what ModelScope's own revision holds today.
 */
async function planModelScope(entry: CatalogueEntry, hub: Hub, revision?: string): Promise<PullPlan> {
  const wanted = revision ?? DEFAULT_REVISION
  const { repository, files: listing } = await listModelScope(hub, entry.repository, wanted)
  const files = entryFiles(entry)
  const pinned = revision === undefined && files.every(({ sha256 }) => sha256 !== undefined)
  const there = `${hub.endpoint.host}/${repository}@${wanted}`
  return {
    source: pinned ? `${entry.repository}@${entry.revision}` : there,
    files: files.map((file) => planFile(there, revision === undefined ? file : { path: file.path }, listing)),
    urlOf: (path) => modelScopeFileUrl(hub, repository, wanted, path),
  }
}

/** Without a hub: only the catalogue's own facts. */
export function planCopy(entry: CatalogueEntry): Plan {
  const files = entryFiles(entry).map(
    (file): PlannedFile => ({ ...file, level: file.sha256 ? 'pinned' : 'unverified' }),
  )
  return { source: `${entry.repository}@${entry.revision ?? 'unknown'}`, files }
}

function planFile(
  source: string,
  file: CatalogueFile,
  listing: Map<string, HubFile> | undefined,
): PlannedFile {
  if (!listing) return { ...file, level: 'pinned' }
  const stated = listing.get(file.path)
  if (!stated) {
    throw new ClaraError(
      'model',
      `${source}: has no ${file.path}: take another --endpoint (huggingface, hf-mirror), or a --revision that has it`,
    )
  }
  for (const key of ['bytes', 'sha256'] as const) {
    if (file[key] === undefined || stated[key] === undefined || file[key] === stated[key]) continue
    throw new ClaraError(
      'model',
      `${source}: the hub states ${key} ${stated[key]} for ${file.path}, the catalogue ${file[key]}: nothing was pulled; a mirror may have another revision only: try another --endpoint (huggingface, hf-mirror)`,
    )
  }
  const { bytes, sha256, gitOid } = { ...stated, ...file }
  if (sha256) return { path: file.path, bytes, sha256, level: file.sha256 ? 'pinned' : 'hub' }
  return { path: file.path, bytes, ...(gitOid && { gitOid }), level: 'unverified' }
}
