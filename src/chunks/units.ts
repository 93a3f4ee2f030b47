/** What chunks are packed from: sentences, and smaller pieces of those that are too long. */
import { type Countable, type CountTokens, countSpans } from './count-tokens.js'
import { paragraphsOf } from './paragraphs.js'
import { sentencesOf } from './sentences.js'
import { MAX_SPAN, type Span } from './spans.js'
import { clausesOf, filledLinesOf, piecesOf, wordsOf } from './words.js'

/** A piece of text that is not cut any more. */
export interface Unit extends Span {
  /** Infinite until counted. */
  tokens: number
  /** Whether a paragraph, or the heading before it, starts here. */
  opens: boolean
  heading: boolean
}

/** A document on its way to chunks. */
export interface Draft {
  text: string
  /** The most tokens that a chunk's text may have. */
  budget: number
  units: Unit[]
}

type Cut = (text: string, unit: Unit, budget: number) => Iterable<Span>
/** Each tried on the units that are still too long after the one before. */
const CUTS: Cut[] = [filledLinesOf, clausesOf, wordRunsOf, (text, unit) => wordsOf(text, unit, 1)]
/** A run of words has about this share of the budget: chunks get nearly full, and giant texts few units. */
const RUN_SHARE = 1 / 8

/**
 * Fills in the drafts' units: sentences, and where one has more tokens than the budget its lines,
 * clauses, words, and parts of a word, down to one code point. The drafts share calls of countTokens.
 */
export async function fillUnits(drafts: Draft[], countTokens: CountTokens): Promise<void> {
  for (const draft of drafts) draft.units = sentenceUnits(draft.text)
  await count(drafts, countTokens)
  for (const cut of CUTS) await cutLongUnits(drafts, cut, countTokens)
  while (await cutLongUnits(drafts, cutToFit, countTokens));
}

function sentenceUnits(text: string): Unit[] {
  const units: Unit[] = []
  let afterHeading = false
  for (const { start, end, heading } of paragraphsOf(text)) {
    let opens = !afterHeading
    for (const span of heading ? [{ start, end }] : sentencesOf(text, start, end)) {
      if (span.start === span.end) continue
      units.push({ start: span.start, end: span.end, tokens: Number.POSITIVE_INFINITY, opens, heading })
      opens = false
    }
    afterHeading = heading
  }
  return units
}

function wordRunsOf(text: string, unit: Unit, budget: number): Iterable<Span> {
  const length = unit.end - unit.start
  const tokens = Number.isFinite(unit.tokens) ? unit.tokens : length
  return wordsOf(text, unit, (length / tokens) * budget * RUN_SHARE)
}

function cutToFit(text: string, unit: Unit, budget: number): Iterable<Span> {
  const needed = Number.isFinite(unit.tokens) ? Math.ceil(unit.tokens / budget) : 2
  return piecesOf(text, unit, needed)
}

/** Whether any unit was cut. */
async function cutLongUnits(drafts: Draft[], cut: Cut, countTokens: CountTokens): Promise<boolean> {
  let cutAny = false
  for (const draft of drafts) {
    if (!draft.units.some((unit) => unit.tokens > draft.budget)) continue
    const before = draft.units.length
    draft.units = draft.units.flatMap((unit) =>
      unit.tokens > draft.budget ? cutUnit(draft, unit, cut) : unit,
    )
    if (draft.units.length > before) cutAny = true
  }
  if (cutAny) await count(drafts, countTokens)
  return cutAny
}

function cutUnit({ text, budget }: Draft, unit: Unit, cut: Cut): Unit[] | Unit {
  const units: Unit[] = []
  for (const { start, end } of cut(text, unit, budget)) {
    const opens = unit.opens && units.length === 0
    units.push({ start, end, tokens: Number.POSITIVE_INFINITY, opens, heading: unit.heading })
  }
  return units.length > 1 ? units : unit
}

async function count(drafts: Draft[], countTokens: CountTokens): Promise<void> {
  const uncounted: Unit[] = []
  const items: Countable[] = []
  for (const { text, units } of drafts) {
    for (const unit of units) {
      if (Number.isFinite(unit.tokens) || unit.end - unit.start > MAX_SPAN) continue
      uncounted.push(unit)
      items.push({ text, span: unit })
    }
  }
  const counts = await countSpans(items, countTokens)
  for (const [i, unit] of uncounted.entries()) unit.tokens = counts[i]!
}
