/** Writes a summary, questions, answers and quotes out of the passage that a request holds, always the same ones. */
import type { ChatRequest } from './llm-server.js'

/** The passage between the delimiters of a request. */
export function passageIn(body: ChatRequest): string {
  const user = body.messages.find(({ role }) => role === 'user')?.content ?? ''
  const passage = /^<passage-(\w+)>\n([\s\S]*?)\n<\/passage-\1>/m.exec(user)?.[2] // the instructions may stand before it
  if (passage === undefined) throw new Error(`no passage in: ${user}`)
  return passage
}

/** The passages of a request about several. */
export function passagesIn(body: ChatRequest): string[] {
  const user = body.messages.find(({ role }) => role === 'user')?.content ?? ''
  return Array.from(
    user.matchAll(/^<passage-(\w+)>\n([\s\S]*?)\n<\/passage-\1>/gm),
    ([, , passage]) => passage!,
  )
}

/** The types that the prompt asks for, one for each pair. */
export function typesIn(body: ChatRequest): string[] {
  const system = body.messages.find(({ role }) => role === 'system')?.content ?? ''
  const lines = system.matchAll(/^- (\d+) × ([a-z-]+)/gm)
  return Array.from(lines, ([, count, type]) => Array<string>(Number(count)).fill(type!)).flat()
}

/** As many pairs as the prompt asks for: what follows the first part of a sentence of the passage? */
export function writePairs(body: ChatRequest): string {
  const passages = passagesIn(body)
  if (passages.length > 1) return writeMultiHop(body, passages)
  const passage = passageIn(body)
  const sentences = passage
    .split(/(?<=[.!?])\s+|(?<=[。！？])\s*/)
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
  const pairs = typesIn(body).map((type, index) => ({
    type,
    ...pairFrom(
      sentences[index % sentences.length] ?? '?',
      2 + Math.floor(index / Math.max(1, sentences.length)),
      type === 'cross-lingual',
    ),
  }))
  return JSON.stringify({ summary: passage, pairs })
}

/** How do the passages begin? */
function writeMultiHop(body: ChatRequest, passages: string[]): string {
  const system = body.messages.find(({ role }) => role === 'system')?.content ?? ''
  const count = Number(/(?:Write|编写) (\d+)/.exec(system)?.[1])
  const starts = passages.map((passage) => passage.split(/(?<=[.!?])\s+|(?<=[。！？])/)[0]!)
  const pairs = Array.from({ length: count }, (_, i) => ({
    type: 'multi-hop',
    question: `What is said together of ${starts
      .map((start) =>
        start
          .split(' ')
          .slice(0, 6 + i)
          .join(' '),
      )
      .join(', and of ')}?`,
    answer: starts.map((start) => start.split(' ').slice(-3).join(' ')).join(' and '),
    quotes: starts,
  }))
  return JSON.stringify({ summary: '', pairs })
}

interface Pair {
  question: string
  answer: string
  quotes: string[]
}

/** The last `size` words of a sentence (characters, where it has no blanks) are the answer. */
function pairFrom(sentence: string, size: number, crossed: boolean): Pair {
  const text = sentence.replace(/[.!?。！？]+$/, '')
  const joint = text.includes(' ') ? ' ' : ''
  const words = text.split(joint)
  const at = Math.max(1, words.length - size)
  const start = words.slice(0, at).join(joint)
  const answer = words.slice(at).join(joint) || start
  const quotes = [text]
  if (crossed) return { question: crossedQuestion(start, joint), answer, quotes }
  return joint === ' '
    ? { question: `What comes after "${start}"?`, answer, quotes }
    : { question: `“${start}”之后是什么？`, answer, quotes }
}

/** In the other language, but for one word that tells it from other questions. */
function crossedQuestion(start: string, joint: string): string {
  return joint === ' '
    ? `在那句以“${start.split(' ').slice(-2).join(' ')}”这几个词开头的话里，后面接着写的是什么内容呢？`
    : `Which words come after the beginning "${start.slice(-2)}" of that sentence?`
}
