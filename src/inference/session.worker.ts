/** A thread with one ONNX Runtime session: run() blocks the thread that it is called on. */
import { ClaraError, messageOf } from '../errors.js'
import { Moved, serve } from '../files/worker-thread.js'
import { readOnnxFile } from '../models/onnx-file.js'
import { env, InferenceSession, type Tensor } from '../runtime/onnxruntime.js'
import { rowStart, type Together } from './batches.js'
import { automatic, type Choice, type Device, providerOption, remedyFor } from './device.js'
import { type Batch, feedsFor } from './feeds.js'
import { fromFloat16 } from './float16.js'
import { type Output, sizeOf } from './output.js'
import { normalise, pool, truncate } from './pooling.js'
import { createMatcher, encodeTokens, type Matcher, type Matching, type TokenCodes } from './token-matches.js'

/** What fails is thrown, and told by us: before there is a session, and in it. */
env.logLevel = 'fatal'
const FATAL = 4

interface OpenArgs {
  path: string
  /** Tried one after the other. */
  choices: Choice[]
  threads: number
  output: Output
}

const OUTPUT_NAMES = {
  pooled: ['sentence_embedding', 'text_embeds', 'pooled_output'],
  tokens: ['last_hidden_state', 'token_embeddings', 'hidden_states'],
  logits: ['logits'],
}

let session: InferenceSession
let feeds: ReturnType<typeof feedsFor>
let path: string
let output: Output
let outputName: string
let matcher: Promise<Matcher> | undefined

const methods = {
  /** Reads the graph without loading it. */
  choose({ path, device }: { path: string; device: Device | undefined }) {
    const { operators, inputs } = readOnnxFile(path)
    const choices: Choice[] = device ? [{ ...device, why: 'asked for' }] : automatic(operators)
    const maskless = inputs.includes('attention_mask') ? 'any' : 'equal'
    const together: Together = operators.has('DynamicQuantizeLinear') ? 'alone' : maskless
    return { choices, together }
  },
  async open(args: OpenArgs): Promise<Choice> {
    const device = await createSession(args)
    feeds = feedsFor(session.inputMetadata, args.path)
    path = args.path
    output = args.output
    outputName = chooseOutput()
    return device
  },
  /** Runs the graph and nothing else. @returns seconds, with inputs built before and outputs unread. */
  async ideal(batches: Batch[]): Promise<number> {
    const built = batches.map(feeds)
    const start = performance.now()
    for (const each of built) await session.run(each, [outputName])
    return (performance.now() - start) / 1000
  },
  /** @returns row-major [rows, dims or labels]. */
  async run(batch: Batch): Promise<Moved<Float32Array>> {
    const rows = rowsOf(await resultOf(batch), batch)
    return new Moved(rows, [rows.buffer as ArrayBuffer])
  },
  /** @returns the tokens of each row. */
  async tokens(batch: Batch): Promise<TokenCodes[]> {
    return tokensOf(await resultOf(batch), batch)
  },
  async match(matchings: Matching[]): Promise<Moved<Float32Array>> {
    matcher ??= createMatcher(sizeOf(output))
    const scores = await (await matcher).match(matchings)
    return new Moved(scores, [scores.buffer as ArrayBuffer])
  },
}

async function resultOf(batch: Batch): Promise<Tensor> {
  const { [outputName]: tensor } = await session.run(feeds(batch), [outputName]).catch((error) => {
    throw new ClaraError('model', `${path}: the model cannot run: ${reasonOf(error)}`, { cause: error })
  })
  return tensor as Tensor
}

/** Tries one after the other; what failed before the last is told as the reason for it. */
async function createSession({ path, threads, choices }: OpenArgs): Promise<Choice> {
  let failure = ''
  for (const [i, choice] of choices.entries()) {
    try {
      session = await InferenceSession.create(path, {
        executionProviders: [providerOption(choice)],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: FATAL,
      })
      return { ...choice, why: choice.why + failure }
    } catch (error) {
      const message = reasonOf(error)
      if (i === choices.length - 1) throw cannotOpen(path, choice, message, error)
      failure = `: ${message}`
    }
  }
  throw new Error('no provider to try')
}

/** What ONNX Runtime says, without the place in its source. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .trim()
    .replace(/^\/onnxruntime_src\/.* was false\. /s, '')
    .replace(/\.$/, '')
}

function cannotOpen(path: string, { provider }: Choice, message: string, cause: unknown): ClaraError {
  return provider === 'cpu'
    ? new ClaraError('model', `${path}: ONNX Runtime cannot load it: ${message}`, { cause })
    : new ClaraError('model', `--device ${provider} cannot be used: ${message}: ${remedyFor(provider)}`, {
        cause,
      })
}

function chooseOutput(): string {
  const names = session.outputNames
  const isPooled = output.kind === 'vector' && output.pooling === 'none'
  const wanted = output.kind === 'logits' ? 'logits' : isPooled ? 'pooled' : 'tokens'
  const name =
    OUTPUT_NAMES[wanted].find((each) => names.includes(each)) ?? (names.length === 1 ? names[0] : undefined)
  if (name !== undefined) return name
  throw new ClaraError(
    'model',
    `${path}: outputs are ${names.join(', ')}; expected one named ${OUTPUT_NAMES[wanted].join(' or ')}`,
  )
}

function rowsOf(tensor: Tensor, batch: Batch): Float32Array {
  const rows = batch.lengths.length
  const values = floatsOf(tensor)
  if (output.kind === 'logits') {
    requireShape(tensor, [rows, output.labels])
    return values.slice() // the tensor's own buffer belongs to the runtime
  }
  if (output.kind === 'tokens') throw new Error('a text has as many vectors as tokens: tokens() gives them')
  const { pooling, modelDims, dims, normalised } = output
  requireShape(tensor, pooling === 'none' ? [rows, modelDims] : [rows, batch.width, modelDims])
  const whole = pooling === 'none' ? values.slice() : pool({ ...batch, values, size: modelDims }, pooling)
  const vectors = truncate(whole, modelDims, dims)
  if (normalised) normalise(vectors, dims)
  return vectors
}

function tokensOf(tensor: Tensor, batch: Batch): TokenCodes[] {
  const size = sizeOf(output)
  requireShape(tensor, [batch.lengths.length, batch.width, size])
  const values = floatsOf(tensor)
  return Array.from(batch.lengths, (length, row) => {
    const first = rowStart(batch, row, length)
    return encodeTokens(values.subarray(first * size, (first + length) * size), size)
  })
}

function floatsOf({ data, type }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (type === 'float16' && ArrayBuffer.isView(data)) {
    return fromFloat16(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2))
  }
  throw new ClaraError('model', `output ${outputName} is of ${type}, expected float32 or float16`)
}

function requireShape({ dims }: Tensor, expected: number[]): void {
  if (dims.length === expected.length && dims.every((size, i) => size === expected[i])) return
  throw new ClaraError(
    'model',
    `output ${outputName} is of shape [${dims}], expected [${expected}]: does the card fit the model?`,
  )
}

serve(methods)

export type SessionMethods = typeof methods
