/** A token count without a model, seeded random texts, and what a test does to get chunks. */
import type { Chunk } from '#clara/chunks/chunk.js'
import type { CountTokens } from '#clara/chunks/count-tokens.js'
import { type ChunkOptions, chunkDocuments } from '#clara/chunks/split.js'
import type { Document } from '#clara/documents/document.js'
import { collect, stream } from '../support/collect.js'

/** Words, Chinese characters and punctuation marks: near what a WordPiece model counts. */
const TOKEN = /[\p{sc=Han}]|[\p{L}\p{N}\p{M}]+?(?=\p{sc=Han})|[\p{L}\p{N}\p{M}]+|[^\s]/gu

export function tokenCount(text: string): number {
  let count = 0
  for (const _ of text.matchAll(TOKEN)) count++
  return count
}

export const countTokens: CountTokens = async (texts) => texts.map(tokenCount)

export async function chunksOf(
  documents: Document[],
  options: Partial<ChunkOptions> = {},
  count = countTokens,
): Promise<Chunk[]> {
  const all: ChunkOptions = { maxTokens: 256, overlapTokens: 0, split: true, ...options }
  return collect(chunkDocuments(stream(documents), all, count))
}

/** The texts of one document's chunks. */
export async function split(text: string, maxTokens: number, overlapTokens = 0): Promise<string[]> {
  const chunks = await chunksOf([{ id: 'd', title: '', text }], { maxTokens, overlapTokens })
  return chunks.map((chunk) => chunk.text)
}

export function withoutBlanks(text: string): string {
  return text.replaceAll(/\s/g, '')
}

/** mulberry32: numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const WORDS = 'the cat sat on a mat and Paris is big while rivers run 1999 quickly extraordinary'.split(' ')
const HAN = [...'我们喜欢在北京大学学习中文的天气很好今日历史研究']

/** Headings, lists, English and Chinese sentences, odd blanks and line ends. */
export function randomText(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const many = (most: number, one: () => string, between: string) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, one).join(between)
  const english = () =>
    many(30, () => pick(WORDS), ' ') + pick(['. ', '! ', '? ', ' etc. ', ': ', '\n', '\r\n'])
  const chinese = () => many(40, () => pick(HAN), '') + pick(['。', '！', '，', '？', '\n'])
  const paragraph = () =>
    pick([
      () => many(8, english, ''),
      () => many(8, chinese, ''),
      () => `## ${many(5, () => pick(WORDS), ' ')}`,
      () => many(8, () => `- ${pick(WORDS)} ${pick(HAN)}`, '\n'),
      () => many(5, () => pick([english, chinese])(), ''),
    ])()
  return many(8, paragraph, pick(['\n\n', '\r\n\r\n', '\n \t\n', '\n']))
}
