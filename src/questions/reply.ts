/** Reads what the model wrote. Strict: a reply that needs guessing at is no training data. */
import { isObject } from '../files/jsonl.js'

export interface Pair {
  question: string
  answer: string
}

/** The text of one reply and how it ended. */
export interface Reply {
  content: string
  /** As the endpoint gave it (`stop`, `length`, …); `refusal` where `content` is a refusal. */
  finishReason: string
}

export type ParsedReply = { pairs: Pair[] } | { problem: string }

const FENCE = /^```(?:json)?\s*\n([\s\S]*?)\n?\s*```$/

/** At most `limit` pairs, trimmed, each question once. */
export function parseReply(reply: Reply, limit: number): ParsedReply {
  if (reply.finishReason === 'refusal') return { problem: `the model refused: ${excerpt(reply.content)}` }
  if (reply.finishReason === 'length') return { problem: 'the reply was cut off at the token limit' }
  if (reply.content.trim() === '') {
    return { problem: `the reply is empty (finish_reason ${reply.finishReason})` }
  }
  const value = parseJson(reply.content.trim())
  if (!isObject(value)) return { problem: `the reply is not a JSON object: ${excerpt(reply.content)}` }
  if (!Array.isArray(value.pairs)) return { problem: 'the reply has no "pairs" array' }
  if (value.pairs.length === 0) return { problem: 'the reply has no pairs' }
  return collect(value.pairs, limit)
}

function collect(values: unknown[], limit: number): ParsedReply {
  const pairs = new Map<string, Pair>()
  for (const [index, value] of values.entries()) {
    const pair = toPair(value)
    if (!pair) {
      return { problem: `pair ${index + 1} of the reply: "question" and "answer" must be non-empty strings` }
    }
    const same = pair.question.toLowerCase().replace(/\s+/g, ' ')
    if (!pairs.has(same)) pairs.set(same, pair)
  }
  return { pairs: [...pairs.values()].slice(0, limit) }
}

function toPair(value: unknown): Pair | undefined {
  if (!isObject(value) || typeof value.question !== 'string' || typeof value.answer !== 'string') return
  const pair = { question: value.question.trim(), answer: value.answer.trim() }
  return pair.question === '' || pair.answer === '' ? undefined : pair
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(FENCE.exec(text)?.[1] ?? text)
  } catch {
    return undefined
  }
}

/** A few words of a text that may be long or hold newlines, for a message of one line. */
export function excerpt(text: string, length = 200): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= length ? line : `${line.slice(0, length)}…`
}
