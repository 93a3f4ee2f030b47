/** What chunks are packed from: sentences, and smaller pieces of those that are too long. */
import { type Countable, type CountTokens, countSpans, type TrainerRoom } from './count-tokens.js'
import { paragraphsOf } from './paragraphs.js'
import { sentencesOf } from './sentences.js'
import { MAX_SPAN, type Span } from './spans.js'
import { clausesOf, filledLinesOf, piecesOf, wordsOf } from './words.js'

/** A piece of text that is not cut any more. */
export interface Unit extends Span {
  /** Infinite until counted. */
  tokens: number
  /** The trainer's tokens of it as the beginning of a chunk; infinite until counted, 0 where no trainer is heeded. */
  trained: number
  /** The same behind the unit before, with what stands between the two. */
  trainedBehind: number
  /** Whether a paragraph, or the heading before it, starts here. */
  opens: boolean
  heading: boolean
}

/** A document on its way to chunks. */
export interface Draft {
  text: string
  /** The most tokens that a chunk's text may have. */
  budget: number
  /** The same in the trainer's tokens; infinite where no trainer is heeded. */
  trainerBudget: number
  units: Unit[]
}

type Cut = (text: string, unit: Unit, over: Over) => Iterable<Span>
/** Of the two tokenizers, the one by which a unit is further over its budget. */
interface Over {
  tokens: number
  budget: number
}

/** Each tried on the units that are still too long after the one before. */
const CUTS: Cut[] = [filledLinesOf, clausesOf, wordRunsOf, (text, unit) => wordsOf(text, unit, 1)]
/** A run of words has about this share of the budget: chunks get nearly full, and giant texts few units. */
const RUN_SHARE = 1 / 8

/**
 * Fills in the drafts' units: sentences, and where one has more tokens than the budget its lines,
 * clauses, words, and parts of a word, down to one code point. The drafts share calls of countTokens.
 */
export async function fillUnits(
  drafts: Draft[],
  countTokens: CountTokens,
  trainer: TrainerRoom | undefined,
): Promise<void> {
  const count = () => countUnits(drafts, countTokens, trainer)
  for (const draft of drafts) draft.units = sentenceUnits(draft.text)
  await count()
  for (const cut of CUTS) if (cutLongUnits(drafts, cut)) await count()
  while (cutLongUnits(drafts, cutToFit)) await count()
  if (trainer) await countBehind(drafts, trainer)
}

/** Finite, so that sums stay numbers. */
const MORE_THAN_FIT = 2 ** 32

const UNCOUNTED = {
  tokens: Number.POSITIVE_INFINITY,
  trained: Number.POSITIVE_INFINITY,
  trainedBehind: 0,
}

function sentenceUnits(text: string): Unit[] {
  const units: Unit[] = []
  let afterHeading = false
  for (const { start, end, heading } of paragraphsOf(text)) {
    let opens = !afterHeading
    for (const span of heading ? [{ start, end }] : sentencesOf(text, start, end)) {
      if (span.start === span.end) continue
      units.push({ start: span.start, end: span.end, ...UNCOUNTED, opens, heading })
      opens = false
    }
    afterHeading = heading
  }
  return units
}

function wordRunsOf(text: string, unit: Unit, over: Over): Iterable<Span> {
  const length = unit.end - unit.start
  const tokens = Number.isFinite(over.tokens) ? over.tokens : length
  return wordsOf(text, unit, (length / tokens) * over.budget * RUN_SHARE)
}

function cutToFit(text: string, unit: Unit, { tokens, budget }: Over): Iterable<Span> {
  const needed = Number.isFinite(tokens) ? Math.ceil(tokens / budget) : 2
  return piecesOf(text, unit, needed)
}

/** Whether any unit was cut. */
function cutLongUnits(drafts: Draft[], cut: Cut): boolean {
  let cutAny = false
  for (const draft of drafts) {
    if (!draft.units.some((unit) => isOver(draft, unit))) continue
    const before = draft.units.length
    draft.units = draft.units.flatMap((unit) => (isOver(draft, unit) ? cutUnit(draft, unit, cut) : unit))
    if (draft.units.length > before) cutAny = true
  }
  return cutAny
}

function isOver({ budget, trainerBudget }: Draft, { tokens, trained }: Unit): boolean {
  return tokens > budget || trained > trainerBudget
}

function cutUnit({ text, budget, trainerBudget }: Draft, unit: Unit, cut: Cut): Unit[] | Unit {
  const { tokens, trained } = unit
  const byTrainer = trained / trainerBudget > tokens / budget
  const over = byTrainer ? { tokens: trained, budget: trainerBudget } : { tokens, budget }
  const units: Unit[] = []
  for (const { start, end } of cut(text, unit, over)) {
    const opens = unit.opens && units.length === 0
    units.push({ start, end, ...UNCOUNTED, opens, heading: unit.heading })
  }
  return units.length > 1 ? units : unit
}

async function countUnits(
  drafts: Draft[],
  countTokens: CountTokens,
  trainer: TrainerRoom | undefined,
): Promise<void> {
  const uncounted: Unit[] = []
  const items: Countable[] = []
  for (const { text, units } of drafts) {
    for (const unit of units) {
      if (Number.isFinite(unit.tokens) || unit.end - unit.start > MAX_SPAN) continue
      uncounted.push(unit)
      items.push({ text, span: unit })
    }
  }
  const [tokens, trained] = await Promise.all([
    countSpans(items, countTokens),
    trainer && countSpans(items, trainer.countTokens),
  ])
  for (const [i, unit] of uncounted.entries()) {
    unit.tokens = tokens[i]!
    unit.trained = trained ? trained[i]! : 0
  }
}

async function countBehind(drafts: Draft[], trainer: TrainerRoom): Promise<void> {
  const behind = drafts.flatMap(({ text, units }) =>
    units.slice(1).map((unit, i) => ({ unit, text, span: { start: units[i]!.end, end: unit.end } })),
  )
  const counts = await countSpans(behind, trainer.countWithin)
  // White space without end is not counted: nothing goes on behind it.
  for (const [i, { unit }] of behind.entries()) unit.trainedBehind = Math.min(counts[i]!, MORE_THAN_FIT)
}
