/** A model's name or folder -> its card and where its files lie. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClaraError, messageOf } from '../errors.js'
import type { FileDigest } from '../files/durable-file.js'
import { type ModelCard, parseCard } from './card.js'

export const DEFAULT_EMBEDDER = 'all-minilm-l6-v2'

const EMBEDDED = fileURLToPath(new URL('../../models/', import.meta.url))
const EMBEDDED_NAMES = [DEFAULT_EMBEDDER]

export interface VerifiableFile extends FileDigest {
  path: string
}

export interface Model {
  card: ModelCard
  /** The ONNX graph: what an index binds itself to. */
  model: VerifiableFile
  tokenizer: VerifiableFile
  tokenizerConfig: VerifiableFile
}

/**
 * @param nameOrPath an embedded model's name, or a folder with a `card.json`.
 * @throws ClaraError `model` when there is no such model, or its card is not right.
 */
export async function resolveModel(nameOrPath: string): Promise<Model> {
  const directory = EMBEDDED_NAMES.includes(nameOrPath) ? join(EMBEDDED, nameOrPath) : nameOrPath
  const card = await readCard(nameOrPath, directory)
  const file = (name: string): VerifiableFile => {
    const { bytes, sha256 } = card.files.find((f) => f.path === name)!
    return { path: join(directory, name), bytes, sha256 }
  }
  return {
    card,
    model: file(card.model),
    tokenizer: file(card.tokenizer),
    tokenizerConfig: file(card.tokenizerConfig),
  }
}

async function readCard(nameOrPath: string, directory: string): Promise<ModelCard> {
  const path = join(directory, 'card.json')
  if (!(await stat(directory).catch(() => undefined))) {
    throw new ClaraError(
      'model',
      `no model ${nameOrPath}: expected ${EMBEDDED_NAMES.join(', ')} or a folder that holds card.json`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new ClaraError('model', `${path}: ${messageOf(error)}`, { cause: error })
  }
  const card = parseCard(value)
  if (typeof card === 'string') throw new ClaraError('model', `${path}: ${card}`)
  return card
}
