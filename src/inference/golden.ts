/** Reference outputs of a model, which its card names. */
import { readFile } from 'node:fs/promises'
import { ClaraError, messageOf } from '../errors.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import type { TextPair } from './encoding.js'

interface GoldenVector {
  text: string
  vector: Float32Array
}

/** [{text, vector}], the vector as base64 of float32, little-endian. */
export function readGoldenVectors(path: string, dims: number): Promise<GoldenVector[]> {
  return readRows(path, (row, wrong) => {
    if (typeof row.text !== 'string' || typeof row.vector !== 'string') {
      throw wrong('expected "text" and "vector" in each row')
    }
    const bytes = Buffer.from(row.vector, 'base64')
    if (bytes.byteLength !== dims * 4)
      throw wrong(`a vector of ${bytes.byteLength} bytes, expected ${dims * 4}`)
    return { text: row.text, vector: Float32Array.from({ length: dims }, (_, i) => bytes.readFloatLE(i * 4)) }
  })
}

export interface GoldenPair extends TextPair {
  logit: number
}

/** [{question, passage, logit}] */
export function readGoldenPairs(path: string): Promise<GoldenPair[]> {
  return readRows(path, ({ question, passage, logit }, wrong) => {
    if (typeof question !== 'string' || typeof passage !== 'string' || typeof logit !== 'number') {
      throw wrong('expected "question", "passage" and "logit" in each row')
    }
    return { question, passage, logit }
  })
}

type Wrong = (what: string) => ClaraError

async function readRows<T>(path: string, read: (row: JsonObject, wrong: Wrong) => T): Promise<T[]> {
  const wrong: Wrong = (what) => new ClaraError('model', `${path}: ${what}`)
  let rows: unknown
  try {
    rows = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong(messageOf(error))
  }
  if (!Array.isArray(rows) || rows.length === 0) throw wrong('expected a list of reference outputs')
  return rows.map((row) => {
    if (!isObject(row)) throw wrong('expected an object in each row')
    return read(row, wrong)
  })
}
