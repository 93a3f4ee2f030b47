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

/**
 * @returns the first of `names` that the environment has, or else the file; empty counts as unset in
 * the file, and as set to nothing in the environment.
 * @throws ClaraError `input` where there is a file that cannot be read.
 */
export async function openSettings(): Promise<(...names: string[]) => Setting | undefined> {
  const file = await readDotEnv(resolve('.env'))
  return (...names) => {
    const inEnvironment = names.find((name) => process.env[name] !== undefined)
    if (inEnvironment) return toSetting(process.env[inEnvironment], 'environment')
    return toSetting(names.map((name) => file[name]).find(Boolean), '.env')
  }
}

function toSetting(value: string | undefined, from: Setting['from']): Setting | undefined {
  const trimmed = value?.trim()
  return trimmed ? { value: trimmed, from } : undefined
}

async function readDotEnv(path: string): Promise<Record<string, string | undefined>> {
  try {
    return { ...parseEnv(await readFile(path, 'utf8')) }
  } catch (error) {
    const absent = isErrno(error, 'ENOENT', 'EISDIR') // .env/ is a virtualenv
    if (absent) return {}
    throw readError(path, error)
  }
}
