/** Reads what the model wrote: the form is found wherever it stands, and what is in it is taken as it is or not at all. */
import { isObject } from '../files/json-value.js'
import { type FoundJson, findJson, readJson, unescaped } from '../files/lenient-json.js'
import { cutText, repairEscapes } from '../files/well-formed.js'

/** As the model wrote it: nothing is known of it but that these are texts. */
export interface WrittenPair {
  /** Empty where there is none. */
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
  /** Empty where the reply has none. */
  summary: string
  /** One or more. */
  pairs: WrittenPair[]
  /** Pairs that are not of the form, as JSON. */
  malformed: string[]
  /** Halves of surrogate pairs that are U+FFFD now, where there were any. */
  repaired?: number
}

export type ParsedReply = Written | { problem: string }

/** A chunk's reply has some kilobytes. */
const MAX_CHARS = 1 << 20
/** More than were asked for are looked at and refused one by one, but not without end. */
const MAX_PAIRS = 200
const MAX_QUOTES = 8
const MAX_MALFORMED_CHARS = 2000

/** How a filter, of the model or before it, ends a reply: OpenAI, Azure, Gemini, Bedrock, Zhipu. */
const FILTERED =
  /^(?:refusal|content[_ -]?filter|safety|prohibited|recitation|blocklist|spii|guardrail|sensitive)/i

/** A reply that asking again does not mend: the passage is what is refused. */
export function isRefusal({ finishReason }: Reply): boolean {
  return FILTERED.test(finishReason)
}

/** Texts trimmed; question and answer are not empty, and there is a quote or more. */
export function parseReply(reply: Reply): ParsedReply {
  const { content, finishReason } = reply
  if (finishReason === 'refusal') return { problem: `the model refused: ${excerpt(content)}` }
  if (content.length > MAX_CHARS) return { problem: `the reply has over ${MAX_CHARS} characters` }
  const { form, sawObject } = formIn(reply)
  if (form && form.pairs.length > MAX_PAIRS) return { problem: `the reply has ${form.pairs.length} pairs` }
  const read = form && readForm(form)
  if (read && read.pairs.length > 0) return read
  if (isRefusal(reply))
    return { problem: `a content filter stopped the reply (finish_reason ${finishReason})` }
  if (finishReason === 'length') return { problem: 'the reply was cut off at the token limit' }
  if (content.trim() === '') return { problem: `the reply is empty (finish_reason ${finishReason})` }
  if (form?.pairs.length === 0) return { problem: 'the reply has no pairs' }
  if (form) return { problem: `pair 1 of the reply: ${toPair(form.pairs[0])}` }
  if (sawObject) return { problem: 'the reply has no "pairs" array' }
  return { problem: `the reply is not a JSON object: ${excerpt(content)}` }
}

/** What may be an answer, its pairs not looked at. */
interface Form {
  summary: unknown
  pairs: unknown[]
  /** Pairs, or one, that nothing is around. */
  bare?: 'list' | 'pair'
}

function readForm({ summary, pairs: values }: Form): Written {
  const pairs: WrittenPair[] = []
  const malformed: string[] = []
  for (const value of values) {
    const pair = toPair(value)
    if (typeof pair === 'string') malformed.push(JSON.stringify(value).slice(0, MAX_MALFORMED_CHARS))
    else pairs.push(pair)
  }
  const { repaired } = repairEscapes(JSON.stringify([summary, ...values]))
  const text = typeof summary === 'string' ? whole(summary) : ''
  return { summary: text, pairs, malformed, ...(repaired > 0 && { repaired }) }
}

/**
 * The last one with a pair that can be used: what stands before it is thought, an example, or a draft. A reply that ran
 * into its limit counts only where it begins with its answer.
 */
function formIn({ content, finishReason }: Reply): { form: Form | undefined; sawObject: boolean } {
  let sawObject = false
  const look = (text: string) => {
    const found = findJson(text, (value, start) => {
      sawObject ||= isObject(value) && !isWithin(text, start)
      return formOf(value)
    })
    return withoutCutOut(text, found)
  }
  let text = content
  let found = look(text)
  if (finishReason === 'length') return { form: beginning(text, found), sawObject }
  for (let level = 0; level < MAX_ESCAPED && !found.some(isUsable) && ESCAPED_VALUE.test(text); level++) {
    text = unescaped(text)
    found = look(text)
  }
  const usable = found.filter(isUsable)
  return { form: lastOf(text, usable.length > 0 ? usable : found), sawObject }
}

