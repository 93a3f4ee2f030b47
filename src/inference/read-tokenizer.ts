/** A tokenizer's file: tokenizer.json, or a SentencePiece model. */
import { ClaraError, messageOf } from '../errors.js'
import { readVerified } from '../files/durable-file.js'
import type { VerifiableFile } from '../models/resolve.js'
import { damaged, missing } from './model-files.js'
import { tokenizerOfSentencePiece } from './sentencepiece.js'
import type { TokenizerJson } from './tokenizer-json.js'

/** @throws ClaraError `model` where the file is not the one that it should be. */
export async function readJsonFile(file: VerifiableFile): Promise<object> {
  return parse(await readWhole(file), file)
}

/** @throws ClaraError `model` where the file is not the one that it should be, or neither. */
export async function readTokenizer(file: VerifiableFile): Promise<TokenizerJson> {
  const data = await readWhole(file)
  if (isJson(file.path, data)) return parse(data, file) as TokenizerJson
  try {
    return tokenizerOfSentencePiece(data)
  } catch (error) {
    throw new ClaraError(
      'model',
      `${file.path}: neither tokenizer.json nor a SentencePiece model: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

async function readWhole(file: VerifiableFile): Promise<Buffer> {
  const data = await readVerified(file.path, file).catch((error) => {
    throw missing(file, error)
  })
  if (!data) throw damaged(file)
  return data
}

function isJson(path: string, data: Buffer): boolean {
  return path.endsWith('.json') || /^(?:\xef\xbb\xbf)?\s*\{/.test(data.toString('latin1', 0, 64))
}

function parse(data: Buffer, file: VerifiableFile): object {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch (error) {
    throw new ClaraError('model', `${file.path}: is not JSON: ${messageOf(error)}`, { cause: error })
  }
}
