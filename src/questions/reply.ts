/** Reads what the model wrote. Strict: a reply that needs guessing at is no training data. */
import { isObject } from '../files/json-value.js'

/** As the model wrote it: nothing is known of it but that these are texts. */
export interface WrittenPair {
  type: string
  question: string
  answer: string
  /** Of the passage, as the model says. */
  quotes: string[]
}

/** The text of one reply and how it ended. */
export interface Reply {
  content: string
  /** As the endpoint gave it (`stop`, `length`, …); `refusal` where `content` is a refusal. */
  finishReason: string
}

export interface Written {
  summary: string
  pairs: WrittenPair[]
}

export type ParsedReply = Written | { problem: string }

const FENCE = /^```(?:json)?\s*\n([\s\S]*?)\n?\s*```$/
/** A chunk's reply has some kilobytes. */
const MAX_CHARS = 1 << 20
/** More than were asked for are looked at and refused one by one, but not without end. */
const MAX_PAIRS = 200
const MAX_QUOTES = 8

/** Texts trimmed; question and answer are not empty, and there is a quote or more. */
export function parseReply(reply: Reply): ParsedReply {
  if (reply.finishReason === 'refusal') return { problem: `the model refused: ${excerpt(reply.content)}` }
  if (reply.finishReason === 'length') return { problem: 'the reply was cut off at the token limit' }
  if (reply.content.length > MAX_CHARS) return { problem: `the reply has over ${MAX_CHARS} characters` }
  if (reply.content.trim() === '') {
    return { problem: `the reply is empty (finish_reason ${reply.finishReason})` }
  }
  const value = parseJson(reply.content.trim())
  if (!isObject(value)) return { problem: `the reply is not a JSON object: ${excerpt(reply.content)}` }
  const { summary, pairs } = value
  if (!Array.isArray(pairs)) return { problem: 'the reply has no "pairs" array' }
  if (pairs.length === 0) return { problem: 'the reply has no pairs' }
  if (pairs.length > MAX_PAIRS) return { problem: `the reply has ${pairs.length} pairs` }
  return collect(summary, pairs)
}

function collect(summary: unknown, values: unknown[]): ParsedReply {
  const pairs: WrittenPair[] = []
  for (const [index, value] of values.entries()) {
    const pair = toPair(value)
    if (typeof pair === 'string') return { problem: `pair ${index + 1} of the reply: ${pair}` }
    pairs.push(pair)
  }
  if (typeof summary !== 'string') return { problem: 'the reply has no "summary" text' }
  return { summary: summary.trim(), pairs }
}

function toPair(value: unknown): WrittenPair | string {
  if (!isObject(value)) return 'not an object'
  const { type, question, answer, quotes } = value
  if (!isText(type) || !isText(question) || !isText(answer)) {
    return '"type", "question" and "answer" must be non-empty strings'
  }
  if (!Array.isArray(quotes) || quotes.length === 0 || !quotes.every(isText)) {
    return '"quotes" must be a list of non-empty strings'
  }
  if (quotes.length > MAX_QUOTES) return `${quotes.length} quotes`
  return {
    type: type.trim(),
    question: question.trim(),
    answer: answer.trim(),
    quotes: quotes.map((quote) => quote.trim()),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
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
