/** What answers an equal question is no negative: the rule of all lines that ask the same. */
import type { SameQuestion } from '../questions/equal-questions.js'
import type { Question } from '../questions/question.js'
import type { Corpus } from './corpus.js'
import { findPositives, type Positive } from './positives.js'
import { type KnownVerdicts, type TruthOptions, type TruthRule, truthRule } from './rules.js'

export interface EqualRule {
  /** Of all lines, each text once. */
  positives: Positive[]
  rule: TruthRule
}

/** An id that the corpus does not have is said of the line that names it. */
export async function equalRule(
  same: SameQuestion,
  question: Question,
  corpus: Corpus,
  options: TruthOptions,
  known?: KnownVerdicts,
): Promise<EqualRule> {
  const positives = new Map<string, Positive>()
  const related = new Set<number>()
  for (const asked of same.lines) {
    const found = await findPositives({ ...question, ...asked }, corpus, () => undefined)
    if (typeof found === 'string') continue
    for (const positive of found.positives) {
      if (!positives.has(positive.key)) positives.set(positive.key, positive)
    }
    for (const position of found.related) related.add(position)
  }
  return ruleOf(same, [...positives.values()], related, options, known)
}

/** @param cosineTo of the rule: by the places of `positives`. */
export function ruleOf(
  same: SameQuestion,
  positives: Positive[],
  related: Set<number>,
  options: TruthOptions,
  known?: KnownVerdicts,
): EqualRule {
  const answers = [...new Set(same.lines.map(({ answer }) => answer))]
  const rule = truthRule({ answer: '', answers }, { positives, related }, options, known)
  return {
    positives,
    rule(chunk, cosineTo) {
      const reason = rule(chunk, cosineTo)
      return reason === undefined || reason === 'contains the answer'
        ? reason
        : 'positive of an equal question'
    },
  }
}
