/** What sentence-transformers writes beside a model: modules, pooling, prompts, longest input. */
import { isAbsolute, join } from 'node:path'
import { ClaraError } from '../errors.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import type { Pooling } from './card.js'
import { readOptionalJson, readOptionalObject } from './json-file.js'

interface SentenceTransformers {
  /** Where it is stated. */
  pooling: Pooling | undefined
  normalised: boolean
  /** Where it is stated: by default they are compared by cosine. */
  similarity?: 'dot'
  queryPrefix: string
  documentPrefix: string
  /** Where it is stated. */
  maxTokens: number | undefined
}

/** "No limit" is written as 1e30 by transformers. */
export const NO_LIMIT = 1e6
const MODULES = ['Transformer', 'Pooling', 'Normalize']
const POOLING_OF = new Map<unknown, Pooling>([
  ['mean', 'mean'],
  ['cls', 'cls'],
  ['lasttoken', 'last-token'],
])
/** As they were named before version 6. */
const LEGACY: Record<string, string> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_lasttoken: 'lasttoken',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
  pooling_mode_weightedmean_tokens: 'weightedmean',
}
const DOT: unknown[] = ['dot', 'dot_score']
/** The first that says something. sentence-transformers 6 has an empty `document` always, so misses a `passage`. */
const QUERY_PROMPTS = ['query']
const DOCUMENT_PROMPTS = ['document', 'passage', 'corpus']

/**
 * @param pooled the graph gives one vector a text: what sentence-transformers would do to token
 * vectors is in it, supported here or not.
 * @throws ClaraError `model` for a module or a pooling that is not supported.
 */
export async function readSentenceTransformers(
  directory: string,
  pooled: boolean,
): Promise<SentenceTransformers> {
  const modulesFile = join(directory, 'modules.json')
  const modules = modulesOf(await readOptionalJson(modulesFile), modulesFile)
  if (!pooled) requireSupported(modules, modulesFile)
  const poolingFile = join(directory, modules.get('Pooling') ?? '1_Pooling', 'config.json')
  const transformerFile = join(directory, modules.get('Transformer') ?? '', 'sentence_bert_config.json')
  const [pooling, transformer, prompts] = await Promise.all([
    pooled ? undefined : readOptionalObject(poolingFile),
    readOptionalObject(transformerFile),
    readOptionalObject(join(directory, 'config_sentence_transformers.json')),
  ])
  return {
    pooling: pooled ? 'none' : pooling && poolingOf(pooling, poolingFile),
    normalised: modules.has('Normalize'),
    ...(DOT.includes(prompts?.similarity_fn_name) && { similarity: 'dot' }),
    ...prefixesOf(prompts ?? {}),
    maxTokens: longestOf(transformer?.max_seq_length ?? undefined, transformerFile),
  }
}

/** The folder of each module. */
function modulesOf(list: unknown, path: string): Map<string, string> {
  if (list === undefined) return new Map()
  if (!Array.isArray(list)) throw new ClaraError('model', `${path}: expected a list of modules`)
  return new Map(
    list.map((module) => {
      const { type, path: folder = '' }: JsonObject = isObject(module) ? module : {}
      if (typeof type !== 'string' || typeof folder !== 'string') {
        throw new ClaraError('model', `${path}: expected each module to have a type and a path`)
      }
      if (folder.split(/[\\/]/).includes('..') || isAbsolute(folder)) {
        throw new ClaraError('model', `${path}: ${type} lies outside of the folder: ${folder}`)
      }
      return [type.split('.').at(-1)!, folder]
    }),
  )
}

function requireSupported(modules: Map<string, string>, path: string): void {
  for (const type of modules.keys()) {
    if (MODULES.includes(type)) continue
    throw new ClaraError(
      'model',
      `${path}: module ${type} is not supported: take a graph that holds it, with an output named sentence_embedding`,
    )
  }
}

function poolingOf(config: JsonObject, path: string): Pooling {
  if (config.include_prompt === false) {
    throw new ClaraError('model', `${path}: a pooling without the prompt's tokens is not supported`)
  }
  const legacy = Object.keys(LEGACY).filter((key) => config[key] === true)
  const modes: unknown[] = [config.pooling_mode ?? legacy.map((key) => LEGACY[key])].flat()
  const pooling = modes.length === 1 ? POOLING_OF.get(modes[0]) : undefined
  if (pooling) return pooling
  throw new ClaraError(
    'model',
    `${path}: pooling ${modes.join(' + ') || 'missing'}, expected one of ${[...POOLING_OF.keys()].join(', ')}`,
  )
}

function prefixesOf(settings: JsonObject): { queryPrefix: string; documentPrefix: string } {
  const prompts = isObject(settings.prompts) ? settings.prompts : {}
  const first = (names: string[]): string => {
    const name = names.find((each) => prompts[each]) ?? settings.default_prompt_name
    const prompt = typeof name === 'string' ? prompts[name] : undefined
    return typeof prompt === 'string' ? prompt : ''
  }
  return { queryPrefix: first(QUERY_PROMPTS), documentPrefix: first(DOCUMENT_PROMPTS) }
}

function longestOf(stated: unknown, path: string): number | undefined {
  if (stated === undefined) return undefined
  if (Number.isInteger(stated) && (stated as number) > 0 && (stated as number) < NO_LIMIT)
    return stated as number
  throw new ClaraError(
    'model',
    `${path}: "max_seq_length" is ${JSON.stringify(stated)}, expected a whole number from 1 to ${NO_LIMIT - 1}`,
  )
}
