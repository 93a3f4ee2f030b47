/** All numbers of a report, as plain data: what --json prints and the page shows. */
import type { FileDigest } from '../../files/durable-file.js'
import type { JsonObject } from '../../files/json-value.js'
import type { Manifest } from '../../index/manifest.js'
import type { TokenCounts } from './collect.js'
import type { CorpusCounts } from './corpus.js'
import type { SampleCounts } from './count-rows.js'
import type { PairCounts } from './pairs.js'
import { kindOf, type ReasonKind } from './reasons.js'
import type { RejectedCounts } from './rejected.js'
import type { RunFiles } from './run-files.js'
import type { Saved } from './saved.js'

export interface RunNumbers extends SampleCounts {
  /** Lines, of all files, that were passed over. */
  bad_records: number
  files: ({ name: string } & FileDigest)[]
  /** What is not there, or does not fit, in words. */
  missing: string[]
  top_k: number | null
  embedder: string | null
  reranker: string | null
  /** Candidates that may answer, by what showed it. */
  caught: Record<Exclude<ReasonKind, 'other'>, number> & { total: number }
  tokens: TokenCounts | null
  pairs: PairCounts | null
  rejected: RejectedCounts | null
  /** Replies of the endpoint that are kept, which were paid for. */
  replies: number | null
  saved: Saved | null
  corpus: CorpusCounts | null
  index: Pick<Manifest, 'embedder' | 'dims' | 'metric' | 'precision' | 'counts' | 'chunking'> | null
  /** The files' own words. */
  report: JsonObject | null
  settings: JsonObject | null
  result: JsonObject | null
}

export interface Looked {
  run: RunFiles
  files: RunNumbers['files']
  counts: SampleCounts
  tokens: TokenCounts | undefined
  rejected: RejectedCounts | undefined
  pairs: PairCounts | undefined
  replies: number | undefined
  saved: Saved | undefined
  corpus: CorpusCounts | undefined
  manifest: Manifest | undefined
  result: JsonObject | undefined
  /** Records that were passed over, of all files. */
  bad: number
}

export function numbersOf(looked: Looked): RunNumbers {
  const { run, counts } = looked
  const { report } = run
  return {
    ...counts,
    bad_records: looked.bad,
    files: looked.files,
    missing: [...run.missing, ...contradictions(counts, report)],
    top_k: mostCommon(counts) ?? null,
    embedder: nameIn(report, 'embedder'),
    reranker: nameIn(report, 'reranker'),
    caught: caughtBy(counts),
    tokens: looked.tokens ?? null,
    pairs: looked.pairs ?? null,
    rejected: looked.rejected ?? null,
    replies: looked.replies ?? null,
    saved: looked.saved ?? null,
    corpus: looked.corpus ?? null,
    index: looked.manifest ? indexOf(looked.manifest) : null,
    report: report ?? null,
    settings: run.settings ?? null,
    result: looked.result ?? null,
  }
}

/** Files of two runs in one directory, or one that was cut short. */
function contradictions({ samples }: SampleCounts, report: JsonObject | undefined): string[] {
  const said = report?.samples
  if (typeof said !== 'number' || said === samples) return []
  return [`report.json says ${said} samples, ${samples} were read`]
}

function mostCommon({ docs_per_sample: counts }: SampleCounts): number | undefined {
  return counts.reduce<(typeof counts)[0] | undefined>(
    (most, each) => (most && most.count >= each.count ? most : each),
    undefined,
  )?.docs
}

function caughtBy({ passed_over: reasons }: SampleCounts): RunNumbers['caught'] {
  const caught = { text: 0, score: 0, place: 0, total: 0 }
  for (const { name, count } of reasons) {
    const kind = kindOf(name)
    if (kind === 'other') continue
    caught[kind] += count
    caught.total += count
  }
  return caught
}

function indexOf({ embedder, dims, metric, precision, counts, chunking }: Manifest): RunNumbers['index'] {
  return { embedder, dims, metric, precision, counts, chunking }
}

function nameIn(report: JsonObject | undefined, key: string): string | null {
  const value = report?.[key]
  return typeof value === 'string' ? value.slice(0, 200) : null
}
