/** The files of a folder, in an order that depends on their names alone. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { ClaraError, type FileProblem, messageOf } from '../errors.js'
import { readError } from './read-error.js'

export interface InputFile {
  /** With `/`, from the folder. */
  name: string
  /** The folder as it was given, and the name. */
  path: string
  /** Name of the folder that the file is in. */
  area: string
}

/** Hidden, and never a person's text: what the system, a version control or an editor keeps there. */
const NO_DOCUMENT = /^(?:\.DS_Store|\.localized|\.git.*|\.svn|\.hg|\._.*|~\$.*|\.~lock\..*)$/

/**
 * By name, folder by folder. Links are not followed: one may lead out of the folder, or in a circle. Hidden files and
 * what Office leaves beside an open file are passed over, as is what is neither file nor folder.
 * @param without files and folders of our own.
 * @param onProblem told of folders in it that cannot be read.
 * @param onPassed told what was passed over, for each.
 * @throws ClaraError `input` where the folder itself cannot be read.
 */
export async function walk(
  folder: string,
  without: string[],
  onProblem: (problem: FileProblem) => void,
  onPassed: (what: 'hidden' | 'links' | 'pipes and devices') => void = () => {},
): Promise<InputFile[]> {
  const info = await stat(folder).catch((error) => {
    throw readError(folder, error)
  })
  if (!info.isDirectory()) throw new ClaraError('input', `${folder}: is a file, a folder was expected`)
  const left = new Set(without.map((path) => resolve(path)))
  const found: InputFile[] = []
  const visit = async (path: string, prefix: string, area: string) => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
      if (path === folder) throw readError(path, error)
      onProblem({ path, reason: `cannot be read: ${messageOf(error)}` })
      return []
    })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const at = join(path, entry.name)
      if (left.has(resolve(at))) continue
      if (/^(?:\.|~\$)/.test(entry.name)) {
        if (!NO_DOCUMENT.test(entry.name)) onPassed('hidden')
      } else if (entry.isDirectory()) await visit(at, `${prefix}${entry.name}/`, entry.name)
      else if (entry.isFile()) found.push({ name: `${prefix}${entry.name}`, path: at, area })
      else onPassed(entry.isSymbolicLink() ? 'links' : 'pipes and devices')
    }
  }
  await visit(folder, '', basename(resolve(folder)))
  return found
}
