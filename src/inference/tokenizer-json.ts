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
  tokenizer_class?: string
  do_lower_case?: boolean
  strip_accents?: boolean | null
  tokenize_chinese_chars?: boolean
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

/** Of transformers: those that read a BERT vocabulary, slow and fast. */
const BERT_CLASS = /^(\w*Bert|Electra|MPNet|Funnel|LayoutLM|LayoutLMv2|Lxmert|Realm|DPR\w*)Tokenizer(Fast)?$/

/**
 * The tokenizer as transformers runs it: its BERT classes set the normalizer by tokenizer_config.json, where tokenizer.json
 * says otherwise (BertTokenizerFast.__init__ in 4, BertTokenizer in 5: lower case where nothing is stated).
 * Where no class is stated, only what is stated counts; other classes take tokenizer.json as it is.
 * @param lowercase of the model's card: holds, whatever the files say.
 */
export function asConfigured(
  json: TokenizerJson,
  config: TokenizerConfig,
  lowercase?: boolean,
): TokenizerJson {
  const { normalizer } = json
  if (normalizer?.type !== 'BertNormalizer') {
    if (!lowercase) return json
    const normalizers = [{ type: 'Lowercase' }, ...(normalizer ? [normalizer] : [])]
    return { ...json, normalizer: { type: 'Sequence', normalizers } }
  }
  const { tokenizer_class: name, do_lower_case, strip_accents, tokenize_chinese_chars } = config
  const stated = {
    ...(do_lower_case !== undefined && { lowercase: do_lower_case }),
    ...(strip_accents !== undefined && { strip_accents }),
    ...(tokenize_chinese_chars !== undefined && { handle_chinese_chars: tokenize_chinese_chars }),
  }
  const defaults = { lowercase: true, strip_accents: null, handle_chinese_chars: true }
  const settings = name === undefined ? stated : BERT_CLASS.test(name) ? { ...defaults, ...stated } : {}
  const forced = lowercase === undefined ? {} : { lowercase }
  return { ...json, normalizer: { ...normalizer, ...settings, ...forced } }
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
