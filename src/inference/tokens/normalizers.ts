/** The normalizer of tokenizer.json: text -> text. */
import type { Component } from '../tokenizer-json.js'
import { bertNormalizer } from './bert-normalizer.js'
import { precompiledNormalizer } from './precompiled.js'
import { type Pattern, patternOf } from './split.js'
import { type Form, lowercase, MARKS, normalizeTo } from './unicode.js'

type Normalizer = (text: string) => string

/** @throws Error when the normalizer is of a kind that is not known. */
export function normalizerOf(config: Component | null | undefined): Normalizer {
  if (!config) return (text) => text
  switch (config.type) {
    case 'Sequence': {
      const steps = (config.normalizers as Component[]).map(normalizerOf)
      return (text) => steps.reduce((out, step) => step(out), text)
    }
    case 'BertNormalizer':
      return bertNormalizer(config)
    case 'Precompiled':
      return precompiledNormalizer(config.precompiled_charsmap as string)
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form: Form = config.type
      return (text) => normalizeTo(form, text)
    }
    case 'Lowercase':
      return lowercase
    case 'StripAccents':
      return (text) => text.replace(MARKS, '')
    case 'Strip':
      return strip(config)
    case 'Replace':
      return replace(config.pattern as Pattern, config.content as string)
    case 'Prepend':
      return (text) => (text === '' ? text : `${config.prepend}${text}`)
    default:
      throw new Error(`normalizer: type ${JSON.stringify(config.type)} is not known`)
  }
}

function strip({ strip_left: left, strip_right: right }: Component): Normalizer {
  return (text) => {
    const start = left ? text.search(/\P{White_Space}/u) : 0
    if (start < 0) return ''
    let end = text.length
    if (right) while (end > start && /\p{White_Space}/u.test(text[end - 1]!)) end--
    return text.slice(start, end)
  }
}

function replace(pattern: Pattern, content: string): Normalizer {
  const { String: literal } = pattern
  if (literal !== undefined) return (text) => text.replaceAll(literal, () => content)
  const regex = patternOf(pattern)
  return (text) => text.replace(regex, () => content)
}
