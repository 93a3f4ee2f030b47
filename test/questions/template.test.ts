import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { promptFor, promptKey, taskOf } from '#clara/questions/prompt.js'
import { readTemplate } from '#clara/questions/template.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { FACTS } from './generate-run.js'

const directory = useDirectory()
const CHINESE = '磨坊坐落在河边。它磨黑麦。'
const ENGLISH = 'The mill stands by the river. It grinds rye.'

describe('the prompt', () => {
  it.each([
    ['auto', ENGLISH, 'Write 2 question-answer pairs'],
    ['auto', CHINESE, '编写 2 个问答对'],
    ['en', CHINESE, 'Write 2 question-answer pairs'],
    ['zh', ENGLISH, '编写 2 个问答对'],
  ] as const)('is in the language that is wanted: %s for %s', (promptLanguage, passage, words) => {
    const { system } = taskOf(passage, ['fact', 'fact'], { ...FACTS, promptLanguage })
    expect(system).toContain(words)
    expect(system).toMatch(/^- 2 × fact/m)
    expect(system.match(/\{[a-z_]+\}/g)).toEqual(['{token}', '{token}'])
  })

  it.each([
    [ENGLISH, 'en', 'is in Chinese'],
    [CHINESE, 'en', 'is in English'],
    [ENGLISH, 'zh', '问题使用中文'],
    [CHINESE, 'zh', '问题使用英文'],
    [ENGLISH, 'en', 'Its answer is in Chinese, too'],
    [CHINESE, 'zh', '答案也使用英文'],
  ] as const)('names the other language: %s, %s', (passage, promptLanguage, words) => {
    expect(taskOf(passage, ['cross-lingual'], { ...FACTS, promptLanguage }).system).toContain(words)
  })

  it('says nothing of the answer where that is in the passage’s language', () => {
    const { system } = taskOf(ENGLISH, ['cross-lingual'], { ...FACTS, crossLingualAnswers: 'passage' })
    expect(system).toContain('The question is in Chinese.\n')
    expect(system).not.toContain('too, whatever')
  })

  it.each([
    ['a byte order mark', 'utf8'],
    ['UTF-16', 'utf16le'],
  ] as const)('can be a file in %s', async (_, encoding) => {
    const path = join(directory.path, 'own.txt')
    await writeFile(path, Buffer.from('\ufeff{token} 题目 {pairs}', encoding))
    expect(await readTemplate(path)).toBe('{token} 题目 {pairs}')
  })

  it('can be a file, whose text is part of the key', async () => {
    const path = join(directory.path, 'own.txt')
    await writeFile(
      path,
      'Between <passage-{token}>: {count} pairs.\n{pairs}\nJSON: {"summary": "", "pairs": [{}]}',
    )
    const template = await readTemplate(path)
    const task = taskOf(ENGLISH, ['fact'], { ...FACTS, template })
    const { system, user } = promptFor(task, 'abc')
    expect(system).toBe(
      'Between <passage-abc>: 1 pairs.\n- 1 × fact: asks for one thing that the passage states. The question is ' +
        'in the language of the passage.\nJSON: {"summary": "", "pairs": [{}]}',
    )
    expect(user).toBe(`<passage-abc>\n${ENGLISH}\n</passage-abc>`)
    expect(promptKey({ model: 'm' }, task)).not.toBe(
      promptKey({ model: 'm' }, taskOf(ENGLISH, ['fact'], FACTS)),
    )
    expect(promptKey({ model: 'm' }, task)).toBe(
      promptKey({ model: 'm' }, taskOf(ENGLISH, ['fact'], { ...FACTS, template })),
    )
  })

  it.each([
    ['{pairs}', '{token} is missing'],
    ['{token}', '{pairs} is missing'],
    ['{token} {pairs} {passage}', '{passage} is unknown'],
    ['{token} {pairs} '.repeat(10_000), 'over 100000 characters'],
  ])('is checked before anything is asked: %s', async (text, message) => {
    const path = join(directory.path, 'own.txt')
    await writeFile(path, text)
    await expect(readTemplate(path)).rejects.toMatchObject(claraError('input', path, message))
    await expect(readTemplate(`${path}.none`)).rejects.toMatchObject(claraError('input', 'no such file'))
  })
})
