/** Samples -> the files of an output directory. */

import { join } from 'node:path'
import { requireArgument, requireOptions, stream, text, whole } from '../arguments.js'
import { replaceFile } from '../files/durable-file.js'
import { toJson } from '../files/well-formed.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { type AssembledSample, assembleSample, type Scorers } from './assemble.js'
import { escapedRow } from './escaped-rows.js'
import { entriesOf, FORMATS, type Format, openFormat } from './formats/formats.js'
import { openRows, type SampleFile } from './formats/sample-file.js'
import { END_TO_END_NAME as DATA, SAMPLE_COLUMNS } from './sample.js'
import { named, SIDES, type Side } from './split.js'
import { STAGES, stageEntries } from './stages.js'
import { createTally, type RunReport } from './tally.js'

const PROVENANCE = 'provenance'
export const DATA_FILE = `${DATA}.jsonl`
export const REPORT_FILE = 'report.json'

interface OutputFormats {
  /** Beside CLaRa's own, which is always written. */
  formats?: readonly Format[]
  /** A .parquet beside each .jsonl but the provenance. */
  parquet?: boolean
}

interface WriteOptions extends Scorers, OutputFormats {
  topK: number
  seed: number
  /** Each side gets files of its own; what is on neither is left out. */
  sideOf?: ((mined: MinedQuestion) => Side | undefined) | undefined
  /** What else the report is to say, asked for at the end. */
  more?: (() => object) | undefined
  onProgress?: (samples: number) => void
}

/** Writes data, provenance, other formats and, last, the report into `directory`, which holds none of them yet. */
export async function writeSamples(
  directory: string,
  mined: AsyncIterable<MinedQuestion>,
  options: WriteOptions,
): Promise<RunReport> {
  requireArgument('writeSamples: directory', directory, text('the path of a directory that is there'))
  requireArgument('writeSamples: mined', mined, stream)
  requireOptions('writeSamples', options, { topK: whole(1, 1000), seed: whole(0) })
  const { topK, seed, embedder, reranker, sideOf, more } = options
  const scorers = { embedder, reranker }
  const tally = createTally(topK, seed, scorers)
  const sides: SideFiles[] = []
  try {
    for (const side of sideOf ? SIDES : [undefined]) sides.push(await openSide(directory, side, options))
    for await (const question of mined) {
      const files = sides.find(({ side }) => side === sideOf?.(question))
      if (!files) continue
      await files.write(assembleSample(question, seed, scorers))
      tally.add(question)
      options.onProgress?.(tally.report.samples)
    }
    for (const { side, rows, escaped, close } of sides) {
      for (const [format, counts] of await close()) tally.addFormat(named(format, side), counts)
      tally.addEscaped(escaped())
      if (side) tally.addSide(side, rows())
    }
  } catch (error) {
    await Promise.all(sides.map((files) => files.abandon()))
    throw error
  }
  const report = { ...tally.finish(), ...more?.() }
  await writeReport(directory, report)
  return report
}

export async function writeReport(directory: string, report: object): Promise<void> {
  await replaceFile(join(directory, REPORT_FILE), `${toJson(report, 2)}\n`)
}

interface SideFiles extends Pick<SampleFile, 'write' | 'abandon'> {
  side: Side | undefined
  rows(): number
  /** Texts in which a token of the trainer was escaped. */
  escaped(): number
  close(): Promise<[Format, Awaited<ReturnType<SampleFile['close']>>][]>
}

async function openSide(
  directory: string,
  side: Side | undefined,
  options: WriteOptions,
): Promise<SideFiles> {
  const { embedder, reranker, parquet = false } = options
  const scored = embedder !== null || reranker !== null
  const formats = [...new Set(options.formats)]
  const files: SampleFile[] = []
  const path = join(directory, named(DATA, side))
  const abandon = async () => {
    await Promise.all(files.map((file) => file.abandon()))
  }
  let [rows, escapedTexts] = [0, 0]
  const trainerRows = ({ sample }: AssembledSample) => {
    const { row, escaped } = escapedRow(sample)
    escapedTexts += escaped
    return [row]
  }
  try {
    files.push(await openRows(path, SAMPLE_COLUMNS, parquet, trainerRows))
    files.push(await openRows(`${path}.${PROVENANCE}`, {}, false, ({ provenance }) => [provenance]))
    for (const format of formats) files.push(await openFormat(format, directory, { parquet, scored }, side))
  } catch (error) {
    await abandon()
    throw error
  }
  return {
    side,
    rows: () => rows,
    escaped: () => escapedTexts,
    async write(sample) {
      rows++
      for (const file of files) await file.write(sample)
    },
    async close() {
      const [data, provenance, ...others] = files
      await data!.close()
      await provenance!.close()
      const counts: Awaited<ReturnType<SideFiles['close']>> = []
      for (const [i, file] of others.entries()) counts.push([formats[i]!, await file.close()])
      return counts
    },
    abandon,
  }
}

/** The entries that writeSamples makes, the report last. */
export function outputEntries(
  { formats = [], parquet = false }: OutputFormats,
  sides: readonly (Side | undefined)[] = [undefined],
): string[] {
  const ofSide = (side: Side | undefined) => [
    `${named(DATA, side)}.jsonl`,
    ...(parquet ? [`${named(DATA, side)}.parquet`] : []),
    `${named(DATA, side)}.${PROVENANCE}.jsonl`,
    ...[...new Set(formats)].flatMap((format) => entriesOf(format, parquet, side)),
  ]
  return [...sides.flatMap(ofSide), REPORT_FILE]
}

const ANY_SIDE = [undefined, ...SIDES]

/** All entries that it may make, and those of the other stages. */
export const ANY_OUTPUT: readonly string[] = [
  ...stageEntries({ stages: STAGES, sides: ANY_SIDE, parquet: true }),
  ...outputEntries({ formats: FORMATS, parquet: true }, ANY_SIDE),
]
