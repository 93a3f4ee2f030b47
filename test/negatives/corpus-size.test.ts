import { expect, test } from 'vitest'
import { ClaraError } from '#clara/errors.js'
import { checkCorpusSize } from '#clara/negatives/corpus-size.js'
import { claraError } from '../support/collect.js'

const thrown = (distinct: number, k: number) => {
  try {
    checkCorpusSize(distinct, k)
  } catch (error) {
    return error
  }
}

test('3k chunks are enough, one fewer warns with the largest k that fits', () => {
  expect(checkCorpusSize(15, 5)).toBeUndefined()
  expect(checkCorpusSize(14, 5)).toContain('--target-top-k 4, the largest')
  expect(checkCorpusSize(5, 5)).toMatch(/5 distinct chunks.*15 are advised.*add documents$/)
  expect(checkCorpusSize(14, 5)).toMatch(/^warning: /)
})

test('fewer than k stop, and say what would do', () => {
  expect(thrown(4, 5)).toBeInstanceOf(ClaraError)
  expect(thrown(4, 5)).toMatchObject(
    claraError('too-small', '4 distinct', 'or pass --target-top-k 4 at most'),
  )
  expect(thrown(1, 5)).toMatchObject(claraError('too-small', 'add documents'))
  expect((thrown(1, 5) as Error).message).not.toContain('or pass')
  expect(thrown(0, 2)).toMatchObject(claraError('too-small', '0 distinct'))
})
