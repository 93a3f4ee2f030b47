/** Cuts a text at what a pattern finds, as the behaviours of the Rust library's `Split` say. */
import * as library from '@huggingface/tokenizers'
import { withoutUnassigned } from './unicode.js'

export type Pattern = { Regex?: string; String?: string }

export type Behavior = 'Isolated' | 'Removed' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous'

/** The library's declarations do not name it: they leave out the file extensions that Node asks for. */
const { SplitPreTokenizer } = library as unknown as {
  SplitPreTokenizer: new (config: { pattern: { Regex: string } }) => { pattern: RegExp | null }
}

/** @huggingface/tokenizers translates Oniguruma's syntax, in which tokenizer.json is written. */
export function patternOf(pattern: Pattern): RegExp {
  const { Regex, String: literal } = pattern
  if (literal !== undefined) return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu')
  const regex = Regex === undefined ? null : new SplitPreTokenizer({ pattern: { Regex } }).pattern
  if (!regex) throw new Error(`pattern: ${JSON.stringify(pattern)} is no Regex and no String`)
  return regex
}

interface Part {
  start: number
  end: number
  match: boolean
}

/** @param regex global. Property classes see what is unassigned in the reference's Unicode as such. */
export function splitBy(regex: RegExp, behavior: Behavior, invert = false): (text: string) => string[] {
  return (text) => {
    const seen = withoutUnassigned(text)
    if (behavior === 'Isolated' && seen === text) {
      const matches = text.match(regex) ?? []
      if (matches.reduce((sum, { length }) => sum + length, 0) === text.length) return matches
    }
    return merge(partsOf(seen, regex, invert), behavior)
      .filter(({ start, end }) => start < end)
      .map(({ start, end }) => text.slice(start, end))
  }
}

function partsOf(text: string, regex: RegExp, invert: boolean): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const { index, 0: found } of text.matchAll(regex)) {
    if (index > at) parts.push({ start: at, end: index, match: invert })
    parts.push({ start: index, end: index + found.length, match: !invert })
    at = index + found.length
  }
  if (at < text.length) parts.push({ start: at, end: text.length, match: invert })
  return parts
}

function merge(parts: Part[], behavior: Behavior): Part[] {
  switch (behavior) {
    case 'Isolated':
      return parts
    case 'Removed':
      return parts.filter(({ match }) => !match)
    case 'Contiguous':
      return join(parts, (part, before) => part.match === before.match)
    case 'MergedWithPrevious':
      return join(parts, (part, before) => part.match && !before.match)
    case 'MergedWithNext':
      return join(parts, (part, before) => before.match && !part.match)
    default:
      throw new Error(`pre_tokenizer: behavior ${JSON.stringify(behavior)} is not known`)
  }
}

/** Puts a part to the one before it where `joined` says so of the two as they were found. */
function join(parts: Part[], joined: (part: Part, before: Part) => boolean): Part[] {
  const out: Part[] = []
  parts.forEach((part, i) => {
    const before = parts[i - 1]
    if (before && joined(part, before)) out.at(-1)!.end = part.end
    else out.push({ ...part })
  })
  return out
}
