/** What is there of a model in the cache. */
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { modelDirectory, partialDirectory } from './cache-directory.js'
import { LEVELS, type Level, type ModelCard, parseCard } from './card.js'

export interface Installed {
  folder: string
  card: ModelCard
}

/** @returns undefined where there is none, or one whose card or sizes are not right. */
export async function readInstalled(name: string): Promise<Installed | undefined> {
  const folder = modelDirectory(name)
  const card = await readCardFile(join(folder, 'card.json'))
  if (!card) return undefined
  for (const { path, bytes } of card.files) {
    if ((await stat(join(folder, path)).catch(() => undefined))?.size !== bytes) return undefined
  }
  return { folder, card }
}

/** Bytes of an unfinished pull. */
export async function partialBytes(name: string): Promise<number> {
  const folder = partialDirectory(name)
  const names = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.part'))
  const sizes = await Promise.all(names.map((file) => lstat(join(folder, file)).catch(() => undefined)))
  return sizes.reduce((sum, info) => sum + (info?.isFile() ? info.size : 0), 0)
}

export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

/** A model is as well known as its least known file; undefined for one that was not pulled. */
export function levelOf(files: { verified?: Level }[]): Level | undefined {
  const levels = files.map(({ verified }) => verified)
  return levels.includes(undefined) ? undefined : LEVELS.findLast((level) => levels.includes(level))
}

async function readCardFile(path: string): Promise<ModelCard | undefined> {
  try {
    const card = parseCard(JSON.parse(await readFile(path, 'utf8')))
    return typeof card === 'string' ? undefined : card
  } catch {
    return undefined
  }
}
