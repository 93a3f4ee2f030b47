/** Vectors to measure an index with: synthetic ones, or those of a file. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { ClaraError } from '../errors.js'
import { randomFor } from '../negatives/random.js'

/**
 * Standard deviation of a row's values around its centre's, which are of variance 1. Two rows of a
 * centre have a cosine of about 1 / (1 + NOISE²) = 0.65, as the embeddings of two passages on one subject.
 */
const NOISE = 0.73
/** Rows of one centre, on average. */
export const CLUSTER_ROWS = 100
const WRITE_ROWS = 8192

interface VectorsOptions {
  rows: number
  dims: number
  queries: number
}

/** The next `count` rows, row-major, each of unit length. */
type NextRows = (count: number) => Float32Array

/**
 * Clustered rows like those of real embeddings: rows / 100 centres of independent standard normal
 * values; each row is a centre drawn at random plus NOISE times standard normal values, normalised.
 * Queries are further rows of it, so they are alike the corpus and not in it. The same seed gives the same rows.
 */
export function clusteredRows({ rows, dims }: VectorsOptions, seed: number): NextRows {
  const random = randomFor('vectors', rows, dims, seed)
  const normal = gaussians(random)
  const centres = Math.max(1, Math.floor(rows / CLUSTER_ROWS))
  const values = Float32Array.from({ length: centres * dims }, normal)
  return (count) => {
    const out = new Float32Array(count * dims)
    for (let row = 0; row < count; row++) {
      const centre = random(centres) * dims
      for (let i = 0; i < dims; i++) out[row * dims + i] = values[centre + i]! + NOISE * normal()
    }
    return normalised(out, dims)
  }
}

/** Pairs of independent standard normal numbers (Box and Muller 1958). */
function gaussians(random: (limit: number) => number): () => number {
  let second: number | undefined
  const uniform = () => (random(2 ** 32) + 0.5) / 2 ** 32
  return () => {
    if (second !== undefined) {
      const value = second
      second = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    second = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

function normalised(vectors: Float32Array, dims: number): Float32Array {
  for (let start = 0; start < vectors.length; start += dims) {
    let squares = 0
    for (let i = 0; i < dims; i++) squares += vectors[start + i]! ** 2
    const length = Math.sqrt(squares)
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
      throw new ClaraError('input', `vector ${start / dims} has length ${length}`)
    }
    for (let i = 0; i < dims; i++) vectors[start + i]! /= length
  }
  return vectors
}

/**
 * How many rows of the file there are for the corpus, once the queries are taken off.
 * @throws ClaraError `input` where it holds no whole number of rows, or too few.
 */
export async function rowsOfFile(path: string, dims: number, queries: number): Promise<number> {
  const { size } = await stat(path).catch((error) => {
    throw new ClaraError('input', `${path}: cannot be read: ${error.message}`, { cause: error })
  })
  const rows = size / (dims * 4) - queries
  if (Number.isInteger(rows) && rows > 0) return rows
  throw new ClaraError(
    'input',
    `${path}: ${size} bytes are no float32 vectors of ${dims} for ${queries} queries and a corpus`,
  )
}

/** Writes corpus and queries, float32, row-major. */
export async function writeVectors(
  next: NextRows | FileRows,
  { rows, queries }: VectorsOptions,
  paths: { vectors: string; queries: string },
) {
  for (const [path, count] of [
    [paths.vectors, rows],
    [paths.queries, queries],
  ] as const) {
    const file = await open(path, 'w')
    try {
      for (let done = 0; done < count; done += WRITE_ROWS) {
        const part = await next(Math.min(WRITE_ROWS, count - done))
        await file.writeFile(new Uint8Array(part.buffer))
      }
    } finally {
      await file.close()
    }
  }
}

/** Rows of a file, one after the other. */
type FileRows = (count: number) => Promise<Float32Array>

/** Normalised, whatever the file holds. */
export function fileRows(file: FileHandle, dims: number): FileRows {
  return async (count) => {
    const rows = new Float32Array(count * dims)
    const bytes = new Uint8Array(rows.buffer)
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, null)
      if (bytesRead === 0) throw new ClaraError('input', 'the file of vectors ended early')
      done += bytesRead
    }
    return normalised(rows, dims)
  }
}
