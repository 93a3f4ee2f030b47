/**
 * How well a passage's tokens match a question's: of each token of the question the cosine of the passage's token that is most like it, on
 * average (late interaction, Khattab and Zaharia 2020, arXiv 2004.12832).
 */

import { model, node, value } from '../runtime/onnx-writer.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'

/** Unit vectors of a text's tokens, row-major [tokens, dims], each number in 127ths of its row's largest. In memory that threads share. */
export type TokenCodes = Int8Array

/** A passage with the questions that it is compared with. */
export interface Matching {
  passage: TokenCodes
  questions: TokenCodes[]
}

const LARGEST = 127

/** @param vectors row-major [tokens, dims]. A token of zeros stays one. @returns nothing at all where a number is none. */
export function encodeTokens(vectors: Float32Array, dims: number): TokenCodes {
  const codes = new Int8Array(new SharedArrayBuffer(vectors.length))
  for (let start = 0; start < vectors.length; start += dims) {
    let largest = 0
    for (let i = start; i < start + dims; i++) largest = Math.max(largest, Math.abs(vectors[i]!))
    if (largest === 0) continue
    if (!Number.isFinite(largest)) return new Int8Array(new SharedArrayBuffer(0))
    const scale = LARGEST / largest
    for (let i = start; i < start + dims; i++) codes[i] = Math.round(vectors[i]! * scale)
  }
  return codes
}

/** @returns unit vectors; [dims, tokens] where they are turned. */
function decodeTokens(codes: TokenCodes, dims: number, turned: boolean): Float32Array {
  const tokens = codes.length / dims
  const vectors = new Float32Array(codes.length)
  for (let token = 0; token < tokens; token++) {
    const start = token * dims
    let squares = 0
    for (let i = start; i < start + dims; i++) squares += codes[i]! * codes[i]!
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
    for (let i = 0; i < dims; i++)
      vectors[turned ? i * tokens + token : start + i] = codes[start + i]! * scale
  }
  return vectors
}

export interface Matcher {
  /** @returns the scores of each passage's questions, one after the other: from -1 to 1. A score depends on its pair alone. */
  match(matchings: Matching[]): Promise<Float32Array>
}

/** On the thread that it is called on. */
export async function createMatcher(dims: number): Promise<Matcher> {
  const session = await InferenceSession.create(bestMatchGraph(dims), { intraOpNumThreads: 1 })
  return {
    async match(matchings) {
      const scores = new Float32Array(matchings.reduce((sum, { questions }) => sum + questions.length, 0))
      let at = 0
      for (const { passage, questions } of matchings) {
        const rows = new Tensor('float32', decodeTokens(passage, dims, false), [passage.length / dims, dims])
        for (const question of questions) {
          const tokens = question.length / dims
          const asked = new Tensor('float32', decodeTokens(question, dims, true), [dims, tokens])
          const { best } = await session.run({ passage: rows, question: asked })
          const values = best!.data as Float32Array
          scores[at++] = values.reduce((sum, each) => sum + each, 0) / tokens
        }
      }
      return scores
    },
  }
}

/** `passage` [tokens, dims] and `question` [dims, asked] of f32 -> the best of each column, `best` [asked]. */
function bestMatchGraph(dims: number): Uint8Array {
  return model({
    nodes: [
      node('MatMul', ['passage', 'question'], ['cosines']),
      node('ReduceMax', ['cosines'], ['best'], { axes: [0], keepdims: 0 }),
    ],
    inputs: [value('passage', 'float', ['tokens', dims]), value('question', 'float', [dims, 'asked'])],
    outputs: [value('best', 'float', ['asked'])],
  })
}
