/** JSON text as it was written: strings in it are changed and nothing else, and what parsing hides is found. */
import type { JsonObject } from './json-value.js'

/**
 * @param text an object that JSON.parse accepts.
 * @param key of a list of strings in it; of a key that is there twice the last, as JSON.parse does.
 * @param replacements by position in the list.
 */
export function replaceStrings(text: string, key: string, replacements: ReadonlyMap<number, string>): string {
  const list = entriesOf(text, text.indexOf('{'))
    .filter((entry) => entry.key === key)
    .at(-1)
  if (!list) throw new RangeError(`no ${JSON.stringify(key)} in the object`)
  const items = itemsOf(text, list.start)
  let out = ''
  let at = 0
  for (const [position, value] of [...replacements].sort(([a], [b]) => a - b)) {
    const item = items[position]
    if (!item) throw new RangeError(`position ${position} of ${items.length}`)
    out += text.slice(at, item.start) + JSON.stringify(value)
    at = item.end
  }
  return out + text.slice(at)
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** @returns the text with each integer that a number cannot hold as a string of its digits. */
export function exactIntegers(text: string): string {
  return text.replace(TOKEN, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  )
}

/**
 * @param text of an object that was parsed.
 * @returns a key that it has twice at its top; of those the last counts.
 */
export function repeatedKey(text: string, object: JsonObject): string | undefined {
  const mayRepeat = Object.keys(object).some((key) => {
    const name = JSON.stringify(key)
    return text.indexOf(name, text.indexOf(name) + 1) >= 0
  })
  if (!mayRepeat) return undefined // nearly always; the strings of the row may hold a key's name, too
  const keys = entriesOf(text, text.indexOf('{')).map(({ key }) => key)
  return keys.find((key, i) => keys.indexOf(key) < i)
}

interface Span {
  start: number
  end: number
}

/** @param open where its brace is. */
function entriesOf(text: string, open: number): (Span & { key: string })[] {
  const entries: (Span & { key: string })[] = []
  for (let at = skip(text, open + 1); text[at] !== '}'; ) {
    const afterKey = endOfString(text, at)
    const key: string = JSON.parse(text.slice(at, afterKey))
    const start = skip(text, afterKey)
    const end = endOfValue(text, start)
    entries.push({ key, start, end })
    at = skip(text, end)
  }
  return entries
}

/** @param open where its bracket is. */
function itemsOf(text: string, open: number): Span[] {
  const items: Span[] = []
  for (let start = skip(text, open + 1); text[start] !== ']'; ) {
    const end = endOfValue(text, start)
    items.push({ start, end })
    start = skip(text, end)
  }
  return items
}

/** Over blanks, commas and colons. */
function skip(text: string, at: number): number {
  let next = at
  while (' \t\r\n,:'.includes(text[next]!)) next++
  return next
}

function endOfValue(text: string, start: number): number {
  let depth = 0
  for (let at = start; ; ) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else {
      if (character === '{' || character === '[') depth++
      if (character === '}' || character === ']') depth--
      at++
    }
    if (depth === 0 && isEnd(text, at, text[start]!)) return at
  }
}

/** A number or a word goes on up to what cannot be part of it. */
function isEnd(text: string, at: number, first: string): boolean {
  return '"{['.includes(first) || at >= text.length || ' \t\r\n,]}'.includes(text[at]!)
}

function endOfString(text: string, quote: number): number {
  let at = quote + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
