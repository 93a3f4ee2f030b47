/** Scores of one row -> ranks and findings. No model, no state. */
import type { CorpusChunk } from '../../negatives/corpus.js'
import { ruleOf } from '../../negatives/equal-rule.js'
import type { Positive } from '../../negatives/positives.js'
import {
  DEFAULT_TRUTH,
  type TruthOptions,
  type TruthRule,
  truthRule,
  type Untrue,
} from '../../negatives/rules.js'
import {
  DEFAULT_THRESHOLDS,
  type Limits,
  limitsFor,
  refuse,
  type Thresholds,
  type TooHigh,
} from '../../negatives/thresholds.js'
import type { SameQuestion } from '../../questions/equal-questions.js'
import { foldText } from '../../text/fold.js'
import { keyOf, textKey } from '../../text/same-text.js'
import type { SampleRow } from './read-rows.js'

/** `suspect`: a negative that may be an answer. `too-easy`: one that teaches nothing. */
export type Finding =
  | { kind: 'suspect'; reason: Untrue | TooHigh }
  | { kind: 'too-easy'; reason: 'score under --min-score' | 'score under that of random passages' }

export interface JudgeOptions {
  thresholds?: Partial<Thresholds>
  truth?: Partial<TruthOptions>
}

export interface RowScores {
  /** Of question and each doc. */
  embedder: ArrayLike<number>
  /** The same, as standard scores. */
  standard: ArrayLike<number>
  /** From 0 to 1. */
  reranker: ArrayLike<number> | undefined
  /** Cosine of a doc and the nearest positive, on the scale of `nearCosine`. */
  nearness(position: number): number
  /** What random passages score, on the scale that thresholds are on. */
  random: number | undefined
  /** A score that is no sign of an answer. */
  unrelated: number | undefined
}

export interface JudgedDoc {
  text: string
  isPositive: boolean
  embedder: { score: number; standard: number; rank: number }
  reranker: { score: number; rank: number } | undefined
  findings: Finding[]
}

export interface JudgedRow {
  row: SampleRow
  same: SameQuestion | undefined
  docs: JudgedDoc[]
  /** Of the best positive. */
  positiveRank: { embedder: number; reranker: number | undefined }
  limits: Limits
}

/** @param same where other rows ask the same: what answers them. */
export function judgeRow(
  row: SampleRow,
  scores: RowScores,
  options: JudgeOptions,
  same?: SameQuestion,
): JudgedRow {
  const judged = scores.reranker ?? scores.standard
  const thresholds = { ...DEFAULT_THRESHOLDS, ...options.thresholds }
  const asked = thresholds.minScore
  const positive = Math.min(...row.positives.map((at) => judged[at]!))
  const limits = limitsFor(positive, { ...thresholds, minScore: asked ?? scores.random }, scores.unrelated)
  const untrue = untrueOf(row, scores, { ...DEFAULT_TRUTH, ...options.truth }, same)
  const tooEasy = asked === undefined ? 'score under that of random passages' : 'score under --min-score'
  const findingsOf = (position: number): Finding[] => {
    const findings: Finding[] = []
    const fault = untrue(position)
    const refused = refuse(judged[position]!, limits)
    if (fault) findings.push({ kind: 'suspect', reason: fault })
    if (refused && refused !== 'score under --min-score') findings.push({ kind: 'suspect', reason: refused })
    if (refused && findings.length === 0) findings.push({ kind: 'too-easy', reason: tooEasy })
    return findings
  }
  const isPositive = (position: number) => row.positives.includes(position)
  const best = (ranks: number[]) => Math.min(...row.positives.map((at) => ranks[at]!))
  const ranks = ranksOf(scores.embedder)
  const reranked = scores.reranker && ranksOf(scores.reranker)
  return {
    row,
    same,
    limits,
    positiveRank: { embedder: best(ranks), reranker: reranked && best(reranked) },
    docs: row.docs.map((text, i) => ({
      text,
      isPositive: isPositive(i),
      embedder: { score: scores.embedder[i]!, standard: scores.standard[i]!, rank: ranks[i]! },
      reranker: reranked && { score: scores.reranker![i]!, rank: reranked[i]! },
      findings: isPositive(i) ? [] : findingsOf(i),
    })),
  }
}

/** From 1; equal scores share the better rank. */
function ranksOf(scores: ArrayLike<number>): number[] {
  const sorted = Array.from(scores).sort((a, b) => b - a)
  return Array.from(scores, (score) => sorted.indexOf(score) + 1)
}

function untrueOf(
  row: SampleRow,
  { nearness }: RowScores,
  truth: TruthOptions,
  same: SameQuestion | undefined,
): (position: number) => Untrue | undefined {
  const positives = row.positives.map((at) => positiveOf(row.docs[at]!))
  const rule = truthRule(row, { positives, related: new Set() }, truth)
  const equal = same && equalRuleOf(same, truth)
  return (position) => {
    const passage = passageOf(row.docs[position]!)
    return rule(passage, () => nearness(position)) ?? equal?.(passage, undefined)
  }
}

/** Of rows that ask the same, worked out once. */
const equalRules = new WeakMap<SameQuestion, TruthRule>()

function equalRuleOf(same: SameQuestion, truth: TruthOptions): TruthRule {
  let rule = equalRules.get(same)
  if (!rule) {
    const positives = same.lines.flatMap(({ passages }) => passages.map(positiveOf))
    rule = ruleOf(same, positives, new Set(), truth).rule
    equalRules.set(same, rule)
  }
  return rule
}

const positiveOf = (text: string): Positive => ({ chunk: undefined, text, key: textKey(text) })

/** A passage that no corpus is known to hold. */
function passageOf(text: string): CorpusChunk {
  const folded = foldText(text)
  return { position: -1, chunkId: '', documentId: '', text, folded, key: keyOf(folded) }
}
