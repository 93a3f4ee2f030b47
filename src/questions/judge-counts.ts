/** What became of what the model wrote. */
import { isTranslated } from './answer-support.js'
import type { Judged, Reason } from './judge.js'
import { PAIR_TYPES, type PairType } from './pair-types.js'

export interface JudgeCounts {
  /** Pairs that were written, and those that are believed. */
  written: number
  kept: number
  kept_by_type: Record<PairType, number>
  summaries_kept: number
  summaries_rejected: number
  /** Pairs with each fault; one pair may have several. */
  rejected: Partial<Record<Reason, number>>
  summary_faults: Partial<Record<Reason, number>>
  /** Pairs kept whose answer is in another language than what it was written about: of it numbers, names and quotes were looked for. */
  translated_answers?: number
  /** Halves of surrogate pairs in replies that are U+FFFD now, where there were any. */
  repaired_halves?: number
}

export function createJudgeCounts(): { counts: JudgeCounts; add(judged: Judged): void } {
  const counts: JudgeCounts = {
    written: 0,
    kept: 0,
    kept_by_type: Object.fromEntries(PAIR_TYPES.map((type) => [type, 0])) as Record<PairType, number>,
    summaries_kept: 0,
    summaries_rejected: 0,
    rejected: {},
    summary_faults: {},
  }
  return {
    counts,
    add({ pairs, summary, rejected, repaired, passages }) {
      if (repaired !== undefined) counts.repaired_halves = (counts.repaired_halves ?? 0) + repaired
      counts.kept += pairs.length
      counts.written += pairs.length
      for (const { type } of pairs) counts.kept_by_type[type]++
      const translated = pairs.filter(({ question, answer }) =>
        isTranslated(question, answer, passages),
      ).length
      if (translated > 0) counts.translated_answers = (counts.translated_answers ?? 0) + translated
      if (summary !== undefined) counts.summaries_kept++
      for (const { summary, reasons } of rejected) {
        const isPair = summary === undefined
        if (isPair) counts.written++
        else counts.summaries_rejected++
        const faults = isPair ? counts.rejected : counts.summary_faults
        for (const reason of reasons) faults[reason] = (faults[reason] ?? 0) + 1
      }
    },
  }
}
