/**
 * A model's files in a folder that somebody brought: the repository as it is, a flat heap of downloads,
 * the cache of huggingface_hub (models--owner--name/snapshots/commit, links to blobs) or of
 * ModelScope (owner/name, dots as ___), whole or in part. What the catalogue knows by size and sha256 is found under any name.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ClaraError } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import { fileFolders } from './by-hand.js'
import type { CatalogueEntry } from './catalogue.js'
import type { PlannedFile } from './plan.js'

/** Notes of version control and of download tools. */
const NOTES = /(^|\/)(\.git|\.locks|\.no_exist|\.msc|\.mdl|\.?lock)$/
/** What ModelScope, huggingface_hub and browsers have begun. */
const UNFINISHED =
  /(^|\/)(\._____temp|\.(cache\/)?huggingface\/download)$|\.(incomplete|part|crdownload|aria2)$/
const MOST_FILES = 20_000
const MOST_DEPTH = 8

interface FoundFile {
  /** From the folder, with slashes. */
  path: string
  bytes: number
}

/**
 * @returns where each of `files` lies.
 * @throws ClaraError `input` when one is missing, or when two stand for one and nothing tells them apart.
 */
export async function locateFiles(
  from: string,
  entry: CatalogueEntry,
  files: PlannedFile[],
): Promise<string[]> {
  const { found, unfinished } = await walk(from)
  const own = await ownFolders(from, entry)
  const ranked = files.map((file) => rank(file, own, found))
  const missing = files.filter((_, i) => ranked[i]!.length === 0)
  if (missing.length > 0) throw lacking(from, entry, missing, unfinished)
  const located: string[] = []
  for (const [i, file] of files.entries()) located.push(join(from, await pick(from, file, ranked[i]!)))
  return located
}

/** What stands for this repository in a cache of many. */
interface Own {
  names: RegExp
  /** The folder of the commit that is wanted, or of main. */
  snapshot: string | undefined
}

/** Candidates of one file, the likeliest first; those of the same likelihood together. */
function rank(file: PlannedFile, { names, snapshot }: Own, found: FoundFile[]): FoundFile[][] {
  const name = basename(file.path)
  const tiers: ((path: string) => boolean)[] = [
    (path) => path === file.path,
    (path) => snapshot !== undefined && path === `${snapshot}/${file.path}`,
    (path) => names.test(`/${path}`) && path.endsWith(`/${file.path}`),
    (path) => path.endsWith(`/${file.path}`),
    (path) => path === name,
    (path) => names.test(`/${path}`) && basename(path) === name,
    (path) => basename(path) === name,
  ]
  const fits = ({ bytes }: FoundFile) => file.bytes === undefined || file.bytes === bytes
  const named = tiers.map((is) => found.filter(({ path }) => is(path)))
  const right = named.map((tier) => tier.filter(fits))
  // a name that is a hash, or of a browser's own making: only the content says what it is
  const nameless = file.sha256 !== undefined && file.bytes !== undefined ? [found.filter(fits)] : []
  return [...right, ...nameless, ...named].filter((tier) => tier.length > 0)
}

async function ownFolders(from: string, { repository, name, revision }: CatalogueEntry): Promise<Own> {
  const [owner = '', bare = ''] = repository.split('/')
  const cached = `models--${owner}--${bare}`
  const spelled = [cached, `${owner}--${bare}`, `${owner}/${bare}`, bare, name]
  const escaped = spelled.map((text) => text.replaceAll('.', '(?:\\.|___)'))
  const snapshots = ['', `${cached}/`, `hub/${cached}/`].map(async (place) => {
    const main = await readFile(join(from, place, 'refs/main'), 'utf8').catch(() => '')
    for (const commit of [revision ?? '', main.trim()]) {
      const folder = `${place}snapshots/${commit}`
      if (/^[0-9a-f]{40}$/.test(commit) && (await stat(join(from, folder)).catch(() => undefined)))
        return folder
    }
    return undefined
  })
  const snapshot = (await Promise.all(snapshots)).find((folder) => folder !== undefined)
  return { names: new RegExp(`/(?:${escaped.join('|')})/`), snapshot }
}

/** The first whose content is right; where nothing says what is right, the only one of its likelihood. */
async function pick(from: string, file: PlannedFile, tiers: FoundFile[][]): Promise<string> {
  if (file.sha256 !== undefined) {
    const tried = new Set<string>()
    for (const { path, bytes } of tiers.flat()) {
      if (tried.has(path) || (file.bytes !== undefined && bytes !== file.bytes)) continue
      tried.add(path)
      const digest = await digestFile(join(from, path)).catch(() => undefined)
      if (digest?.sha256 === file.sha256) return path
    }
    return tiers[0]![0]!.path // wrong, and how is told by what copies it
  }
  const [first] = tiers
  if (first!.length === 1) return first![0]!.path
  const paths = first!.map(({ path }) => path)
  throw new ClaraError(
    'input',
    `${from}: ${file.path} may be any of ${paths.slice(0, 5).join(', ')}: pass the folder of this model alone`,
  )
}

async function walk(from: string): Promise<{ found: FoundFile[]; unfinished: string[] }> {
  const found: FoundFile[] = []
  const unfinished: string[] = []
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const name of (await list(join(from, folder), depth === 0)).sort()) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (UNFINISHED.test(path)) unfinished.push(path)
      if (UNFINISHED.test(path) || NOTES.test(path)) continue
      const info = await stat(join(from, path)).catch(() => undefined) // of what a link leads to
      if (info?.isDirectory() && depth < MOST_DEPTH) await visit(path, depth + 1)
      if (info?.isFile()) found.push({ path, bytes: info.size })
      if (found.length > MOST_FILES) {
        throw new ClaraError(
          'input',
          `${from}: more than ${MOST_FILES} files: pass the folder of the model alone`,
        )
      }
    }
  }
  await visit('', 0)
  return { found, unfinished }
}

async function list(folder: string, top: boolean): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (!top) return []
    throw new ClaraError('input', `${folder}: is no folder that can be read (${error.code})`, {
      cause: error,
    })
  })
}

function lacking(
  from: string,
  entry: CatalogueEntry,
  missing: PlannedFile[],
  unfinished: string[],
): ClaraError {
  const names = missing.map(({ path }) => path)
  const partly = unfinished.length > 0 ? `; ${unfinished[0]} is of an unfinished download` : ''
  return new ClaraError(
    'input',
    `${from}: lacks ${names.join(', ')}${partly}: fetch ${names.length === 1 ? 'it' : 'them'} into it, with the same path or without folders`,
    { advice: fileFolders(entry).flatMap((folder) => names.map((name) => `  ${folder}${name}`)) },
  )
}
