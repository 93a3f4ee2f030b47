/** The formats beside CLaRa's own, by name. */
import { join } from 'node:path'
import { named, type Side } from '../split.js'
import { openBeir } from './beir.js'
import { flagColumns, flagRows } from './flagembedding.js'
import { openTuples } from './n-tuple.js'
import { openRows, type SampleFile } from './sample-file.js'
import {
  LABELED_LIST,
  LABELED_PAIR,
  labeledLists,
  labeledPairs,
  TRIPLET,
  triplets,
} from './sentence-transformers.js'

export const FORMATS = [
  'triplet',
  'n-tuple',
  'labeled-pair',
  'labeled-list',
  'flagembedding',
  'beir',
] as const
export type Format = (typeof FORMATS)[number]

interface FormatOptions {
  /** A .parquet beside each .jsonl. */
  parquet: boolean
  /** Whether a model scored the documents. */
  scored: boolean
}

type Open = (path: string, options: FormatOptions) => Promise<SampleFile>

const OPEN: Record<Format, Open> = {
  triplet: (path, { parquet }) => openRows(path, TRIPLET, parquet, triplets),
  'n-tuple': (path, { parquet }) => openTuples(path, parquet),
  'labeled-pair': (path, { parquet }) => openRows(path, LABELED_PAIR, parquet, labeledPairs),
  'labeled-list': (path, { parquet }) => openRows(path, LABELED_LIST, parquet, labeledLists),
  flagembedding: (path, { parquet, scored }) => openRows(path, flagColumns(scored), parquet, flagRows),
  beir: (path, { parquet }) => openBeir(path, parquet),
}

/** Creates the format's file or folder in `directory`, which holds none of it yet. */
export function openFormat(
  format: Format,
  directory: string,
  options: FormatOptions,
  side: Side | undefined,
): Promise<SampleFile> {
  return OPEN[format](join(directory, named(format, side)), options)
}

/** The entries that a format makes in an output directory. */
export function entriesOf(format: Format, parquet: boolean, side?: Side | undefined): string[] {
  const name = named(format, side)
  if (format === 'beir') return [name]
  return parquet ? [`${name}.jsonl`, `${name}.parquet`] : [`${name}.jsonl`]
}
