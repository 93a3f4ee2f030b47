/**
 * A reranker without a model of its own: each token of a question looks for the token of the passage that is most like it, by the embedder's
 * vectors of tokens (late interaction). A passage goes through the model once, whatever number of questions it is compared with.
 */
import { ClaraError } from '../errors.js'
import type { EmbedderModel, RerankerModel } from '../models/resolve.js'
import type { TextPair } from './encoding.js'
import { type Engine, type EngineOptions, openEngine } from './engine.js'
import { requirePairs } from './require-pairs.js'
import type { Reranker } from './reranker.js'
import type { Matching, TokenCodes } from './token-matches.js'
import { createTokenMemory, type TokenMemory } from './token-memory.js'

/** Pairs at a time: what they need is in memory at once. */
const BLOCK = 512
/** Pairs that a thread is handed at a time. */
const HAND = 32
/** Bytes of passages, of questions that are kept. */
const MOST_PASSAGES = 256 * 2 ** 20
const MOST_QUESTIONS = 64 * 2 ** 20

/** @throws ClaraError `model` when a file is missing, damaged or not loadable. */
export async function openLateInteraction(
  model: RerankerModel,
  encoder: EmbedderModel,
  options: EngineOptions,
): Promise<Reranker> {
  const { card } = encoder
  const engine = await openEngine(encoder, { kind: 'tokens', modelDims: card.dims }, options)
  const around = await tokensAround(engine, card.queryPrefix).catch(async (error) => {
    await engine.close()
    throw error
  })
  const counts = { pairs: 0, truncated: 0 }
  const passages = createTokenMemory(MOST_PASSAGES)
  const questions = createTokenMemory(MOST_QUESTIONS)

  async function tokensOf(
    texts: string[],
    prefix: string,
    memory: TokenMemory,
    nameOf: (i: number) => string,
  ) {
    return memory.get(texts, async (missing) => {
      const encodings = await engine.tokenizer.encode(missing.map((i) => prefix + texts[i]))
      counts.truncated += encodings.truncated
      const tokens = await engine.tokens(encodings, [...missing.keys()])
      const wrong = tokens.findIndex(({ length }) => length === 0)
      if (wrong >= 0 && encodings.starts[wrong + 1]! > encodings.starts[wrong]!) {
        throw new ClaraError('model', `the model gave numbers that are none for ${nameOf(missing[wrong]!)}`)
      }
      return tokens
    })
  }

  async function scoreBlock(pairs: TextPair[], nameOf: (i: number) => string): Promise<Float32Array> {
    const [own, others] = await Promise.all([
      tokensOf(
        pairs.map(({ passage }) => passage),
        card.documentPrefix,
        passages,
        nameOf,
      ),
      tokensOf(
        pairs.map(({ question }) => question),
        card.queryPrefix,
        questions,
        nameOf,
      ),
    ])
    const scores = new Float32Array(pairs.length)
    await Promise.all(
      handsOf(
        own,
        others.map((each) => within(each, around, card.dims)),
      ).map(async ({ places, matchings }) => {
        const values = await engine.match(matchings)
        for (const [i, place] of places.entries()) scores[place] = values[i]! * sharpnessOf(card)
      }),
    )
    return scores
  }

  const score: Reranker['score'] = async (pairs, nameOf = (i) => `pair ${i + 1}`) => {
    engine.requireOpen()
    requirePairs('score', pairs)
    counts.pairs += pairs.length
    const scores = new Float32Array(pairs.length)
    for (let at = 0; at < pairs.length; at += BLOCK) {
      scores.set(await scoreBlock(pairs.slice(at, at + BLOCK), (i) => nameOf(at + i)), at)
    }
    return scores
  }
  return { model, counts, running: engine.running, logits: score, score, close: engine.close }
}

/** Tokens before and after those of a question's own: special ones, and the prefix's. */
interface Around {
  before: number
  after: number
}

async function tokensAround({ tokenizer }: Engine, prefix: string): Promise<Around> {
  const { ids, starts } = await tokenizer.encode(['', 'a', prefix.trimEnd()])
  const lastOf = (row: number) => (starts[row]! < starts[row + 1]! ? ids[starts[row + 1]! - 1] : undefined)
  const after = lastOf(0) !== undefined && lastOf(0) === lastOf(1) ? 1 : 0
  return { before: starts[3]! - starts[2]! - after, after }
}

/** All of them, where a question has none of its own. */
function within(tokens: TokenCodes, { before, after }: Around, dims: number): TokenCodes {
  const own = tokens.subarray(before * dims, tokens.length - after * dims)
  return own.length > 0 ? own : tokens
}

interface Hand {
  /** Of the scores, in the order in which they come. */
  places: number[]
  matchings: Matching[]
}

/** Pairs of one passage together, a few passages in each hand. */
function handsOf(passages: TokenCodes[], questions: TokenCodes[]): Hand[] {
  const byPassage = new Map<TokenCodes, number[]>()
  for (const [i, passage] of passages.entries()) {
    const places = byPassage.get(passage)
    if (places) places.push(i)
    else byPassage.set(passage, [i])
  }
  const hands: Hand[] = []
  for (const [passage, places] of byPassage) {
    let hand = hands.at(-1)
    if (!hand || hand.places.length >= HAND) {
      hand = { places: [], matchings: [] }
      hands.push(hand)
    }
    hand.places.push(...places)
    hand.matchings.push({ passage, questions: places.map((place) => questions[place]!) })
  }
  return hands
}

/** A mean of cosines is as steep as a logit where it is divided by what cosines were divided by in training. */
function sharpnessOf({ temperature = USUAL_TEMPERATURE }: EmbedderModel['card']): number {
  return 1 / temperature
}

/** Of sentence-transformers' losses. */
const USUAL_TEMPERATURE = 0.05
