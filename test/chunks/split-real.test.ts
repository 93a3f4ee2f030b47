import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { chunksOf, tokenCount, withoutBlanks } from './sample-texts.js'

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

function corpus(name: string): Document[] {
  const lines = readFileSync(join(DATA, name, 'corpus.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => {
    const { _id: id, title, text } = JSON.parse(line)
    return { id, title, text }
  })
}

function referenceTexts(): Document[] {
  return ['pdf', 'docx', 'pptx', 'html', 'md'].flatMap((kind) => {
    const folder = join(DATA, 'documents', kind, 'groundtruth')
    return readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => ({ id: name, title: '', text: readFileSync(join(folder, name), 'utf8') }))
  })
}

const SOURCES: [string, string, () => Document[]][] = [
  ...['xquad-en', 'xquad-zh', 'cmrc2018-dev', 'clara-pretrain'].map(
    (name): [string, string, () => Document[]] => [
      name,
      join(DATA, name, 'corpus.jsonl'),
      () => corpus(name),
    ],
  ),
  ['documents', join(DATA, 'documents', 'pdf', 'groundtruth'), referenceTexts],
]

for (const [name, path, load] of SOURCES) {
  const skipped = !existsSync(path)
  describe.skipIf(skipped)(skipped ? `${name}: skipped, ${path} is absent` : name, () => {
    test.each([256, 48])(
      'in %i tokens: every character once, within the budget, no word cut',
      async (maxTokens) => {
        const documents = load()
        const chunks = await chunksOf(documents, { maxTokens })

        for (const { id, title, text } of documents) {
          const budget = Math.max(maxTokens - tokenCount(title), maxTokens / 2)
          let at = 0
          for (const chunk of chunks.filter(({ documentId }) => documentId === id)) {
            const start = text.indexOf(chunk.text, at)
            expect(text.slice(at, start).trim(), chunk.id).toBe('')
            at = start + chunk.text.length
            expect(tokenCount(chunk.text), chunk.id).toBeLessThanOrEqual(budget)
            expect(text.slice(at - 1, at + 1), chunk.id).not.toMatch(/\p{sc=Latin}{2}/u)
          }
          expect(withoutBlanks(text.slice(at)), id).toBe('')
        }
      },
    )
  })
}
