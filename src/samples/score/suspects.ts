/** The suspects by name: which document of which row, and why. */

import { rounded } from '../assemble.js'
import { openProvenance } from '../validate/provenance.js'
import type { JudgedRow } from './judge.js'
import { type Replacements, suspectsOf } from './replace.js'

export interface Suspect {
  /** Of the file, from 1. */
  line: number
  question: string
  /** Position in `docs`, from 0. */
  doc: number
  /** As the provenance beside the file has it; `null` where there is none. */
  chunk_id: string | null
  embedder_score: number
  /** From 0, a random passage, to 1, a typical positive. */
  standard_score: number
  /** From 0 to 1. */
  reranker_score: number | null
  /** What a negative of this row may score, by the model that judges. */
  most: number
  reasons: string[]
  /** The chunk that stands there in the mended file; `null` where the row stayed as it was, or nothing was to be mended. */
  replaced_by: string | null
}

export function suspectsIn(judged: JudgedRow, replacements: Replacements | undefined): Suspect[] {
  const { row, docs, limits } = judged
  return suspectsOf(judged).map((doc) => {
    const { embedder, reranker, findings } = docs[doc]!
    return {
      line: row.line,
      question: row.question,
      doc,
      chunk_id: null,
      embedder_score: rounded(embedder.score)!,
      standard_score: rounded(embedder.standard)!,
      reranker_score: rounded(reranker?.score),
      most: rounded(limits.most)!,
      reasons: findings.flatMap(({ kind, reason }) => (kind === 'suspect' ? [reason] : [])),
      replaced_by: replacements?.get(doc)?.chunk.chunkId ?? null,
    }
  })
}

/** @param suspects in the order of lines; each gets the id of its chunk, where the provenance beside the file names it. */
export async function nameChunks(path: string, suspects: Suspect[]): Promise<void> {
  const provenance = suspects.length > 0 ? await openProvenance(path) : undefined
  if (!provenance) return
  try {
    let chunkIds: (string | null)[] | undefined
    let at = 0
    for (const suspect of suspects) {
      // each line of the provenance is given once
      if (suspect.line > at) chunkIds = (await provenance.upTo(suspect.line)).get(suspect.line)?.chunkIds
      at = suspect.line
      suspect.chunk_id = chunkIds?.[suspect.doc] ?? null
    }
  } finally {
    await provenance.close()
  }
}
