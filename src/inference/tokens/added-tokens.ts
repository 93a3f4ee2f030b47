/** Finds added tokens in a text: the leftmost first, of those the longest. */
import type { AddedToken } from '../tokenizer-json.js'
import { withoutUnassigned } from './unicode.js'

/** An added token, or text between them. */
interface Section {
  id: number | undefined
  text: string
  /** Where it begins. */
  start: number
}

interface Node {
  children: Map<number, Node>
  token?: AddedToken
}

const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const SPACE = /\p{White_Space}/u

/** @param content what is looked for in place of a token's own content. */
export function finderOf(tokens: AddedToken[], content: (token: AddedToken) => string) {
  const root: Node = { children: new Map() }
  for (const token of tokens) insert(root, content(token), token)
  if (root.children.size === 0) return (text: string): Section[] => [{ id: undefined, text, start: 0 }]
  const first = firstOf(root)

  return (text: string): Section[] => {
    const sections: Section[] = []
    let done = 0
    const upTo = (end: number) => {
      if (end > done) sections.push({ id: undefined, text: text.slice(done, end), start: done })
    }
    first.lastIndex = 0
    while (first.test(text)) {
      const at = first.lastIndex - 1
      const found = longest(root, text, at)
      first.lastIndex = found?.end ?? at + 1
      if (!found || (found.token.single_word && !isWord(text, at, found.end))) continue
      const start = found.token.lstrip ? Math.max(spacesBefore(text, at), done) : at
      const end = found.token.rstrip ? spacesAfter(text, found.end) : found.end
      upTo(start)
      sections.push({ id: found.token.id, text: '', start })
      done = end
    }
    upTo(text.length)
    return sections
  }
}

function insert(root: Node, content: string, token: AddedToken): void {
  let node = root
  for (let i = 0; i < content.length; i++) {
    const unit = content.charCodeAt(i)
    let child = node.children.get(unit)
    if (!child) {
      child = { children: new Map() }
      node.children.set(unit, child)
    }
    node = child
  }
  if (node !== root) node.token = token
}

/** Units with which a token begins: looked for natively, since most texts have none. */
function firstOf(root: Node): RegExp {
  const units = Array.from(root.children.keys(), (unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
  return new RegExp(`[${units.join('')}]`, 'g')
}

function longest(root: Node, text: string, from: number): { token: AddedToken; end: number } | undefined {
  let node: Node | undefined = root
  let found: { token: AddedToken; end: number } | undefined
  for (let at = from; at < text.length; ) {
    node = node.children.get(text.charCodeAt(at++))
    if (!node) break
    if (node.token) found = { token: node.token, end: at }
  }
  return found
}

function isWord(text: string, start: number, end: number): boolean {
  return (
    !WORD_BEFORE.test(withoutUnassigned(text.slice(Math.max(0, start - 2), start))) &&
    !WORD_AFTER.test(withoutUnassigned(text.slice(end, end + 2)))
  )
}

function spacesBefore(text: string, at: number): number {
  let start = at
  while (start > 0 && SPACE.test(text[start - 1]!)) start--
  return start
}

function spacesAfter(text: string, at: number): number {
  let end = at
  while (end < text.length && SPACE.test(text[end]!)) end++
  return end
}
