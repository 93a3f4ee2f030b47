/**
 * JSON as language models write it, in the midst of whatever else they write: what is wrong with the syntax is passed
 * over, and no text is made up or changed. A value that does not end is none.
 * Why no library: docs/decisions.md.
 */

export interface FoundJson<T> {
  picked: T
  start: number
  /** Behind its last character. */
  end: number
}

/** Deeper nesting is no answer to anything that is asked. */
const MAX_DEPTH = 32
/** Characters looked at for one text, however often: a hostile one costs a fraction of a second. */
const MAX_WORK = 1 << 23
/** In characters looked at. */
const COST_OF_A_PATTERN = 8
/** What is longer, or goes over lines, is no key but text with a brace before it. */
const KEY = /^[^{\n]{0,100}$/

/**
 * Of the objects and lists in a text, in the order in which they begin, those that are picked.
 * @param pick what it picks is not looked into again; where it gives `undefined`, the values within come next.
 */
export function findJson<T>(
  text: string,
  pick: (value: unknown, start: number) => T | undefined,
): FoundJson<T>[] {
  const reader = new Reader(text)
  const all: FoundJson<T>[] = []
  for (let start = nextOpening(text, 0); start >= 0; ) {
    const read = reader.read(start)
    if (reader.work > MAX_WORK) break
    const picked = read && pick(read.value, start)
    if (picked !== undefined) all.push({ picked, start, end: read!.end })
    start = nextOpening(text, picked === undefined ? start + 1 : read!.end)
  }
  return all
}

/** @returns the object or list that a text is, `undefined` for any other text. */
export function readJson(text: string): unknown {
  const trimmed = text.trim()
  if (!/^[{[]/.test(trimmed)) return undefined
  const read = new Reader(trimmed).read(0)
  return read?.end === trimmed.length ? read.value : undefined
}

const OPENING = /[{[]/g

function nextOpening(text: string, from: number): number {
  OPENING.lastIndex = from
  return OPENING.exec(text)?.index ?? -1
}

/** A text whose quotation marks are all escaped, as JSON that was put into a string and taken out of it without its marks. */
export function unescaped(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|["\\/bfnrt])/g, (_, code: string) => decoded(code))
}

const BLANK = /\s*(?:(?:\/\/[^\n]*|\/\*[\s\S]{0,500}?\*\/)\s*)*/y
const NAME = /[A-Za-z_$][\w$-]{0,99}/y
const LITERAL = /(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|True|False|None)(?![\w.])/y
/** What may come behind the quotation mark that ends a key, a value of an object, or one of a list. */
const AFTER_KEY = /[:：]/y
const AFTER_VALUE = /[}\]]|[,，]\s*(?:[}\]"'“/]|[A-Za-z_$][\w$-]{0,99}\s*[:：])/y
const AFTER_ITEM = /[}\]]|[,，]\s*(?:[}\]"'“/{[\d-]|(?:true|false|null|True|False|None)\b)/y

const CLOSING: Record<string, string> = { '"': '"', "'": "'", '“': '”' }
const WORDS: Record<string, unknown> = {
  true: true,
  false: false,
  null: null,
  True: true,
  False: false,
  None: null,
}

/** `undefined` where there is no value: JSON has none of that kind. */
class Reader {
  work = 0
  private at = 0

  constructor(private readonly text: string) {}

  read(start: number): { value: unknown; end: number } | undefined {
    this.at = start
    const value = this.value(0, AFTER_ITEM)
    return value === undefined ? undefined : { value, end: this.at }
  }

  private value(depth: number, after: RegExp): unknown {
    const first = this.text[this.at]
    if (first === '{') return this.members(depth)
    if (first === '[') return this.items(depth)
    if (first !== undefined && first in CLOSING) return this.string(after)
    const word = this.take(LITERAL)
    return word === undefined ? undefined : word in WORDS ? WORDS[word] : Number(word)
  }

  private members(depth: number): object | undefined {
    const object: Record<string, unknown> = Object.create(null)
    for (this.at++; ; ) {
      const end = this.separator('}', depth)
      if (end) return end === 'end' ? object : undefined
      const key = this.text[this.at]! in CLOSING ? this.string(AFTER_KEY) : this.take(NAME)
      if (key === undefined || !KEY.test(key)) return undefined
      this.take(BLANK)
      if (!':：'.includes(this.text[this.at] ?? ' ')) return undefined
      this.at++
      this.take(BLANK)
      const value = this.value(depth + 1, AFTER_VALUE)
      if (value === undefined) return undefined
      object[key] = value
    }
  }

  private items(depth: number): unknown[] | undefined {
    const list: unknown[] = []
    for (this.at++; ; ) {
      const end = this.separator(']', depth)
      if (end) return end === 'end' ? list : undefined
      const value = this.value(depth + 1, AFTER_ITEM)
      if (value === undefined) return undefined
      list.push(value)
    }
  }

  /**
   * Passes commas: one, or too many, or none, as between lines. The bracket of what is around ends this, too: its own was
   * forgotten.
   */
  private separator(own: string, depth: number): 'end' | 'none' | undefined {
    this.take(BLANK)
    while (',，'.includes(this.text[this.at] ?? ' ')) {
      this.at++
      this.take(BLANK)
    }
    const next = this.text[this.at]
    if (next === undefined || depth > MAX_DEPTH || this.work > MAX_WORK) return 'none'
    if (next !== '}' && next !== ']') return undefined
    if (next === own) this.at++
    else if (depth === 0) return 'none'
    return 'end'
  }

  /** A quotation mark that nothing fitting comes behind is one of the text's own. */
  private string(after: RegExp): string | undefined {
    const { text } = this
    const closing = CLOSING[text[this.at]!]!
    let value = ''
    let copied = ++this.at
    for (; this.at < text.length; this.at++) {
      const character = text[this.at]!
      this.work++
      if (character === '\\') {
        const code = escapeAt(text, this.at + 1)
        if (!code) continue
        value += text.slice(copied, this.at) + code.value
        this.at += code.length
        copied = this.at + 1
      } else if (character === closing && this.endsAt(this.at + 1, after)) {
        value += text.slice(copied, this.at)
        this.at++
        return value
      }
    }
    return undefined
  }

  private endsAt(position: number, after: RegExp): boolean {
    const { at } = this
    this.at = position
    const blank = this.take(BLANK)!
    after.lastIndex = this.at
    const next = this.text[this.at]
    const line = after !== AFTER_KEY && blank.includes('\n') && next !== undefined && next in CLOSING
    this.at = at
    return line || after.test(this.text)
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    this.at += found?.length ?? 0
    this.work += COST_OF_A_PATTERN + (found?.length ?? 0)
    return found
  }
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const ESCAPE = /u[0-9a-fA-F]{4}|["'\\/bfnrt]/y

/** One that JSON does not know stays as it is, backslash included: a path, a formula. */
function escapeAt(text: string, position: number): { value: string; length: number } | undefined {
  ESCAPE.lastIndex = position
  const code = ESCAPE.exec(text)?.[0]
  return code === undefined ? undefined : { value: decoded(code), length: code.length }
}

function decoded(code: string): string {
  return code[0] === 'u' && code.length === 5
    ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
    : (ESCAPES[code] ?? code)
}
