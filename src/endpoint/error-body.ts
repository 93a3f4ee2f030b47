/** What a server says is wrong, in whichever form it says it: OpenAI's, FastAPI's, OpenRouter's, a web page, plain text, … */
import { isObject, type JsonObject } from '../files/json-value.js'

export interface ServerError {
  /** Empty where it says nothing. */
  words: string
  /** Its codes, types, parameters and reasons, joined by blanks. */
  codes: string
  /** Of HTTP, as the body names it. */
  status?: number
}

const MAX_CHARS = 4000
const MAX_DEPTH = 8
const MAX_ITEMS = 5

/** Where servers put words, the best first. */
const WORDS = [
  'message',
  'error',
  'detail',
  'msg',
  'error_msg',
  'error_message',
  'errorMessage',
  'error_description',
  'errors',
  'description',
  'title',
  'status_msg',
  'base_resp',
  'faultstring',
  'fault',
  'reason',
]
/** What more there is to say: OpenRouter's upstream words and the reasons of its moderation. */
const MORE = ['metadata', 'raw', 'reasons', 'innererror']
const CODES = [
  ...['code', 'type', 'status', 'status_code', 'error_code', 'errorCode', 'error_type', 'param', 'reason'],
  ...['reasons', 'blockReason', 'block_reason', 'finish_reason', 'key'],
]
const INNER = ['error', 'errors', 'innererror', 'details', 'metadata', 'raw', 'base_resp', 'promptFeedback']

/** Of a body as it came. */
export function readErrorBody(body: string): ServerError {
  const error = errorOf(parsed(body))
  return { ...error, words: error.words || error.codes || body.trim().slice(0, MAX_CHARS) }
}

function errorOf(value: unknown): ServerError {
  const status = statusIn(value)
  return {
    words: wordsOf(value).slice(0, MAX_CHARS),
    codes: codesOf(value).join(' ').slice(0, MAX_CHARS),
    ...(status !== undefined && { status }),
  }
}

/**
 * The error in an answer of status 200.
 * @param hasResult whether what was asked for is in it, too.
 */
export function errorIn(answer: unknown, hasResult: boolean): ServerError | undefined {
  const value = Array.isArray(answer) && answer.length === 1 ? answer[0] : answer
  if (!isObject(value)) return undefined
  if (isSomething(value.error)) return errorOf(value)
  const choice = Array.isArray(value.choices) ? value.choices[0] : undefined
  if (isObject(choice) && isSomething(choice.error)) return errorOf(choice)
  const code = isObject(value.base_resp) ? value.base_resp.status_code : undefined
  if (code !== undefined && Number(code) !== 0) return errorOf({ base_resp: value.base_resp })
  if (hasResult) return undefined
  const found = errorOf(value)
  return found.words !== '' || isObject(value.promptFeedback) ? found : undefined
}

function isSomething(error: unknown): boolean {
  return isObject(error) ? Object.keys(error).length > 0 : typeof error === 'string' && error !== ''
}

/** JSON, also as an event of a stream that nobody asked for, or behind its comments; any other text stays one. */
export function parsed(text: string): unknown {
  if (/^\s*[{[]/.test(text)) return jsonValue(text) ?? text
  if (!/^(?:data|event|id|retry)?:/m.test(text.slice(0, MAX_CHARS))) return text
  const lines = text.split('\n').filter((line) => !/^(?:(?:event|id|retry)?:|data:\s*\[DONE\])/.test(line))
  const bodies = lines.map((line) => line.replace(/^data:/, ''))
  for (const each of [
    bodies.join('\n'),
    ...bodies.filter((body) => body.trim() !== '').slice(0, MAX_ITEMS),
  ]) {
    const value = /^\s*[{[]/.test(each) ? jsonValue(each) : undefined
    if (value !== undefined) return value
  }
  return text
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wordsOf(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) return ''
  if (typeof value === 'string') return textWords(value, depth)
  if (Array.isArray(value)) {
    return joined(value.slice(0, MAX_ITEMS).map((each) => wordsOf(each, depth + 1)))
  }
  if (!isObject(value)) return ''
  const place = placeOf(value)
  const words = WORDS.map((key) => wordsOf(value[key], depth + 1)).find((each) => each !== '') ?? ''
  const more = MORE.map((key) => wordsOf(value[key], depth + 1)).filter((each) => !words.includes(each))
  return joined([place && words ? `${place}: ${words}` : words, ...more])
}

function joined(words: string[]): string {
  return [...new Set(words.filter((each) => each !== ''))].join('; ')
}

/** FastAPI says so which field of a request it means. */
function placeOf({ loc }: JsonObject): string {
  return Array.isArray(loc) ? loc.filter((part) => /^(?:string|number)$/.test(typeof part)).join('.') : ''
}

function textWords(text: string, depth: number): string {
  const value = parsed(text.slice(0, 1 << 16))
  if (typeof value !== 'string') return wordsOf(value, depth + 1) || text.trim()
  if (!isWebPage(text)) return text.trim()
  const title = /<title[^>]{0,200}>([^<]{0,500})<\/title>/i.exec(text.slice(0, 1 << 16))?.[1]?.trim()
  return title ? `a web page, "${title}"` : text.trim()
}

function isWebPage(text: string): boolean {
  return /^\s*(?:<!doctype html|<html|<head|<body|<h1)/i.test(text)
}

function codesOf(value: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH) return []
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).flatMap((each) => codesOf(each, depth + 1))
  if (typeof value === 'string' && depth > 0) {
    const inner = parsed(value)
    return typeof inner === 'string' ? [] : codesOf(inner, depth + 1)
  }
  if (!isObject(value)) return []
  const own = CODES.flatMap((key) => value[key]).filter((each) => /^(?:string|number)$/.test(typeof each))
  const text = isObject(value.loc) || Array.isArray(value.loc) ? [placeOf(value)] : []
  return [...own.map(String), ...text, ...INNER.flatMap((key) => codesOf(value[key], depth + 1))]
}

function statusIn(value: unknown, depth = 0): number | undefined {
  if (depth > MAX_DEPTH) return undefined
  if (Array.isArray(value)) return statusIn(value[0], depth + 1)
  if (!isObject(value)) return undefined
  const named = [value.code, value.status, value.status_code, value.error_code].map(Number)
  return named.find((code) => code >= 400 && code <= 599) ?? statusIn(value.error, depth + 1)
}
