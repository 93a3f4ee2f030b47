import { describe, expect, it } from 'vitest'
import { createSplit, type Side, sideOfDocument } from '#clara/samples/split.js'
import { textKey } from '#clara/text/same-text.js'
import { stream } from '../support/collect.js'

const chunk = (document: string, text = `Text of ${document}.`) => ({
  id: `${document}#0`,
  documentId: document,
  title: '',
  text,
})
const source = (document: string, text = `Text of ${document}.`) => ({
  documentId: document,
  key: textKey(text),
})
const names = Array.from({ length: 2000 }, (_, i) => `doc-${i}`)
const ofSide = (side: Side) => names.filter((name) => sideOfDocument(name, 0.9, 42) === side)

describe('a split', () => {
  it('gives each document a side by its id and the seed, in the shares that are wanted', async () => {
    expect(ofSide('train').length / names.length).toBeCloseTo(0.9, 1)
    const split = await createSplit(stream(names.map((name) => chunk(name))), 0.9, 42)
    const few = await createSplit(stream(names.slice(0, 50).map((name) => chunk(name))), 0.9, 42)
    for (const name of names.slice(0, 50)) {
      expect(split.sideOf([source(name)])).toBe(sideOfDocument(name, 0.9, 42))
      expect(few.sideOf([source(name)])).toBe(split.sideOf([source(name)]))
    }
    expect(names.filter((name) => sideOfDocument(name, 0.9, 1) === 'validation')).not.toEqual(
      ofSide('validation'),
    )
  })

  it('leaves out of validation a passage that training has, of whatever case and blanks', async () => {
    const [train] = ofSide('train')
    const [validation] = ofSide('validation')
    const chunks = [
      chunk(train!, 'The same  text.'),
      chunk(validation!, 'the SAME text.'),
      chunk(validation!),
    ]
    const split = await createSplit(stream(chunks), 0.9, 42)
    expect(split.sideOf([source(validation!, 'the SAME text.')])).toBeUndefined()
    expect(split.sideOf([source(validation!)])).toBe('validation')
    expect(split.sideOf([source(train!, 'The same  text.')])).toBe('train')
  })

  it('leaves out what needs documents of both sides', async () => {
    const [one, other] = ofSide('train')
    const [validation] = ofSide('validation')
    const split = await createSplit(stream([chunk(one!), chunk(other!), chunk(validation!)]), 0.9, 42)
    expect(split.sideOf([source(one!), source(validation!)])).toBeUndefined()
    expect(split.sideOf([source(one!), source(other!)])).toBe('train')
  })
})
