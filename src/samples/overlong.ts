/** Counts samples with a document that the trainer does not read to its end: of chunks that were not made for it. */
import type { CountTokens } from '../chunks/count-tokens.js'
import type { MinedQuestion } from '../negatives/mine.js'

/** Samples that wait to be counted together. */
const BATCH = 64
/** Texts of which the number is remembered: the same chunks come again and again. */
const REMEMBERED = 10_000

export interface OverlongCount {
  samples: number
  /** Those with a document over the limit. */
  over: number
  /** Those of which that document is a positive. */
  overPositive: number
}

/** Passes samples on, and counts them on the way. */
export async function* countingOverlong(
  mined: AsyncIterable<MinedQuestion>,
  limit: number,
  countTokens: CountTokens,
  counted: OverlongCount,
): AsyncGenerator<MinedQuestion> {
  const isOver = new Map<string, boolean>()
  const count = async (samples: MinedQuestion[]) => {
    const texts = new Set(samples.flatMap(textsOf).filter((text) => !isOver.has(text)))
    const tokens = await countTokens([...texts])
    Array.from(texts).forEach((text, i) => {
      isOver.set(text, tokens[i]! > limit)
    })
    for (const sample of samples) {
      const positive = sample.positives.some(({ text }) => isOver.get(text))
      counted.samples++
      if (positive || textsOf(sample).some((text) => isOver.get(text))) counted.over++
      if (positive) counted.overPositive++
    }
    if (isOver.size > REMEMBERED) isOver.clear()
  }
  let waiting: MinedQuestion[] = []
  for await (const sample of mined) {
    yield sample
    waiting.push(sample)
    if (waiting.length < BATCH) continue
    await count(waiting)
    waiting = []
  }
  await count(waiting)
}

function textsOf({ positives, negatives }: MinedQuestion): string[] {
  return [...positives.map(({ text }) => text), ...negatives.map(({ chunk }) => chunk.text)]
}
