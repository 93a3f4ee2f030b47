/** What can be read only once, standard input and pipes, in a file of our own: a corpus is read more than once. */
import { createReadStream, createWriteStream, rmSync, type Stats } from 'node:fs'
import { mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readError } from './read-error.js'

/** The name that stands for standard input. */
export const STDIN = '-'

const spooled = new Map<string, Promise<string>>()

/**
 * @param path `-` is standard input.
 * @returns where it can be read, again and again: the path itself but for what can be read only once.
 * @throws ClaraError `input` when it is not there.
 */
export async function onDisk(path: string): Promise<string> {
  if (path !== STDIN && !spooled.has(path) && !(await stated(path)).isFIFO()) return path
  const known = spooled.get(path) ?? spool(path)
  spooled.set(path, known)
  return known
}

/** Of what stands at a path; of a pipe, of all that came out of it. */
export async function statSource(path: string): Promise<Stats> {
  return stated(await onDisk(path))
}

/** As messages name it. */
export function shownPath(path: string): string {
  return path === STDIN ? 'stdin' : path
}

function stated(path: string): Promise<Stats> {
  return stat(path).catch((error) => {
    throw readError(path, error)
  })
}

async function spool(path: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'clara-stdin-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'input')
  try {
    await pipeline(path === STDIN ? process.stdin : createReadStream(path), createWriteStream(file))
  } catch (error) {
    throw readError(shownPath(path), error)
  }
  return file
}
