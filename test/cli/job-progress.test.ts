/** Lines of long jobs: how far, how fast, how long still. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { embeddingProgress } from '#clara/cli/embedding-progress.js'
import { miningProgress } from '#clara/cli/mining-progress.js'
import type { Talk } from '#clara/cli/talk.js'

const NO_TOKENS = { texts: 0, tokens: 0, unknown: 0 }
const lines: string[] = []
const talk = {
  progress: () => (text: () => string) => lines.push(text()),
  remark: () => {},
} as unknown as Talk

beforeEach(() => {
  lines.length = 0
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a build tells how many documents of how many are in, and how long the others will take', () => {
  const progress = embeddingProgress(talk, 400)
  vi.advanceTimersByTime(10_000)
  progress.onProgress(250, NO_TOKENS, 100)
  expect(lines).toEqual(['250 chunks, 25/s, 100 of 400 documents, 30 s left'])
})

test('a build that goes on counts all that is in, and forecasts by what this run did', () => {
  const progress = embeddingProgress(talk, 400)
  progress.onResume(200, 80)
  vi.advanceTimersByTime(10_000)
  progress.onProgress(250, NO_TOKENS, 100)
  expect(lines).toEqual(['250 chunks, 5/s, 100 of 400 documents, 3 min left'])
})

test('a build whose documents cannot be counted beforehand tells no more than its rate', () => {
  const progress = embeddingProgress(talk)
  vi.advanceTimersByTime(10_000)
  progress.onProgress(250, NO_TOKENS, 100)
  expect(lines).toEqual(['250 chunks, 25/s'])
})

test('mining tells how many samples of how many are ready; pairs, where any were scored', () => {
  const progress = miningProgress(talk, 400)
  vi.advanceTimersByTime(10_000)
  progress.onSample(100)
  progress.onScored(500)
  expect(lines).toEqual([
    '100 of 400 samples, 10/s, 30 s left',
    '100 of 400 samples, 10/s, 500 pairs scored, 50/s, 30 s left',
  ])
  miningProgress(talk).onSample(0)
  expect(lines.at(-1)).toMatch(/^0 samples, \S+\/s$/)
})
