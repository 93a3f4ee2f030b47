import { describe, expect, test } from 'vitest'
import { chunksOf, randomFrom, randomText, split, tokenCount, withoutBlanks } from './sample-texts.js'

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed)

describe('random documents', () => {
  test.each([8, 20, 64])(
    'in %i tokens: every character once, in order, within the budget',
    async (maxTokens) => {
      for (const seed of SEEDS) {
        const text = randomText(randomFrom(seed))
        const chunks = await split(text, maxTokens)
        expect(withoutBlanks(chunks.join('')), `seed ${seed}`).toBe(withoutBlanks(text))
        for (const chunk of chunks) {
          expect(chunk, `seed ${seed}`).toBe(chunk.trim())
          expect(tokenCount(chunk), `seed ${seed}`).toBeLessThanOrEqual(maxTokens)
        }
      }
    },
  )

  test.each([8, 20, 64])('in %i tokens: no word is cut', async (maxTokens) => {
    for (const seed of SEEDS) {
      const text = randomText(randomFrom(seed))
      let at = 0
      for (const chunk of await split(text, maxTokens)) {
        const start = text.indexOf(chunk, at)
        at = start + chunk.length
        expect(text.slice(at - 1, at + 1), `seed ${seed}`).not.toMatch(/[\p{sc=Latin}\p{N}]{2}/u)
      }
    }
  })

  test('overlap: each chunk starts with the end of the one before, and goes on', async () => {
    let overlaps = 0
    for (const seed of SEEDS) {
      const text = randomText(randomFrom(seed))
      let start = -1
      let end = 0
      for (const chunk of await split(text, 40, 15)) {
        const from = nextPlace(text, chunk, start, end)
        expect(from, `seed ${seed}`).toBeGreaterThan(start)
        expect(tokenCount(chunk), `seed ${seed}`).toBeLessThanOrEqual(40)
        if (from < end) {
          overlaps++
          expect(tokenCount(text.slice(from, end)), `seed ${seed}`).toBeLessThanOrEqual(15)
        }
        start = from
        expect(from + chunk.length, `seed ${seed}`).toBeGreaterThan(end)
        end = from + chunk.length
      }
      expect(end, `seed ${seed}`).toBe(text.trimEnd().length)
    }
    expect(overlaps).toBeGreaterThan(SEEDS.length)
  })

  test('the chunks of a document do not depend on its neighbours', async () => {
    const documents = SEEDS.flatMap((seed) => {
      const random = randomFrom(seed)
      return [1, 2, 3].map((n) => ({
        id: `${seed}-${n}`,
        title: n === 2 ? 'A title' : '',
        text: randomText(random),
      }))
    })
    const together = await chunksOf(documents, { maxTokens: 24, overlapTokens: 6 })
    const alone = []
    for (const document of documents) {
      alone.push(...(await chunksOf([document], { maxTokens: 24, overlapTokens: 6 })))
    }
    expect(together).toEqual(alone)
  })
})

/** Where a chunk stands: after the start of the one before, the first place that ends after it and leaves no gap. */
function nextPlace(text: string, chunk: string, start: number, end: number): number {
  let from = text.indexOf(chunk, start + 1)
  while (from >= 0 && from + chunk.length <= end) from = text.indexOf(chunk, from + 1)
  if (from > end) expect(text.slice(end, from).trim()).toBe('')
  return from
}
