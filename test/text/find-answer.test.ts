import { describe, expect, test } from 'vitest'
import { answerFinder } from '#clara/text/find-answer.js'
import { foldText } from '#clara/text/fold.js'

const states = (answer: string, text: string) => answerFinder(answer)?.(foldText(text))

describe('an answer', () => {
  test.each([
    ['Thrasher magazine', 'He wrote for THRASHER  Magazine, then left.', true],
    ['Thrasher magazine', 'He wrote for Thrasher magazines.', false],
    ['Thrasher magazine', 'He wrote for the magazine Thrasher.', false],
    ['"Thrasher magazine."', '(Thrasher magazine)', true],
    ['magazines', 'All supermagazines, and at last magazines.', true],
    ['magazines', 'All supermagazines', false],
    ['Ｔｈｒａｓｈｅｒ magazine', 'of Thrasher magazine', true],
    ['café société', 'the café société of Paris', true],
    ['量子力学', '他研究量子力学的基础。', true],
    ['量子力学', '他研究量子化学。', false],
    ['\ud842\udfb7\ud842\udfb7量子力学', '在\ud842\udfb7\ud842\udfb7量子力学中', true],
  ])('%j in %j: %j', (answer, text, expected) => {
    expect(states(answer, text)).toBe(expected)
  })

  test.each(['', ' . ', '1963', 'the king', 'yes', '北京', '三年', '...!!!...!!!'])(
    '%j is too short to mean anything',
    (answer) => {
      expect(answerFinder(answer)).toBeUndefined()
    },
  )
})
