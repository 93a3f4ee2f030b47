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
  const countWhole = (text: string): number => {
    if (text === '') return 0
    if (special.some((token) => text.includes(token))) {
      full ??= createTokenizer(withPrefix(json, true), {})
      return Math.max(full.count([text])[0]!, one(text))
    }
    const end = breaks ? text.slice(0, HEAD + 1).search(WORD_END) + 1 : 0
    const head = end > 0 && end <= HEAD ? text.slice(0, end) : text.slice(0, HEAD)
    const saved = one(head) - one(` ${head}`)
    return one(` ${text}`) + Math.max(0, saved)
  }
  return { whole: (texts) => Int32Array.from(texts, countWhole), within: bare.count }
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
