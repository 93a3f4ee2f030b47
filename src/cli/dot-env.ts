/** Settings from a `.env` file, as the Python scripts read them. They never get into this process's environment. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { isErrno } from '../errors.js'
import { readError } from '../files/read-error.js'

interface Setting {
  value: string
  from: 'environment' | '.env'
}

/** The first of these that is set. */
interface Settings {
  (...names: string[]): Setting | undefined
  /** As the file has it, whatever the environment says. */
  inFile(...names: string[]): string | undefined
}

/**
 * @returns the first of `names` that the environment has, or else the file; empty counts as unset in
 * the file, and as set to nothing in the environment.
 * @throws ClaraError `input` where there is a file that cannot be read.
 */
export async function openSettings(): Promise<Settings> {
  const file = await readDotEnv(resolve('.env'))
  const inFile = (...names: string[]) => names.map((name) => file[name]?.trim()).find(Boolean)
  const setting = (...names: string[]) => {
    const inEnvironment = names.find((name) => process.env[name] !== undefined)
    if (inEnvironment) return toSetting(process.env[inEnvironment], 'environment')
    return toSetting(inFile(...names), '.env')
  }
  return Object.assign(setting, { inFile })
}

function toSetting(value: string | undefined, from: Setting['from']): Setting | undefined {
  const trimmed = value?.trim()
  return trimmed ? { value: trimmed, from } : undefined
}

async function readDotEnv(path: string): Promise<Record<string, string | undefined>> {
  try {
    const settings = Object.entries(parseEnv(textOf(await readFile(path))))
    return Object.fromEntries(settings.map(([name, value]) => [name.trim().replace(/^export\s+/, ''), value]))
  } catch (error) {
    const absent = isErrno(error, 'ENOENT', 'EISDIR') // .env/ is a virtualenv
    if (absent) return {}
    throw readError(path, error)
  }
}

/** PowerShell writes UTF-16, and editors of Windows a byte order mark: it would be part of the first name. */
function textOf(bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8'
  return bytes.toString(encoding).replace(/^\ufeff/, '')
}
