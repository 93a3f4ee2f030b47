/** What the user named -> the files of samples. */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ClaraError } from '../../errors.js'
import { readError } from '../../files/read-error.js'
import { statSource } from '../../files/spool.js'
import { END_TO_END_NAME } from '../sample.js'
import { named, SIDES } from '../split.js'
import { STAGE_NAMES } from '../stages.js'

/** In the order of the stages, the training side first. */
const NAMES = [...Object.keys(STAGE_NAMES), END_TO_END_NAME].flatMap((name) =>
  [undefined, ...SIDES].map((side) => `${named(name, side)}.jsonl`),
)

/**
 * A folder stands for the files in it that clara-mine and clara-synth write.
 * @returns each file once.
 * @throws ClaraError `input` of a path that is not there, and of a folder without such a file.
 */
export async function sampleFilesOf(paths: string[]): Promise<string[]> {
  const files = new Map<string, string>()
  for (const path of paths) {
    for (const file of await filesAt(path)) if (!files.has(resolve(file))) files.set(resolve(file), file)
  }
  return [...files.values()]
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await statSource(path)).isDirectory()) return [path]
    const entries = new Set(await readdir(path))
    const found = NAMES.filter((name) => entries.has(name))
    if (found.length > 0) return found.map((name) => join(path, name))
  } catch (error) {
    throw readError(path, error)
  }
  throw new ClaraError('input', `${path}: holds no file of samples; known are ${NAMES.join(', ')}`)
}