const ESCAPED_VALUE = /[{[]\s*\\+"/
/** Times that JSON was put into a string of JSON. */
const MAX_ESCAPED = 3
const BEFORE_ANSWER = /^[\s\ufeff]*(?:[`~]{3,}[^\n{[]*)?$/

function beginning(text: string, found: FoundJson<Form>[]): Form | undefined {
  const first = found[0]
  return first && BEFORE_ANSWER.test(text.slice(0, first.start)) ? first.picked : undefined
}

/** Pairs of a larger value that has no end, or is no value: what was cut off would be missed. */
const WITHIN_A_VALUE = /(?:[[{,]|["'”]\s*:)\s*$/
/** As lists of JSON have it, line after line. */
const BETWEEN_PAIRS = /^(?:[\s,;`~*-]|\d+[.)]|json)*$/i
const CONTEXT_CHARS = 200

function withoutCutOut(text: string, found: FoundJson<Form>[]): FoundJson<Form>[] {
  let isCutOut = false
  return found.filter((each, i) => {
    if (!follows(text, found[i - 1], each)) {
      isCutOut = each.picked.bare !== undefined && isWithin(text, each.start)
    }
    return !isCutOut
  })
}

function isWithin(text: string, start: number): boolean {
  return WITHIN_A_VALUE.test(text.slice(Math.max(0, start - CONTEXT_CHARS), start))
}

function follows(text: string, before: FoundJson<Form> | undefined, { picked, start }: FoundJson<Form>) {
  if (before?.picked.bare !== 'pair' || picked.bare !== 'pair') return false
  return start - before.end < CONTEXT_CHARS && BETWEEN_PAIRS.test(text.slice(before.end, start))
}

function lastOf(text: string, found: FoundJson<Form>[]): Form | undefined {
  let first = found.length - 1
  while (first > 0 && follows(text, found[first - 1], found[first]!)) first--
  return first < 0 ? undefined : merged(found.slice(first).map(({ picked }) => picked))
}

/** A pair that is there twice is one: so do models repeat themselves. */
function merged(forms: Form[]): Form {
  if (forms.length === 1) return forms[0]!
  const pairs = new Map(forms.flatMap(({ pairs }) => pairs).map((pair) => [JSON.stringify(pair), pair]))
  const summary = forms.map((form) => form.summary).find((each) => typeof each === 'string')
  return { summary, pairs: [...pairs.values()] }
}

const MAX_WRAPPINGS = 5

/** Wrapped in objects and lists, under whatever key, or once more as a text. */
function formOf(value: unknown, wrappings = 0): Form | undefined {
  if (wrappings > MAX_WRAPPINGS) return undefined
  const opened = openText(value)
  if (Array.isArray(opened)) {
    if (opened.some(isPairLike)) return { summary: undefined, pairs: opened, bare: 'list' }
    const forms = opened.flatMap((each) => formOf(each, wrappings + 1) ?? [])
    return forms.length === 0 ? undefined : merged(forms)
  }
  if (!isObject(opened)) return undefined
  const pairs = listOfPairs(opened.pairs)
  if (pairs) return { summary: opened.summary, pairs }
  if (isPairLike(opened)) return { summary: undefined, pairs: [opened], bare: 'pair' }
  for (const [key, inner] of Object.entries(opened)) {
    const form = key === 'summary' ? undefined : formOf(inner, wrappings + 1)
    if (form) return { summary: form.summary ?? opened.summary, pairs: form.pairs }
  }
  return undefined
}

function listOfPairs(value: unknown): unknown[] | undefined {
  const opened = openText(value)
  if (Array.isArray(opened)) return opened
  if (!isObject(opened)) return undefined
  if (isPairLike(opened)) return [opened]
  const values = Object.values(opened)
  return values.length > 0 && values.every(isPairLike) ? values : undefined
}

/** JSON within a text of JSON. */
function openText(value: unknown): unknown {
  return (typeof value === 'string' ? readJson(value) : undefined) ?? value
}

function isPairLike(value: unknown): boolean {
  return isObject(value) && 'question' in value && 'answer' in value
}

/** Not so the example of a form, all dots. */
function isUsable({ picked: { pairs } }: FoundJson<Form>): boolean {
  return pairs.map(toPair).some((pair) => typeof pair !== 'string' && /[\p{L}\p{N}]/u.test(pair.question))
}

function toPair(value: unknown): WrittenPair | string {
  if (!isObject(value)) return 'not an object'
  const { type, question, answer, quotes: some } = value
  if (!isText(question) || !isText(answer)) {
    return '"question" and "answer" must be non-empty strings'
  }
  const quotes = isText(some) ? [some] : some
  if (!Array.isArray(quotes) || quotes.length === 0 || !quotes.every(isText)) {
    return '"quotes" must be a list of non-empty strings'
  }
  if (quotes.length > MAX_QUOTES) return `${quotes.length} quotes`
  return {
    type: isText(type) ? whole(type) : '',
    question: whole(question),
    answer: whole(answer),
    quotes: quotes.map(whole),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** A model may write half of a surrogate pair, or a server cut one in two: no reader of ours takes that. */
function whole(text: string): string {
  return text.trim().toWellFormed()
}

/** A few words of a text that may be long or hold newlines, for a message of one line. */
export function excerpt(text: string, length = 200): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= length ? line : `${cutText(line, length)}…`
}
