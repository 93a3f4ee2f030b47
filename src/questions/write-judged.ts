/** Judged pairs -> qa.jsonl and rejected.jsonl, each whole when it is closed. */

import { join } from 'node:path'
import { DurableFile } from '../files/durable-file.js'
import { cutText, toJson } from '../files/well-formed.js'
import type { Judged, Rejected } from './judge.js'

export const QA_FILE = 'qa.jsonl'
export const REJECTED_FILE = 'rejected.jsonl'

/** Of a text that may be a megabyte of anything. */
const MOST_CHARS = 2000

interface JudgedFiles {
  write(judged: Judged): Promise<void>
  close(): Promise<void>
  abandon(): Promise<void>
}

/** @param directory holds neither of the files yet. */
export async function openJudgedFiles(directory: string): Promise<JudgedFiles> {
  const qa = await DurableFile.create(join(directory, QA_FILE))
  const rejected = await DurableFile.create(join(directory, REJECTED_FILE)).catch(async (error) => {
    await qa.abandon()
    throw error
  })
  return {
    async write(judged) {
      for (const { question, answer, chunkIds, type, quotes } of judged.pairs) {
        await qa.write(`${toJson({ question, answer, doc_id: oneOrList(chunkIds), type, quotes })}\n`)
      }
      for (const each of judged.rejected) await rejected.write(`${toJson(rejectedRow(each))}\n`)
    },
    async close() {
      await qa.close()
      await rejected.close()
    },
    async abandon() {
      await Promise.all([qa.abandon(), rejected.abandon()])
    },
  }
}

function rejectedRow({ chunkIds, reasons, pair, summary, malformed }: Rejected): object {
  const row = { chunk_id: oneOrList(chunkIds), reasons }
  if (malformed !== undefined) return { ...row, pair: { malformed: cut(malformed) } }
  if (!pair) return { ...row, summary: cut(summary ?? '') }
  const { type, question, answer, quotes } = pair
  return {
    ...row,
    pair: { type: cut(type), question: cut(question), answer: cut(answer), quotes: quotes.map(cut) },
  }
}

function oneOrList(ids: string[]): string | string[] {
  return ids.length === 1 ? ids[0]! : ids
}

function cut(text: string): string {
  return text.length <= MOST_CHARS ? text : `${cutText(text, MOST_CHARS)}…`
}
