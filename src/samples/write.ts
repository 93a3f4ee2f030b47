/** Samples -> the files of an output directory. */
import { join } from 'node:path'
import { replaceFile } from '../files/durable-file.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { assembleSample, type Scorers } from './assemble.js'
import { entriesOf, FORMATS, type Format, openFormat } from './formats/formats.js'
import { openRows, type SampleFile } from './formats/sample-file.js'
import { SAMPLE_COLUMNS } from './sample.js'
import { createTally, type RunReport } from './tally.js'

const DATA = 'end_to_end_data'
const PROVENANCE = 'end_to_end_data.provenance'
export const DATA_FILE = `${DATA}.jsonl`
export const PROVENANCE_FILE = `${PROVENANCE}.jsonl`
export const REPORT_FILE = 'report.json'

export interface OutputFormats {
  /** Beside CLaRa's own, which is always written. */
  formats?: readonly Format[]
  /** A .parquet beside each .jsonl but the provenance. */
  parquet?: boolean
}

export interface WriteOptions extends Scorers, OutputFormats {
  topK: number
  seed: number
  onProgress?: (samples: number) => void
  /** What wrote the questions and what that took, for the report. */
  llm?: object | undefined
}

/** Writes data, provenance, other formats and, last, the report into `directory`, which holds none of them yet. */
export async function writeSamples(
  directory: string,
  mined: AsyncIterable<MinedQuestion>,
  options: WriteOptions,
): Promise<RunReport> {
  const { topK, seed, embedder, reranker, parquet = false } = options
  const scorers = { embedder, reranker }
  const scored = embedder !== null || reranker !== null
  const formats = [...new Set(options.formats)]
  const tally = createTally(topK, seed, scorers)
  const files: SampleFile[] = []
  const others: SampleFile[] = []
  try {
    files.push(await openRows(join(directory, DATA), SAMPLE_COLUMNS, parquet, ({ sample }) => [sample]))
    files.push(await openRows(join(directory, PROVENANCE), {}, false, ({ provenance }) => [provenance]))
    for (const format of formats) others.push(await openFormat(format, directory, { parquet, scored }))
    for await (const question of mined) {
      const sample = assembleSample(question, seed, scorers)
      for (const file of [...files, ...others]) await file.write(sample)
      tally.add(question)
      options.onProgress?.(tally.report.samples)
    }
    for (const file of files) await file.close()
    for (const [i, file] of others.entries()) tally.addFormat(formats[i]!, await file.close())
  } catch (error) {
    await Promise.all([...files, ...others].map((file) => file.abandon()))
    throw error
  }
  const report = { ...tally.finish(), ...(options.llm && { llm: options.llm }) }
  await replaceFile(join(directory, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`)
  return report
}

/** The entries that writeSamples makes, the report last. */
export function outputEntries({ formats = [], parquet = false }: OutputFormats): string[] {
  return [
    DATA_FILE,
    ...(parquet ? [`${DATA}.parquet`] : []),
    PROVENANCE_FILE,
    ...[...new Set(formats)].flatMap((format) => entriesOf(format, parquet)),
    REPORT_FILE,
  ]
}

/** All entries that it may make. */
export const ANY_OUTPUT: readonly string[] = outputEntries({ formats: FORMATS, parquet: true })
