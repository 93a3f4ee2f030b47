/** The one folder that an archive unpacks into: its own name without the ending, as far as any system takes that. */
import { basename } from 'node:path'

const FALLBACK = 'clara-data'
/** With the longest name of a file behind it, a header of tar (100 bytes) still holds it. */
const MOST_LENGTH = 50
/** Names that Windows keeps for itself, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * `runs/clara-data.tar.gz` -> `clara-data`, `my data (2).tgz` -> `my-data-2`, `数据.tar.gz` -> `clara-data`.
 * Letters, digits, `_`, `.` and `-` stay; the shell, tar and Windows read nothing else into them.
 */
export function archiveFolder(outputFile: string): string {
  const name = basename(outputFile)
    .replace(/\.(?:tar\.gz|tgz)$/i, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MOST_LENGTH)
    .replace(/[.-]+$/, '')
  return name === '' || DEVICE.test(name) ? FALLBACK : name
}
