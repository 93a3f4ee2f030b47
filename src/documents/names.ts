/** Names of files: how one is spelt, and which are of more than one file, so that their paths tell them apart. */
import { posix, resolve } from 'node:path'
import { ClaraError } from '../errors.js'
import { isObject } from '../files/json-value.js'
import { readJsonl } from '../files/records.js'
import { KeyTable, keyOfText } from '../text/key-table.js'
import type { CorpusFile } from './sources.js'

/** 16 bytes each: 128 MiB, for six million names. */
const MOST_SLOTS = 1 << 23
const SEVERAL = -1

/** The same for an id however it is spelt: composed or not, `./a` or `a`, with `\` or `/`. */
export function idKey(id: string): string {
  return pathId(id.trim()).normalize('NFC')
}

/** A path as an id: `/` between its parts, and none that says nothing. */
export function pathId(path: string): string {
  const plain = path.replaceAll('\\', '/')
  return /(?:^|\/)\.{0,2}(?:\/|$)/.test(plain) ? posix.normalize(plain).replace(/(?<=.)\/$/, '') : plain
}

/**
 * Reads the records once. Of more names than six million the last are not compared.
 * @returns whether files of several paths have a name: a text file in its folder, or a record with `filename` and `file_path`.
 */
export async function ambiguousNames(files: readonly CorpusFile[]): Promise<(name: string) => boolean> {
  const paths = new KeyTable(MOST_SLOTS)
  const note = (name: string, path: string) => {
    const key = keyOfText(idKey(name))
    const place = keyOfText(idKey(path)).high + 1
    const known = paths.get(key)
    if (known === 0) paths.set(key, place)
    else if (known !== place) paths.set(key, SEVERAL)
  }
  for (const { path, holds, id } of files) {
    if (holds === 'text') note(id, resolve(path))
    else {
      try {
        for await (const { value } of readJsonl(path, () => {}, mayNameFiles)) {
          if (!isObject(value)) continue
          const { filename, file_path: filePath } = value
          if (typeof filename === 'string' && typeof filePath === 'string') note(filename, filePath)
        }
      } catch (error) {
        if (!(error instanceof ClaraError)) throw error // who reads it next says so
      }
    }
  }
  return (name) => paths.get(keyOfText(idKey(name))) === SEVERAL
}

function mayNameFiles(bytes: Buffer): boolean {
  return bytes.includes('"filename"') && bytes.includes('"file_path"')
}
