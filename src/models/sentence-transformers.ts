/** What sentence-transformers writes beside a model: modules, pooling, prompts, longest input. */
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { isObject, type JsonObject } from '../files/jsonl.js'
import type { Pooling } from './card.js'
import { readOptionalJson } from './json-file.js'

export interface SentenceTransformers {
  pooling: Pooling
  normalised: boolean
  queryPrefix: string
  documentPrefix: string
  /** Where it is stated. */
  maxTokens: number | undefined
}

const POOLING_OF: Record<string, Pooling> = { mean: 'mean', cls: 'cls', lasttoken: 'last-token' }
/** As they were named before version 6. */
const LEGACY: Record<string, string> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_lasttoken: 'lasttoken',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
  pooling_mode_weightedmean_tokens: 'weightedmean',
}
/** The first that says something. sentence-transformers 6 has an empty `document` always, so misses a `passage`. */
const QUERY_PROMPTS = ['query']
const DOCUMENT_PROMPTS = ['document', 'passage', 'corpus']

/**
 * @returns `undefined` where the folder has no modules.json.
 * @throws ClaraError `model` for a module or a pooling that is not supported.
 */
export async function readSentenceTransformers(directory: string): Promise<SentenceTransformers | undefined> {
  const modules = await readOptionalJson(join(directory, 'modules.json'))
  if (modules === undefined) return undefined
  const paths = modulePaths(modules, join(directory, 'modules.json'))
  const poolingFile = join(directory, paths.get('Pooling') ?? '1_Pooling', 'config.json')
  const [pooling, transformer, prompts] = await Promise.all([
    readOptionalJson(poolingFile),
    readOptionalJson(join(directory, paths.get('Transformer') ?? '', 'sentence_bert_config.json')),
    readOptionalJson(join(directory, 'config_sentence_transformers.json')),
  ])
  if (!isObject(pooling))
    throw new ClaraError('model', `${poolingFile}: expected how the model pools its tokens`)
  return {
    pooling: poolingOf(pooling, poolingFile),
    normalised: paths.has('Normalize'),
    ...prefixesOf(prompts),
    maxTokens: isObject(transformer) ? positive(transformer.max_seq_length) : undefined,
  }
}

function modulePaths(modules: unknown, path: string): Map<string, string> {
  if (!Array.isArray(modules)) throw new ClaraError('model', `${path}: expected a list of modules`)
  const paths = new Map<string, string>()
  for (const module of modules) {
    const type = String(isObject(module) ? module.type : module)
      .split('.')
      .at(-1)!
    if (!['Transformer', 'Pooling', 'Normalize'].includes(type)) {
      throw new ClaraError('model', `${path}: module ${type} is not supported: export it into the ONNX graph`)
    }
    const folder = isObject(module) && typeof module.path === 'string' ? module.path : ''
    if (folder.split(/[\\/]/).includes('..') || folder.startsWith('/')) {
      throw new ClaraError('model', `${path}: ${type} lies outside of the folder: ${folder}`)
    }
    paths.set(type, folder)
  }
  return paths
}

function poolingOf(config: JsonObject, path: string): Pooling {
  if (config.include_prompt === false) {
    throw new ClaraError('model', `${path}: a pooling without the prompt's tokens is not supported`)
  }
  const modes = [
    config.pooling_mode ??
      Object.keys(LEGACY)
        .filter((key) => config[key] === true)
        .map((key) => LEGACY[key]),
  ].flat()
  const pooling = modes.length === 1 ? POOLING_OF[String(modes[0])] : undefined
  if (pooling) return pooling
  throw new ClaraError(
    'model',
    `${path}: pooling ${modes.join(' + ') || 'missing'}, expected one of ${Object.keys(POOLING_OF).join(', ')}`,
  )
}

function prefixesOf(config: unknown): { queryPrefix: string; documentPrefix: string } {
  const settings = isObject(config) ? config : {}
  const prompts = isObject(settings.prompts) ? settings.prompts : {}
  const first = (names: string[]): string => {
    const name = names.find((each) => prompts[each]) ?? settings.default_prompt_name
    const prompt = typeof name === 'string' ? prompts[name] : undefined
    return typeof prompt === 'string' ? prompt : ''
  }
  return { queryPrefix: first(QUERY_PROMPTS), documentPrefix: first(DOCUMENT_PROMPTS) }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}
