/** Does an installed model work? Its golden vectors, or at least different results for different inputs. */
import { join } from 'node:path'
import { ClaraError, messageOf } from '../errors.js'
import type { EmbedderCard, RerankerCard } from '../models/card.js'
import { modelOf } from '../models/resolve.js'
import type { Finding, LocatedModel } from '../models/verify.js'
import { cosine } from './cosine.js'
import { openEmbedder } from './embedder.js'
import { type GoldenPair, readGoldenPairs, readGoldenVectors } from './golden.js'
import { openReranker } from './reranker.js'

/** Cosine to the reference that int8 weights reach and a wrong pooling, prefix or tokenizer does not. */
const LEAST_COSINE = 0.98
/** Mean difference of logits to the reference, as a share of the reference's range. */
const LARGEST_DIFFERENCE = 0.05
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
    card.golden === undefined ? undefined : await readGoldenVectors(join(folder, card.golden), card.dims)
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
  const golden = card.golden === undefined ? undefined : await readGoldenPairs(join(folder, card.golden))
  const reranker = await openReranker(modelOf({ folder, card }), { threads: 1 })
  try {
    const scores = await reranker.score(golden ?? PAIRS)
    if (golden) return faultOfScores(scores, golden)
    const range = Math.max(...scores) - Math.min(...scores)
    return range < SAME_LOGIT
      ? `gives the score ${scores[0]!.toFixed(4)} to every pair: it ranks nothing`
      : undefined
  } finally {
    await reranker.close()
  }
}

function faultOfScores(scores: Float32Array, golden: GoldenPair[]): string | undefined {
  const logits = golden.map(({ logit }) => logit)
  const range = Math.max(...logits) - Math.min(...logits)
  const mean = logits.reduce((sum, logit, i) => sum + Math.abs(logit - scores[i]!), 0) / logits.length
  return mean <= LARGEST_DIFFERENCE * range
    ? undefined
    : `scores differ from the reference by ${mean.toFixed(3)} on average, expected ${(LARGEST_DIFFERENCE * range).toFixed(3)} or less`
}
