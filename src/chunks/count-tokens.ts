/** Token counts of many spans, in calls of bounded size. */
import { MAX_SPAN, type Span } from './spans.js'

/** Token counts of texts, special tokens not counted, in order. Runs in a worker, so call it with many texts at a time. */
export type CountTokens = (texts: string[]) => Promise<ArrayLike<number>>

/** What the trainer reads of a chunk, by its own tokens. */
export interface TrainerRoom {
  /** The most tokens of a chunk with its title, special tokens not counted. */
  maxTokens: number
  /** Tokens of each text as one of its own. */
  countTokens: CountTokens
  /** Tokens of each text where it goes on after another. */
  countWithin: CountTokens
}

export interface Countable {
  text: string
  span: Span
}

/** What one call takes: enough to keep a worker busy, little enough to copy to it. */
const CALL_TEXTS = 20_000
const CALL_UNITS = 1_000_000

/** Counts in order; infinite for a span over MAX_SPAN, which is not counted. */
export async function countSpans(items: Countable[], countTokens: CountTokens): Promise<number[]> {
  const counts = new Array<number>(items.length).fill(Number.POSITIVE_INFINITY)
  let texts: string[] = []
  let places: number[] = []
  let units = 0
  const flush = async () => {
    const found = await countTokens(texts)
    if (found.length !== texts.length) {
      throw new RangeError(`countTokens returned ${found.length} counts for ${texts.length} texts`)
    }
    for (const [i, place] of places.entries()) counts[place] = found[i]!
    texts = []
    places = []
    units = 0
  }
  for (const [place, { text, span }] of items.entries()) {
    if (span.end - span.start > MAX_SPAN) continue
    texts.push(text.slice(span.start, span.end))
    places.push(place)
    units += span.end - span.start
    if (texts.length === CALL_TEXTS || units >= CALL_UNITS) await flush()
  }
  if (texts.length > 0) await flush()
  return counts
}
