/** How many lines a file has: what progress is out of, before a long job reads it. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isErrno } from '../errors.js'

const NEWLINE = 10

/**
 * Blank lines are counted with the others: a forecast, not a result.
 * @returns undefined of what can be read only once, such as a pipe, and of what cannot be read: the job itself says why.
 */
export async function countLines(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).isFile() ? await newlines(path) : undefined
  } catch (error) {
    if (isErrno(error)) return undefined
    throw error
  }
}

/** As countLines, of a file of records: `undefined` where a record is not a line of it. */
export async function countRecords(path: string): Promise<number | undefined> {
  return /\.(?:json|gz)$/i.test(path) ? undefined : countLines(path)
}

async function newlines(path: string): Promise<number> {
  let lines = 0
  let last = NEWLINE
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) lines++
    last = piece.at(-1)!
  }
  return last === NEWLINE ? lines : lines + 1
}
