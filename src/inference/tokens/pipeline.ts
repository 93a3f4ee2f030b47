/**
 * tokenizer.json -> a function from a text to its token ids, special tokens around it not included.
 *
 * Each step does what the Rust library `tokenizers` 0.23 does, to the id: docs/tokenizers.md says
 * what was compared and why @huggingface/tokenizers is not enough.
 */
import type { AddedToken, TokenizerJson } from '../tokenizer-json.js'
import { finderOf } from './added-tokens.js'
import { modelOf } from './models.js'
import { normalizerOf } from './normalizers.js'
import { preTokenizerOf } from './pre-tokenizers.js'
import { wellFormed } from './unicode.js'

/** @throws Error when a part of it is of a kind that is not known. */
export function pipelineOf(json: TokenizerJson): (text: string) => number[] {
  const normalize = normalizerOf(json.normalizer)
  const preTokenize = preTokenizerOf(json.pre_tokenizer)
  const model = modelOf(json)
  const added = json.added_tokens ?? []
  const asWritten = finderOf(
    added.filter((token) => !isNormalized(token)),
    ({ content }) => content,
  )
  const asNormalized = finderOf(added.filter(isNormalized), ({ content }) => normalize(content))

  return (text) => {
    const ids: number[] = []
    for (const section of asWritten(wellFormed(text))) {
      if (section.id !== undefined) {
        ids.push(section.id)
        continue
      }
      for (const part of asNormalized(normalize(section.text))) {
        if (part.id !== undefined) ids.push(part.id)
        else if (part.text !== '') {
          const first = section.start === 0 && part.start === 0
          for (const word of preTokenize(part.text, first)) for (const id of model(word)) ids.push(id)
        }
      }
    }
    return ids
  }
}

const isNormalized = ({ normalized, special }: AddedToken): boolean => normalized ?? !special
