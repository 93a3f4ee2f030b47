/** Generated pairs -> qa.jsonl, whole or not at all. */
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DurableFile, syncDirectory } from '../files/durable-file.js'
import type { GeneratedPair } from './generate.js'

/** @returns how many. */
export async function writeQuestions(path: string, pairs: AsyncIterable<GeneratedPair>): Promise<number> {
  const temporary = `${path}.${process.pid}.tmp`
  const file = await DurableFile.create(temporary)
  let count = 0
  try {
    for await (const { question, answer, docId } of pairs) {
      await file.write(`${JSON.stringify({ question, answer, doc_id: docId })}\n`)
      count++
    }
    await file.close()
    await rename(temporary, path)
    await syncDirectory(dirname(path))
    return count
  } catch (error) {
    await file.abandon()
    await rm(temporary, { force: true })
    throw error
  }
}
