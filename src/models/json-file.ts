import { readFile, stat } from 'node:fs/promises'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { isObject, type JsonObject } from '../files/json-value.js'

/** No configuration of a model comes near. */
const MOST_BYTES = 16 << 20

/** @returns `undefined` where there is no such file. */
export async function readOptionalJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw new Error(`${size} bytes are too many for a configuration`)
    return JSON.parse((await readFile(path, 'utf8')).replace(/^\ufeff/, ''))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw new ClaraError('model', `${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** As `readOptionalJson`; anything but an object is refused. */
export async function readOptionalObject(path: string): Promise<JsonObject | undefined> {
  const value = await readOptionalJson(path)
  if (value === undefined || isObject(value)) return value
  throw new ClaraError('model', `${path}: not a JSON object`)
}
