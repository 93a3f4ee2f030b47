/** Files that a document refers to, as far as they are in the folder of documents too. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import type { Beside, ParseLimits } from './parsed.js'

/** Of one document. */
const MAX_FILES = 1000

/** No links out of the folder, nothing that is no plain file, no more bytes than an archive may have. */
export function readBeside(folder: string, path: string, { unpackedBytes }: ParseLimits): Beside {
  let [files, left] = [0, unpackedBytes]
  return async (address) => {
    const name = plainName(address)
    if (name === undefined || ++files > MAX_FILES) return undefined
    try {
      const place = await realpath(resolve(dirname(path), name))
      if (!place.startsWith(`${await realpath(folder)}${sep}`)) return undefined
      const info = await stat(place)
      if (!info.isFile() || info.size > left) return undefined
      left -= info.size
      return await readFile(place)
    } catch {
      return undefined // it is not there: the document shows no image then
    }
  }
}

/** Of a relative address, without what a server would take of it. */
function plainName(address: string): string | undefined {
  if (/^(?:[a-z][a-z\d+.-]*:|[/\\#?])/i.test(address.trim())) return undefined
  const path = address.trim().split(/[?#]/)[0]!
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
