/** Chunks that fit the embedder's tokenizer and the trainer's: both are the real ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { passageOf } from '#clara/chunks/chunk.js'
import { type ChunkOptions, chunkDocuments } from '#clara/chunks/split.js'
import type { Document } from '#clara/documents/document.js'
import { openTokenizer, type ThreadedTokenizer } from '#clara/inference/open-tokenizer.js'
import { openTrainerTokenizer, type TrainerTokenizer } from '#clara/inference/trainer-tokenizer.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { collect, stream } from '../support/collect.js'
import { exampleDocuments } from '../support/example-index.js'

let embedder: ThreadedTokenizer
let trainer: TrainerTokenizer

beforeAll(async () => {
  embedder = await openTokenizer(await resolveEmbedder('all-minilm-l6-v2'))
  trainer = await openTrainerTokenizer()
})
afterAll(() => Promise.all([embedder.close(), trainer.close()]))

const TOKENS = 254
const ROOM = 256

const room = (maxTokens = ROOM): ChunkOptions['trainer'] => ({
  maxTokens,
  countTokens: trainer.countTokens,
  countWithin: trainer.countWithin,
})

const chunksOf = (documents: Document[], options: Partial<ChunkOptions> = {}) =>
  collect(
    chunkDocuments(
      stream(documents),
      { maxTokens: TOKENS, overlapTokens: 0, split: true, trainer: room(), ...options },
      embedder.countTokens,
    ),
  )

const repeated = (part: string, times: number) =>
  Array.from({ length: times }, (_, i) => `${part}${i} `).join('')
const code = Array.from(
  { length: 120 },
  (_, i) => `    if (value_${i} >= 0x${(i * 977).toString(16)}) {\n\treturn f(${i});\n    }`,
)

/** Each has far more tokens for the trainer than for the embedder, or other ones. */
const TEXTS: Record<string, string> = {
  'English prose': repeated(
    'The lighthouse keeper wrote down the wind, the swell and every ship that passed, day ',
    60,
  ),
  'Chinese with rare characters': repeated('罕見的龘靐齉爨，在洞穴裡築巢；北极海鹦每年春天回到岛上。', 60),
  'Chinese without a break': '北极海鹦在洞穴里筑巢'.repeat(300),
  Japanese: 'ペンギンは魚を食べますが、空を飛ぶことはできません。'.repeat(60),
  Thai: 'นกพัฟฟินขุดโพรงบนหน้าผาใกล้ทะเล'.repeat(60),
  Korean: '바다오리는 절벽의 굴에 둥지를 튼다. '.repeat(80),
  digits: repeated('1,234,567.89 2026-12-01 ', 150),
  emoji: '👩‍💻👍🏽🏴󠁧󠁢󠁥󠁮󠁧󠁿🧬'.repeat(120),
  code: code.join('\n'),
  'blank lines': repeated('Line\n\n\n\n\n\n', 200),
  'one long word': 'x1Z'.repeat(2000),
  hexadecimal: Array.from({ length: 900 }, (_, i) =>
    ((i * 2654435761) >>> 0).toString(16).padStart(8, '0'),
  ).join(''),
}

const ink = (text: string) => text.replace(/\s+/g, '')

describe.each(Object.entries(TEXTS))('%s', (_, text) => {
  test.each(['', 'A title of some words: 北极海鹦'])(
    'under the title "%s" every chunk fits both',
    async (title) => {
      const chunks = await chunksOf([{ id: 'd', title, text }])
      const passages = chunks.map(passageOf)
      const trained = await trainer.countTokens(passages)
      expect(Math.max(...trained)).toBeLessThanOrEqual(ROOM)
      expect(Math.max(...(await embedder.countTokens(passages)))).toBeLessThanOrEqual(TOKENS)
      expect(chunks.map((chunk) => ink(chunk.text)).join('')).toBe(ink(text))
    },
  )
})

test('the room is used: chunks are nearly full where sentences are short', async () => {
  const chunks = await chunksOf([{ id: 'd', title: '', text: TEXTS['Chinese with rare characters']! }])
  const tokens = await trainer.countTokens(chunks.map(passageOf))
  // A sentence has 57 of the trainer's tokens: four fit.
  for (const count of tokens.slice(0, -2)) expect(count).toBeGreaterThan(ROOM - 57)
})

test('chunks end where sentences do', async () => {
  const chunks = await chunksOf([{ id: 'd', title: '', text: TEXTS.Japanese! }])
  for (const { text } of chunks) expect(text).toMatch(/。$/)
})

test('overlap fits, too', async () => {
  const chunks = await chunksOf([{ id: 'd', title: '', text: TEXTS['English prose']! }], {
    overlapTokens: 60,
  })
  expect(Math.max(...(await trainer.countTokens(chunks.map(passageOf))))).toBeLessThanOrEqual(ROOM)
  expect(chunks[1]!.text.split(' ').every((word) => TEXTS['English prose']!.includes(word))).toBe(true)
  expect(chunks[0]!.text).toContain(chunks[1]!.text.slice(0, 60))
})

test('a title of nearly all of the trainer’s room leaves the text an eighth', async () => {
  const title = '龘'.repeat(75) // 225 tokens
  const chunks = await chunksOf([{ id: 'd', title, text: TEXTS['English prose']! }])
  expect(Math.max(...(await trainer.countTokens(chunks.map(passageOf))))).toBeLessThanOrEqual(ROOM + 2)
})

test('what fits anyway is cut as without a trainer', async () => {
  const documents = await collect(exampleDocuments())
  const withRoom = await chunksOf(documents, { maxTokens: 64, trainer: room(4096) })
  expect(withRoom).toEqual(await chunksOf(documents, { maxTokens: 64, trainer: undefined }))
})
