/** What a search returned, in the order of a cross-encoder. */
import type { Reranker } from '../inference/reranker.js'

interface Reranked<T> {
  item: T
  /** The logit of question and text. */
  score: number
}

/**
 * @param rankings of each question, best first.
 * @returns the same, by the reranker's score; equal ones as they were.
 */
export async function rerank<T extends { text: string }>(
  reranker: Reranker,
  questions: string[],
  rankings: T[][],
): Promise<Reranked<T>[][]> {
  const pairs = rankings.flatMap((ranking, i) =>
    ranking.map(({ text }) => ({ question: questions[i]!, passage: text })),
  )
  const scores = await reranker.score(pairs)
  let at = 0
  return rankings.map((ranking) => {
    const scored = ranking.map((item) => ({ item, score: scores[at++]! }))
    return scored.sort((a, b) => b.score - a.score)
  })
}
