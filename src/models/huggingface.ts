/** A folder in Hugging Face layout -> a card. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClaraError } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import { isObject, type JsonObject } from '../files/json-value.js'
import type { ModelFile } from './card.js'
import { readOptionalObject } from './json-file.js'
import { type OnnxFile, readOnnxFile } from './onnx-file.js'
import { NO_LIMIT, readSentenceTransformers } from './sentence-transformers.js'

/** Tried in this order where the caller names none. */
const GRAPHS = ['onnx/model.onnx', 'model.onnx', 'onnx/model_fp16.onnx', 'onnx/model_quantized.onnx']
/** RoBERTa's positions begin after the padding id. */
const POSITIONS_AFTER_PADDING = ['roberta', 'xlm-roberta', 'mpnet', 'camembert']

/**
 * @param graph the ONNX file, relative to the folder; by default the first of the usual ones.
 * @param overlay fields of a card that hold instead of what the files say.
 * @returns the fields of a card, not yet checked.
 * @throws ClaraError `model` when a file is missing or says what is not supported.
 */
export async function describeFolder(
  directory: string,
  graph: string | undefined,
  overlay: JsonObject,
): Promise<JsonObject> {
  const config = await readOptionalObject(join(directory, 'config.json'))
  if (!config) throw missingFile(directory, 'config.json')
  const model = graph ?? (typeof overlay.model === 'string' ? overlay.model : await firstGraph(directory))
  const onnx = readOnnxFile(join(directory, model))
  const externalData = [...onnx.externalFiles].map((name) => besideGraph(directory, model, name))
  const tokenizer = { tokenizer: 'tokenizer.json', tokenizerConfig: 'tokenizer_config.json' }
  const names = [model, ...externalData, ...Object.values(tokenizer)]
  const files = await Promise.all(names.map((name) => describeFile(directory, name)))
  const fields = isClassifier(config)
    ? { kind: 'reranker', labels: labelsOf(config), maxTokens: await longestInput(directory, config) }
    : await embedderFields(directory, config, onnx, overlay)
  return {
    name: basename(directory),
    languages: [],
    licence: 'unknown',
    source: 'a folder in Hugging Face layout',
    ...fields,
    ...overlay,
    model,
    ...tokenizer,
    externalData,
    files,
  }
}

async function embedderFields(
  directory: string,
  config: JsonObject,
  onnx: OnnxFile,
  overlay: JsonObject,
): Promise<JsonObject> {
  const pooled = onnx.outputs.find(({ name }) => name === 'sentence_embedding')
  const { pooling, maxTokens, ...stated } = await readSentenceTransformers(directory, pooled !== undefined)
  if (pooling === undefined && overlay.pooling === undefined) {
    throw new ClaraError(
      'model',
      `${directory}: neither modules.json nor 1_Pooling/config.json says how token vectors become one: ` +
        'add card.json with "pooling" (mean, cls or last-token), "normalised", and prefixes where the model wants them',
    )
  }
  return {
    kind: 'embedder',
    ...stated,
    pooling,
    maxTokens: await longestInput(directory, config, maxTokens),
    dims: (pooled ?? onnx.outputs[0])?.shape.at(-1) ?? config.hidden_size,
  }
}

/** As sentence-transformers: what it states, else the lesser of the tokenizer's limit and the positions. */
async function longestInput(
  directory: string,
  config: JsonObject,
  stated?: number,
): Promise<number | undefined> {
  const tokenizer = await readOptionalObject(join(directory, 'tokenizer_config.json'))
  if (stated) return stated
  const limits = [tokenizer?.model_max_length, positionsOf(config)]
  const known = limits.filter((limit): limit is number => typeof limit === 'number' && limit < NO_LIMIT)
  return known.length === 0 ? undefined : Math.min(...known)
}

function positionsOf({
  model_type: type,
  max_position_embeddings: positions,
  pad_token_id: pad,
}: JsonObject) {
  if (typeof positions !== 'number') return undefined
  const reserved = POSITIONS_AFTER_PADDING.includes(String(type))
    ? (typeof pad === 'number' ? pad : 1) + 1
    : 0
  return positions - reserved
}

function isClassifier({ architectures }: JsonObject): boolean {
  return Array.isArray(architectures) && architectures.some((name) => /ForSequenceClassification$/.test(name))
}

/** transformers writes two labels unless there is another number. */
function labelsOf({ id2label, num_labels: count }: JsonObject): unknown {
  return isObject(id2label) ? Object.keys(id2label).length : (count ?? 2)
}

async function firstGraph(directory: string): Promise<string> {
  for (const name of GRAPHS) if (await stat(join(directory, name)).catch(() => undefined)) return name
  throw missingFile(directory, GRAPHS.join(' or '))
}

/** ONNX states external data relative to the graph; a path that leaves the folder is an attack. */
function besideGraph(directory: string, model: string, name: string): string {
  if (/^[^\\/:]+$/.test(name) && name !== '..' && name !== '.') return join(dirname(model), name)
  throw new ClaraError(
    'model',
    `${join(directory, model)}: its weights lie in ${name}, expected a file beside it`,
  )
}

async function describeFile(directory: string, path: string): Promise<ModelFile> {
  const digest = await digestFile(join(directory, path)).catch(() => {
    throw missingFile(directory, path)
  })
  if (digest.bytes === 0) throw new ClaraError('model', `${join(directory, path)}: is empty`)
  return { path, ...digest }
}

function missingFile(directory: string, name: string): ClaraError {
  return new ClaraError('model', `${directory}: has no ${name}, which a model in Hugging Face layout needs`)
}
