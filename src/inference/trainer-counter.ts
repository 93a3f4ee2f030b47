/**
 * How many tokens a text has for a trainer, which tokenizes it behind special tokens: `<ENC><s>text</s>`.
 *
 * Some tokenizers set a blank before a text: Llama 2's way ("legacy") before each part between special tokens, the newer
 * one ("prepend_scheme": "first") before the very first part alone, which here is a special token. Both ways are published
 * for one and the same model, and the numbers differ by a token or two: the greater one counts.
 */
import { createTokenizer } from './tokenizer.js'
import type { Component, TokenizerJson } from './tokenizer-json.js'

export interface TrainerCounter {
  /** Tokens of texts that stand by themselves, as documents do. */
  whole(texts: string[]): Int32Array
  /** Tokens of texts that go on where another ends: none for a beginning. */
  within(texts: string[]): Int32Array
}

/** The end of the first word. No token reaches across, so that what comes before it cannot change what comes after. */
const WORD_END = /[^ \n](?=[ \n])/
/** Of a text without blanks, so much as a blank before it can matter to: several times the longest token but of blanks. */
const HEAD = 100
const ACROSS = /[^▁\n][▁\n]/

/** @throws Error when a part of the tokenizer is of a kind that is not known. */
export function trainerCounter(json: TokenizerJson): TrainerCounter {
  if (!hasPrefix(json)) {
    const { count } = createTokenizer(json, {})
    return { whole: count, within: count }
  }
  const bare = createTokenizer(withPrefix(json, false), {})
  let full: typeof bare | undefined
  const special = (json.added_tokens ?? []).map(({ content }) => content).filter((content) => content !== '')
  const breaks = !Object.keys((json.model.vocab as object | undefined) ?? {}).some((token) =>
    ACROSS.test(token),
  )

  const one = (text: string): number => bare.count([text])[0]!
  const hasSpecial = (text: string) => special.some((token) => text.includes(token))
  const count = breaks && hasWords(json) ? countByWords(one, hasSpecial) : one
  const countWhole = (text: string): number => {
    if (text === '') return 0
    if (hasSpecial(text)) {
      full ??= createTokenizer(withPrefix(json, true), {})
      return Math.max(full.count([text])[0]!, one(text))
    }
    const end = breaks ? text.slice(0, HEAD + 1).search(WORD_END) + 1 : 0
    const head = end > 0 && end <= HEAD ? text.slice(0, end) : text.slice(0, HEAD)
    const saved = count(head) - count(` ${head}`)
    return count(` ${text}`) + Math.max(0, saved)
  }
  return {
    whole: (texts) => Int32Array.from(texts, countWhole),
    within: (texts) => Int32Array.from(texts, count),
  }
}

/** A word with the blanks before it: what no token reaches out of. Blanks at the end are one of their own. */
const WORD = /[ ▁\n]*[^ ▁\n]+|[ ▁\n]+/g
/** Words of which the number is remembered, and how long they may be. */
const REMEMBERED = 100_000
const REMEMBERED_LENGTH = 40

/** The same numbers in a fourth of the time: words come again and again, and what is looked up needs no pipeline. */
function countByWords(one: (text: string) => number, hasSpecial: (text: string) => boolean) {
  const known = new Map<string, number>()
  const ofWord = (word: string): number => {
    const found = known.get(word)
    if (found !== undefined) return found
    const tokens = one(word)
    if (known.size >= REMEMBERED) known.clear()
    if (word.length <= REMEMBERED_LENGTH) known.set(word, tokens)
    return tokens
  }
  return (text: string): number => {
    if (hasSpecial(text)) return one(text)
    let sum = 0
    for (const word of text.match(WORD) ?? []) sum += ofWord(word)
    return sum
  }
}

/** Whether all that is done to a text is that blanks are written as the vocabulary does. */
function hasWords({ normalizer, pre_tokenizer: pre, model, added_tokens: added }: TokenizerJson): boolean {
  const isBlank = ({ type, pattern, content }: Component) =>
    type === 'Prepend' ||
    (type === 'Replace' && content === '▁' && (pattern as { String?: string }).String === ' ')
  return (
    stepsOf(pre).length === 0 &&
    stepsOf(normalizer).every(isBlank) &&
    model.type === 'BPE' &&
    model.byte_fallback === true &&
    !(added ?? []).some(({ normalized }) => normalized)
  )
}

function hasPrefix({ normalizer, pre_tokenizer: pre }: TokenizerJson): boolean {
  return stepsOf(normalizer).some(({ type }) => type === 'Prepend') || stepsOf(pre).some(prepends)
}

function prepends({ type, prepend_scheme: scheme, add_prefix_space: adds }: Component): boolean {
  return type === 'Metaspace' && adds !== false && scheme !== 'never'
}

/** The tokenizer with a blank before each part, or without any. */
function withPrefix(json: TokenizerJson, wanted: boolean): TokenizerJson {
  const normalizers = stepsOf(json.normalizer).filter(({ type }) => wanted || type !== 'Prepend')
  const pre = stepsOf(json.pre_tokenizer).map((step) =>
    prepends(step)
      ? { ...step, add_prefix_space: wanted, prepend_scheme: wanted ? 'always' : 'never' }
      : step,
  )
  return {
    ...json,
    normalizer: normalizers.length > 0 ? { type: 'Sequence', normalizers } : null,
    pre_tokenizer: pre.length > 0 ? { type: 'Sequence', pretokenizers: pre } : null,
  }
}

function stepsOf(config: Component | null | undefined): Component[] {
  if (!config) return []
  if (config.type !== 'Sequence') return [config]
  return ((config.normalizers ?? config.pretokenizers) as Component[]).flatMap(stepsOf)
}
