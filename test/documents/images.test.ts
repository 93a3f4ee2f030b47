import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDocuments } from '#clara/documents/read-documents.js'
import { collectWithProblems } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()

const image = (name: string, content = `[IMAGE DESCRIPTION of ${name}]\nA chart of ${name}.`) => ({
  file_path: `example/extracted_assets/${name}`,
  filename: name,
  content,
  source_type: 'image',
})

async function read(...records: object[]) {
  const path = join(directory.path, 'raw_knowledge.jsonl')
  await writeFile(path, records.map((record) => JSON.stringify(record)).join('\n'))
  return collectWithProblems((onProblem) => readDocuments([path], onProblem))
}

describe('images of raw_knowledge.jsonl', () => {
  it('stand in their documents as descriptions, and are no documents then', async () => {
    const { items, problems } = await read(
      { filename: 'a.pdf', content: 'Before.\n\n\n[IMAGE_REF: example/extracted_assets/one.png]\n\nAfter.' },
      image('one.png'),
      image('alone.png'),
    )
    expect(items).toEqual([
      {
        id: 'a.pdf',
        title: '',
        text: 'Before.\n\n[IMAGE DESCRIPTION of one.png]\nA chart of one.png.\n\nAfter.',
      },
      {
        id: 'alone.png',
        path: 'example/extracted_assets/alone.png',
        title: '',
        text: '[IMAGE DESCRIPTION of alone.png]\nA chart of alone.png.',
      },
    ])
    expect(problems).toEqual([])
  })

  it('are found whatever comes first, by the last part of their path', async () => {
    const { items } = await read(image('one.png'), {
      filename: 'a',
      content: 'A [IMAGE_REF: c:\\x\\one.png].',
    })
    expect(items.map(({ id }) => id)).toEqual(['a'])
    expect(items[0]!.text).toContain('A chart of one.png.')
  })

  it.each([
    ['A [IMAGE_REF: x/none.png] b.', 'A [image] b.'],
    ['图 [IMAGE_REF: none.png]。', '图 [图片]。'],
    ['A <!-- image --> b.', 'A  b.'],
    ['Text.\n\n--- Extracted Images ---\n[IMAGE_REF: one.png]\nmore', 'Text.'],
  ])('that nobody described leave a word, lists of images leave nothing: %j', async (content, text) => {
    const { items } = await read({ filename: 'a', content }, image('one.png'))
    expect(items[0]).toMatchObject({ id: 'a', text })
    expect(items.map(({ id }) => id)).toEqual(['a', 'one.png'])
  })

  it('put nothing in that a mark in a description would ask for', async () => {
    const { items } = await read(
      { filename: 'a', content: '[IMAGE_REF: one.png] $& $1' },
      image('one.png', 'See [IMAGE_REF: one.png] and $& here.'),
    )
    expect(items[0]!.text).toBe('See [IMAGE_REF: one.png] and $& here.\n\n $& $1')
  })

  it('leave BEIR records alone, and odd records to be told', async () => {
    const { items, problems } = await read(
      { _id: 'b', text: 'B [IMAGE_REF: one.png].' },
      { source_type: 'image', filename: 7, content: 'x' },
      { source_type: 'image', filename: 'two.png', content: 7 },
      { filename: 'only-list', content: '--- Extracted Images ---\n[IMAGE_REF: one.png]' },
    )
    expect(items).toEqual([{ id: 'b', title: '', text: 'B [IMAGE_REF: one.png].' }])
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4])
  })
})
