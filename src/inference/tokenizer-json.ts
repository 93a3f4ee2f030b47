/** The parts of tokenizer.json and tokenizer_config.json that are read here. */
import { NO_LIMIT } from '../models/sentence-transformers.js'

export interface AddedToken {
  id: number
  content: string
  single_word?: boolean
  lstrip?: boolean
  rstrip?: boolean
  normalized?: boolean
  special?: boolean
}

/** A normalizer, pre-tokenizer, model or post-processor: what else it has depends on `type`. */
export type Component = { type?: string } & Record<string, unknown>

export interface TokenizerJson {
  added_tokens?: AddedToken[]
  normalizer?: Component | null
  pre_tokenizer?: Component | null
  model: Component
  post_processor?: Component | null
  padding?: { pad_id?: number } | null
}

/** Special tokens are strings, or objects that hold one. */
type TokenText = string | { content: string } | null

export interface TokenizerConfig {
  pad_token?: TokenText
  padding_side?: string
  model_max_length?: number
}

export interface TokenizerFacts {
  /** What fills up the shorter rows of a batch. */
  padId: number
  paddingSide: 'left' | 'right'
  /** Longest input in tokens, special tokens counted; undefined where none is stated. */
  maxLength: number | undefined
}

export function factsOf(json: TokenizerJson, config: TokenizerConfig): TokenizerFacts {
  const limit = config.model_max_length
  return {
    padId: padIdOf(json, config),
    paddingSide: config.padding_side === 'left' ? 'left' : 'right',
    maxLength: typeof limit === 'number' && limit > 0 && limit < NO_LIMIT ? limit : undefined,
  }
}

/** 0 where none is stated: padding is masked, so that any id will do. */
function padIdOf(json: TokenizerJson, config: TokenizerConfig): number {
  const token = typeof config.pad_token === 'object' ? config.pad_token?.content : config.pad_token
  const stated = token === undefined ? undefined : idOf(json, token)
  return stated ?? json.padding?.pad_id ?? 0
}

/** The id that stands for what the vocabulary lacks; byte-level vocabularies have none. */
export function unknownId(json: TokenizerJson): number | undefined {
  const { unk_id: id, unk_token: token } = json.model
  if (typeof id === 'number') return id
  return typeof token === 'string' ? idOf(json, token) : undefined
}

function idOf(json: TokenizerJson, token: string): number | undefined {
  const added = json.added_tokens?.find(({ content }) => content === token)
  if (added) return added.id
  const { vocab } = json.model
  if (Array.isArray(vocab)) {
    const index = vocab.findIndex(([text]) => text === token)
    return index < 0 ? undefined : index
  }
  return (vocab as Record<string, number> | undefined)?.[token]
}
