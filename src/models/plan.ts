/** Which bytes a pull must end with: what the catalogue knows, and for the rest what the hub states. */
import { ClaraError } from '../errors.js'
import type { Level } from './card.js'
import { type CatalogueEntry, type CatalogueFile, entryFiles } from './catalogue.js'
import type { Expected } from './contents.js'
import { findCommit, type Hub, type HubFile, listFiles } from './hub.js'

export interface PlannedFile extends Expected {
  level: Level
}

export interface Plan {
  /** `repository@commit` */
  source: string
  commit: string
  files: PlannedFile[]
}

const COMMIT = /^[0-9a-f]{40}$/

/**
 * Asks the hub only where the catalogue does not know.
 * @param revision in place of the catalogue's: then none of the catalogue's hashes counts.
 * @throws ClaraError `network`, or `model` when the hub has other files than the catalogue.
 */
export async function planPull(entry: CatalogueEntry, hub: Hub, revision?: string): Promise<Plan> {
  const wanted = revision ?? entry.revision ?? 'main'
  const commit = COMMIT.test(wanted) ? wanted : await findCommit(hub, entry.repository, wanted)
  const files = entryFiles(entry)
  const ours = commit === entry.revision
  const known = ours && files.every(({ bytes, sha256 }) => bytes !== undefined && sha256 !== undefined)
  const listing = known ? undefined : await listFiles(hub, entry.repository, commit)
  const source = `${entry.repository}@${commit}`
  return {
    source,
    commit,
    files: files.map((file) => planFile(source, ours ? file : { path: file.path }, listing)),
  }
}

/** Without a hub: only the catalogue's own facts. */
export function planCopy(entry: CatalogueEntry): Plan {
  const commit = entry.revision ?? 'unknown'
  const files = entryFiles(entry).map(
    (file): PlannedFile => ({ ...file, level: file.sha256 ? 'pinned' : 'unverified' }),
  )
  return { source: `${entry.repository}@${commit}`, commit, files }
}

function planFile(
  source: string,
  file: CatalogueFile,
  listing: Map<string, HubFile> | undefined,
): PlannedFile {
  if (!listing) return { ...file, level: 'pinned' }
  const stated = listing.get(file.path)
  if (!stated) {
    throw new ClaraError('model', `${source}: has no ${file.path}: pull a --revision that has it`)
  }
  for (const key of ['bytes', 'sha256'] as const) {
    if (file[key] === undefined || stated[key] === undefined || file[key] === stated[key]) continue
    throw new ClaraError(
      'model',
      `${source}: the hub states ${key} ${stated[key]} for ${file.path}, the catalogue ${file[key]}: nothing was pulled; if HF_ENDPOINT is a mirror, try another`,
    )
  }
  const { bytes, sha256, gitOid } = { ...stated, ...file }
  if (sha256) return { path: file.path, bytes, sha256, level: file.sha256 ? 'pinned' : 'hub' }
  return { path: file.path, bytes, ...(gitOid && { gitOid }), level: 'unverified' }
}
