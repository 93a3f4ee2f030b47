/** Settings from a `.env` file, as the Python scripts read them. They never get into this process's environment. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { ClaraError, isErrno } from '../errors.js'
import { readError } from '../files/read-error.js'

export interface Setting {
  name: string
  value: string
  from: 'environment' | '.env'
}

/** The first of these that is set. */
export interface Settings {
  (...names: string[]): Setting | undefined
  /** All of them that are set in one place, whatever the other says. */
  allIn(from: Setting['from'], ...names: string[]): Setting[]
}

/**
 * @returns the first of `names` that the environment has, or else the file; empty counts as unset in
 * the file, and as set to nothing in the environment, where none of `names` is set to something there.
 * @throws ClaraError `input` where there is a file that cannot be read; asking, `usage` for a value that wants a shell.
 */
export async function openSettings(): Promise<Settings> {
  const file = await readDotEnv(resolve('.env'))
  const allIn = (from: Setting['from'], ...names: string[]) =>
    names.flatMap((name) => {
      const value = (from === '.env' ? file : process.env)[name]?.trim()
      if (!value) return []
      if (from === '.env') requireWrittenOut({ name, value, from })
      return [{ name, value, from }]
    })
  const setting = (...names: string[]) => {
    const isEmptied = names.some((name) => process.env[name] !== undefined)
    return allIn('environment', ...names)[0] ?? (isEmptied ? undefined : allIn('.env', ...names)[0])
  }
  return Object.assign(setting, { allIn })
}

/** For messages: `VISION_MODEL of .env`. */
export function placeOf({ name, from }: Setting): string {
  return from === '.env' ? `${name} of .env in this folder` : `${name} of the environment`
}

/** `${ROOT}/data`, `$(pwd)`, `$HOME/docs`, `~/docs`: taken as they stand they would be folders and hosts of that name. */
function requireWrittenOut(setting: Setting): void {
  if (!/\$[{(]|^\$[A-Za-z_]\w*(?:\/|$)|^~(?:\/|$)/.test(setting.value)) return
  throw new ClaraError(
    'usage',
    `${placeOf(setting)} has a value that a shell would fill in ($NAME, $(command), ~), which is not done here: write it out`,
  )
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
