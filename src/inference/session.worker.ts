/** A thread with one ONNX Runtime session: run() blocks the thread that it is called on. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ClaraError, messageOf } from '../errors.js'
import { readVerified } from '../files/durable-file.js'
import { Moved, serve } from '../files/worker-thread.js'
import type { VerifiableFile } from '../models/resolve.js'
import { damaged, missing } from './model-files.js'

export interface Batch {
  /** Row-major [rows, width], padded with zeros on the right. */
  ids: Int32Array
  /** Tokens of each row. */
  lengths: Int32Array
  width: number
}

let session: InferenceSession
let dims: number

const methods = {
  async open(args: { model: VerifiableFile; dims: number }): Promise<void> {
    const { model } = args
    const data = await readVerified(model.path, model).catch((error) => {
      throw missing(model, error)
    })
    if (!data) throw damaged(model)
    dims = args.dims
    try {
      session = await InferenceSession.create(data, {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      })
    } catch (error) {
      throw new ClaraError('model', `${model.path}: ONNX Runtime cannot load it: ${messageOf(error)}`, {
        cause: error,
      })
    }
    requireName(model, 'input', session.inputNames, 'input_ids')
    requireName(model, 'input', session.inputNames, 'attention_mask')
    requireName(model, 'output', session.outputNames, 'sentence_embedding')
  },
  /** @returns row-major [rows, dims]. */
  async run(batch: Batch): Promise<Moved<Float32Array>> {
    const rows = batch.lengths.length
    const { sentence_embedding: output } = await session.run(feeds(batch, rows))
    const vectors = output?.data
    if (!(vectors instanceof Float32Array) || vectors.length !== rows * dims) {
      throw new ClaraError(
        'model',
        `the model gave [${output?.dims}] of ${output?.type}, expected [${rows},${dims}] of float32`,
      )
    }
    const copy = vectors.slice() // the tensor's own buffer belongs to the runtime
    return new Moved(copy, [copy.buffer])
  },
}

function requireName(model: VerifiableFile, kind: string, names: readonly string[], name: string): void {
  if (!names.includes(name)) {
    throw new ClaraError(
      'model',
      `${model.path}: ${kind}s are ${names.join(', ')}; expected one named ${name}`,
    )
  }
}

function feeds({ ids, lengths, width }: Batch, rows: number): InferenceSession.FeedsType {
  const mask = new BigInt64Array(rows * width)
  for (let row = 0; row < rows; row++) mask.fill(1n, row * width, row * width + lengths[row]!)
  return {
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [rows, width]),
    attention_mask: new Tensor('int64', mask, [rows, width]),
  }
}

serve(methods)

export type SessionMethods = typeof methods
