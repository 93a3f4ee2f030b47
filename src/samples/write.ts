/** Samples -> the files of an output directory. */
import { join } from 'node:path'
import { DurableFile, replaceFile } from '../files/durable-file.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { assembleSample, type Scorers } from './assemble.js'
import { createTally, type RunReport } from './tally.js'

export const DATA_FILE = 'end_to_end_data.jsonl'
export const PROVENANCE_FILE = 'end_to_end_data.provenance.jsonl'
export const REPORT_FILE = 'report.json'

export interface WriteOptions extends Scorers {
  topK: number
  seed: number
  onProgress?: (samples: number) => void
}

/** Writes data, provenance and, last, the report into `directory`, which holds none of them yet. */
export async function writeSamples(
  directory: string,
  mined: AsyncIterable<MinedQuestion>,
  options: WriteOptions,
): Promise<RunReport> {
  const data = await DurableFile.create(join(directory, DATA_FILE))
  const origin = await DurableFile.create(join(directory, PROVENANCE_FILE))
  const { topK, seed, embedder, reranker } = options
  const scorers = { embedder, reranker }
  const tally = createTally(topK, seed, scorers)
  try {
    for await (const question of mined) {
      const { sample, provenance } = assembleSample(question, seed, scorers)
      await data.write(`${JSON.stringify(sample)}\n`)
      await origin.write(`${JSON.stringify(provenance)}\n`)
      tally.add(question)
      options.onProgress?.(tally.report.samples)
    }
    await data.close()
    await origin.close()
  } catch (error) {
    await Promise.all([data.abandon(), origin.abandon()])
    throw error
  }
  const report = tally.finish()
  await replaceFile(join(directory, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`)
  return report
}
