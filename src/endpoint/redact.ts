/** Keeps the API key out of whatever a server sends back, however it is spelt there. */
import { maskedUrl, secretsOf } from '../files/masked-url.js'
import { proxiesNamed } from '../models/proxy.js'

/** Local servers take any key ("x", "ollama"); to blank out such a word would garble messages. */
const MIN_SECRET_CHARS = 8
const BLANK = '***'

export interface Redactor {
  /** The whole key, also as JSON, a URL or HTML would spell it. For what is kept as data. */
  whole(text: string): string
  /**
   * For messages: pieces of it too, from 8 characters on, because they may quote the middle of a body;
   * and no characters that a terminal obeys.
   */
  pieces(text: string): string
}

export function createRedactor(...given: string[]): Redactor {
  const secrets = given.filter((secret) => secret.length >= MIN_SECRET_CHARS)
  const clean = (text: string) => printable(maskedUrl(text))
  if (secrets.length === 0) return { whole: (text) => text, pieces: clean }
  const spelt = new RegExp(secrets.map((secret) => Array.from(secret, spellings).join('')).join('|'), 'g')
  const whole = (text: string) => text.replace(spelt, BLANK)
  const parts = new Set<string>()
  for (const secret of secrets) {
    for (let at = 0; at + MIN_SECRET_CHARS <= secret.length; at++) {
      parts.add(secret.slice(at, at + MIN_SECRET_CHARS))
    }
  }
  return { whole, pieces: (text) => clean(withoutPieces(whole(text), parts)) }
}

/** Of all that is secret in how an endpoint is asked: its key, and what its address and that of a proxy hold. */
export function redactorFor({
  apiKey,
  baseUrl = process.env.OPENAI_BASE_URL ?? '',
}: {
  apiKey: string
  baseUrl?: string | undefined
}): Redactor {
  return createRedactor(apiKey, ...[baseUrl, ...proxiesNamed()].flatMap(secretsOf))
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}

/** One character of the key; escapes may themselves have been escaped, up to three times over. */
function spellings(character: string): string {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
  const anyCase = Array.from(hex, (digit) => `[${digit}${digit.toUpperCase()}]`).join('')
  const itself = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  const entity = `&#(?:0{0,4}${character.charCodeAt(0)}|[xX]0{0,4}${anyCase});`
  const named = NAMED[character]
  return `(?:\\\\{0,7}${itself}|\\\\{1,8}u00${anyCase}|%(?:25){0,3}${anyCase}|${entity}${named ? `|&${named};` : ''})`
}

const NAMED: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }

function withoutPieces(text: string, parts: ReadonlySet<string>): string {
  let clean = ''
  let copied = 0
  for (let at = 0; at + MIN_SECRET_CHARS <= text.length; at++) {
    if (!parts.has(text.slice(at, at + MIN_SECRET_CHARS))) continue
    let end = at + 1
    while (parts.has(text.slice(end, end + MIN_SECRET_CHARS))) end++
    clean += text.slice(copied, at) + BLANK
    copied = end + MIN_SECRET_CHARS - 1
    at = copied - 1
  }
  return clean + text.slice(copied)
}
