/** Does an installed model work? Its golden vectors, or at least different results for different inputs. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, messageOf } from '../errors.js'
import { isObject } from '../files/jsonl.js'
import type { EmbedderCard, RerankerCard } from '../models/card.js'
import { modelOf } from '../models/resolve.js'
import type { Finding, LocatedModel } from '../models/verify.js'
import { cosine } from './cosine.js'
import { openEmbedder } from './embedder.js'
import { openReranker } from './reranker.js'

/** Cosine to the reference that int8 weights reach and a wrong pooling, prefix or tokenizer does not. */
const LEAST_COSINE = 0.98
/** Results nearer to each other than this are one result. */
const SAME_COSINE = 0.99999
const SAME_LOGIT = 1e-4

const TEXTS = ['The harbour is full of boats.', '量子力学描述微观粒子的运动。', 'def add(a, b): return a + b']
const PAIRS = [
  { question: 'Where do ships lie safely?', passage: 'Ships lie safely in a harbour.' },
  { question: 'Where do ships lie safely?', passage: 'Bread is baked from flour, water and salt.' },
  { question: '中国的首都是哪里？', passage: '北京是中华人民共和国的首都。' },
  { question: '中国的首都是哪里？', passage: '面包由面粉、水和盐烤成。' },
]

/** A step of verification: counts on the files' bytes being right. */
export async function tryModel({ folder, card }: LocatedModel): Promise<Finding[]> {
  try {
    const reason =
      card.kind === 'embedder' ? await tryEmbedder(folder, card) : await tryReranker(folder, card)
    return reason === undefined ? [] : [{ path: card.golden ?? card.model, reason }]
  } catch (error) {
    if (error instanceof ClaraError) return [{ path: card.model, reason: messageOf(error) }]
    throw error
  }
}

async function tryEmbedder(folder: string, card: EmbedderCard): Promise<string | undefined> {
  const golden =
    card.golden === undefined ? undefined : await readGolden(join(folder, card.golden), card.dims)
  const embedder = await openEmbedder(modelOf({ folder, card }), { threads: 1 })
  try {
    const texts = golden?.map(({ text }) => text) ?? TEXTS
    const vectors = await embedder.embed(texts, 'document')
    const row = (i: number) => vectors.subarray(i * card.dims, (i + 1) * card.dims)
    if (!golden) {
      return cosine(row(0), row(1)) > SAME_COSINE ? 'gives one vector for different texts' : undefined
    }
    const cosines = golden.map(({ vector }, i) => cosine(row(i), vector))
    const least = Math.min(...cosines)
    const worst = golden[cosines.indexOf(least)]!.text.slice(0, 40)
    return least >= LEAST_COSINE
      ? undefined
      : `cosine ${least.toFixed(4)} to the reference for ${JSON.stringify(worst)}, expected ${LEAST_COSINE} or more`
  } finally {
    await embedder.close()
  }
}

async function tryReranker(folder: string, card: RerankerCard): Promise<string | undefined> {
  const reranker = await openReranker(modelOf({ folder, card }), { threads: 1 })
  try {
    const scores = await reranker.score(PAIRS)
    const range = Math.max(...scores) - Math.min(...scores)
    return range < SAME_LOGIT
      ? `gives the score ${scores[0]!.toFixed(4)} to every pair: it ranks nothing`
      : undefined
  } finally {
    await reranker.close()
  }
}

interface Golden {
  text: string
  vector: Float32Array
}

/** [{text, vector}], the vector as base64 of float32, little-endian. */
async function readGolden(path: string, dims: number): Promise<Golden[]> {
  const wrong = (what: string) => new ClaraError('model', `${path}: ${what}`)
  let rows: unknown
  try {
    rows = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong(messageOf(error))
  }
  if (!Array.isArray(rows) || rows.length === 0) throw wrong('expected a list of texts and vectors')
  return rows.map((row) => {
    if (!isObject(row) || typeof row.text !== 'string' || typeof row.vector !== 'string') {
      throw wrong('expected "text" and "vector" in each row')
    }
    const bytes = Buffer.from(row.vector, 'base64')
    if (bytes.byteLength !== dims * 4)
      throw wrong(`a vector of ${bytes.byteLength} bytes, expected ${dims * 4}`)
    return { text: row.text, vector: Float32Array.from({ length: dims }, (_, i) => bytes.readFloatLE(i * 4)) }
  })
}
