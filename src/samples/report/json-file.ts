/** A file that holds one JSON object: what a run says of itself. */
import { readFile, stat } from 'node:fs/promises'
import { isObject, type JsonObject } from '../../files/json-value.js'

/** No report comes near. */
const MOST_BYTES = 16 << 20
/** What is nested deeper can be read, but neither shown nor printed. */
const DEEPEST = 32

/** @throws SyntaxError, TypeError or RangeError for what is no such object; as the system does where it cannot be read. */
export async function readJsonFile(path: string): Promise<JsonObject> {
  const { size } = await stat(path)
  if (size > MOST_BYTES) throw new RangeError(`${size} bytes, ${MOST_BYTES} at most can be read`)
  const value: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!isObject(value)) throw new TypeError('not a JSON object')
  if (isDeeper(value, DEEPEST)) throw new RangeError(`nested more than ${DEEPEST} deep`)
  return value
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1))
}
