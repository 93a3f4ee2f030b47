/** A model's name or folder -> its card and where its files lie. */

import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireArgument, text } from '../arguments.js'
import { ClaraError } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { modelDirectory } from './cache-directory.js'
import { type EmbedderCard, type ModelCard, parseCard, type RerankerCard } from './card.js'
import { CATALOGUE, findEntry, nearNames } from './catalogue.js'
import { describeFolder } from './huggingface.js'
import { readOptionalObject } from './json-file.js'

/** The English one: what `auto` comes to where nothing is in Chinese. */
export const DEFAULT_EMBEDDER = 'all-minilm-l6-v2'
/** English and Chinese, and from one to the other. */
export const BILINGUAL_EMBEDDER = 'multilingual-e5-small-en-zh'
/** Stands for one of the two, by what the documents need: see chooseEmbedder. A folder of that name is `./auto`. */
export const AUTO = 'auto'
export const DEFAULT_RERANKER = BILINGUAL_EMBEDDER

const EMBEDDED = fileURLToPath(new URL('../../models/', import.meta.url))
/** Shipped with the package. */
export const EMBEDDED_NAMES = [DEFAULT_EMBEDDER, BILINGUAL_EMBEDDER, 'minilm-l6-reranker']

export interface VerifiableFile extends FileDigest {
  path: string
}

export interface Model<C extends ModelCard = ModelCard> {
  card: C
  /** The ONNX graph: what an index binds itself to. */
  model: VerifiableFile
  tokenizer: VerifiableFile
  tokenizerConfig: VerifiableFile
  /** Weights outside of the graph's file, in its folder. */
  externalData: VerifiableFile[]
}

export type EmbedderModel = Model<EmbedderCard>
/** A cross-encoder, or an embedder whose tokens are compared one by one. */
export interface RerankerModel extends Model<RerankerCard> {
  /** The embedder, where it is one (late interaction). */
  encoder?: EmbedderModel
}

/**
 * @param nameOrPath an embedded or pulled model's name, a folder, or an ONNX file in one.
 * @throws ClaraError `model` when there is no such model, it is no embedder, or its card is not right.
 */
export async function resolveEmbedder(nameOrPath: string): Promise<EmbedderModel> {
  const { card, ...files } = await resolveModel(nameOrPath)
  if (card.kind === 'embedder') return { card, ...files }
  throw new ClaraError('model', `${nameOrPath} is a reranker: an embedder is needed here`)
}

/**
 * As `resolveEmbedder`, for a cross-encoder, or for an embedder that compares a question's tokens with a passage's (late interaction).
 * @throws ClaraError `model` also for an embedder whose graph gives a text one vector.
 */
export async function resolveReranker(nameOrPath: string): Promise<RerankerModel> {
  const { card, ...files } = await resolveModel(nameOrPath)
  if (card.kind === 'reranker') return { card, ...files }
  if (card.pooling === 'none') {
    throw new ClaraError(
      'model',
      `${nameOrPath} is an embedder that gives a text one vector: a reranker, or an embedder that gives each token one, is needed here`,
    )
  }
  return { card: { ...card, kind: 'reranker', labels: 1 }, ...files, encoder: { card, ...files } }
}

/** Its folder and its card, whatever it is. */
export async function locateModel(nameOrPath: string): Promise<{ folder: string; card: ModelCard }> {
  const { directory, graph } = await locate(nameOrPath)
  return { folder: directory, card: await readCard(directory, graph) }
}

export async function resolveModel(nameOrPath: string): Promise<Model> {
  return modelOf(await locateModel(nameOrPath))
}

export function modelOf<C extends ModelCard>({ folder, card }: { folder: string; card: C }): Model<C> {
  const file = (name: string): VerifiableFile => {
    const { bytes, sha256 } = card.files.find((f) => f.path === name)!
    return { path: join(folder, name), bytes, sha256 }
  }
  return {
    card,
    model: file(card.model),
    tokenizer: file(card.tokenizer),
    tokenizerConfig: file(card.tokenizerConfig),
    externalData: (card.externalData ?? []).map(file),
  }
}

/** A model is a folder, or one of several graphs in it. */
interface Place {
  directory: string
  /** Relative to the folder. */
  graph?: string
}

async function locate(nameOrPath: string): Promise<Place> {
  requireArgument('model', nameOrPath, text('a name of a model, or the path of its folder'))
  if (nameOrPath === AUTO) {
    throw new ClaraError(
      'model',
      `${AUTO} stands for a choice by documents, and there are none here: pass a model’s name`,
    )
  }
  if (EMBEDDED_NAMES.includes(nameOrPath)) return { directory: join(EMBEDDED, nameOrPath) }
  const pulled = /^\w[\w.-]*$/.test(nameOrPath) ? [modelDirectory(nameOrPath)] : []
  for (const path of [...pulled, nameOrPath]) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) return { directory: path }
    if (found?.isFile() && path.endsWith('.onnx')) return placeOfGraph(resolve(path))
  }
  throw new ClaraError('model', unknownModel(nameOrPath))
}

/** What to do about a name that stands for nothing here. */
export function unknownModel(name: string): string {
  if (findEntry(name)) return `${name} is not here yet: run clara-models pull ${name}`
  const near = nearNames(name, [...EMBEDDED_NAMES, ...CATALOGUE.map((entry) => entry.name)])
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}? ` : ''
  return `no model ${name}: ${hint}expected ${EMBEDDED_NAMES.join(', ')}, another name of clara-models list, a model's folder or its .onnx file`
}

function placeOfGraph(path: string): Place {
  const folder = dirname(path)
  const directory = basename(folder) === 'onnx' ? dirname(folder) : folder
  return { directory, graph: relative(directory, path).replaceAll('\\', '/') }
}

/** A whole card is taken at its word; a card without "files" adds to what the folder says. */
async function readCard(directory: string, graph: string | undefined): Promise<ModelCard> {
  const path = join(directory, 'card.json')
  const value = (await readOptionalObject(path)) ?? {}
  const whole = value.files !== undefined && (graph === undefined || graph === value.model)
  const card = parseCard(whole ? value : await describeFolder(directory, graph, value))
  if (typeof card === 'string') throw new ClaraError('model', `${whole ? path : directory}: ${card}`)
  return card
}
