/** The pre-tokenizer of tokenizer.json: a text -> the words that the model sees, one by one. */
import type { Component } from '../tokenizer-json.js'
import { type Behavior, type Pattern, patternOf, splitBy } from './split.js'
import { PUNCTUATION } from './unicode.js'

/** @param first whether the words begin where the whole text begins. */
type PreTokenizer = (text: string, first: boolean) => string[]

const BERT = new RegExp(`[${PUNCTUATION}]|[^\\p{White_Space}${PUNCTUATION}]+`, 'gu')
const PUNCTUATIONS = new RegExp(`[${PUNCTUATION}]`, 'gu')
const NO_WHITE_SPACE = /\P{White_Space}+/gu
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu')
/** As GPT-2 has it. */
const BYTE_LEVEL =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/** @throws Error when the pre-tokenizer is of a kind that is not known. */
export function preTokenizerOf(config: Component | null | undefined): PreTokenizer {
  if (!config) return (text) => [text]
  switch (config.type) {
    case 'Sequence':
      return inTurn((config.pretokenizers as Component[]).map(preTokenizerOf))
    case 'BertPreTokenizer':
      return (text) => text.match(BERT) ?? []
    case 'Whitespace':
      return splitBy(WORDS, 'Removed', true)
    case 'WhitespaceSplit':
      return (text) => text.match(NO_WHITE_SPACE) ?? []
    case 'Metaspace':
      return metaspace(config)
    case 'ByteLevel':
      return byteLevel(config)
    case 'Split':
      return splitBy(
        patternOf(config.pattern as Pattern),
        config.behavior as Behavior,
        config.invert === true,
      )
    case 'Punctuation':
      return splitBy(PUNCTUATIONS, (config.behavior as Behavior | undefined) ?? 'Isolated')
    case 'Digits':
      return splitBy(/\p{N}/gu, config.individual_digits ? 'Isolated' : 'Contiguous')
    default:
      throw new Error(`pre_tokenizer: type ${JSON.stringify(config.type)} is not known`)
  }
}

/** Whether words reach the model as the bytes of their UTF-8, written as characters. */
export function writesBytes(config: Component | null | undefined): boolean {
  if (config?.type !== 'Sequence') return config?.type === 'ByteLevel'
  const steps = config.pretokenizers as Component[]
  if (steps.slice(0, -1).some(writesBytes)) throw new Error('pre_tokenizer: ByteLevel is not the last one')
  return writesBytes(steps.at(-1))
}

function inTurn(steps: PreTokenizer[]): PreTokenizer {
  return (text, first) =>
    steps.reduce(
      (words, step) => words.flatMap((word, i) => step(word, first && i === 0 && text.startsWith(word))),
      [text],
    )
}

function metaspace(config: Component): PreTokenizer {
  const mark = (config.replacement as string | undefined) ?? '▁'
  const scheme = config.add_prefix_space === false ? 'never' : (config.prepend_scheme ?? 'always')
  const { source } = patternOf({ String: mark })
  /** Each mark begins a word. */
  const words = new RegExp(`${source}[^${source}]*|[^${source}]+`, 'gu')
  return (text, first) => {
    let marked = text.replaceAll(' ', mark)
    if ((scheme === 'always' || (scheme === 'first' && first)) && !marked.startsWith(mark)) {
      marked = mark + marked
    }
    return config.split === false ? [marked] : (marked.match(words) ?? [])
  }
}

function byteLevel(config: Component): PreTokenizer {
  const split = config.use_regex === false ? (text: string) => [text] : splitBy(BYTE_LEVEL, 'Isolated')
  return (text) => split(config.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text)
}
