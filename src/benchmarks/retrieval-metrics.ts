/** Retrieval measures as trec_eval defines them, grades binary. */

export interface RetrievalMetrics {
  ndcg_at_10: number
  mrr_at_10: number
  recall_at_1: number
  recall_at_10: number
  recall_at_100: number
}

type Metric = keyof RetrievalMetrics

/**
 * @param ranking document ids, best first, each once.
 * @param relevant ids that answer the query; at least one.
 */
export function metricsOf(ranking: string[], relevant: ReadonlySet<string>): RetrievalMetrics {
  const hits = ranking.map((id) => relevant.has(id))
  const first = hits.slice(0, 10).indexOf(true)
  const found = (depth: number) => hits.slice(0, depth).filter(Boolean).length / relevant.size
  const gain = (rank: number) => 1 / Math.log2(rank + 2)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  const gained = sum(hits.slice(0, 10).map((hit, rank) => (hit ? gain(rank) : 0)))
  const ideal = sum(Array.from({ length: Math.min(10, relevant.size) }, (_, rank) => gain(rank)))
  return {
    ndcg_at_10: gained / ideal,
    mrr_at_10: first < 0 ? 0 : 1 / (first + 1),
    recall_at_1: found(1),
    recall_at_10: found(10),
    recall_at_100: found(100),
  }
}

/** Means over queries, to six digits. */
export function meanMetrics(all: RetrievalMetrics[]): RetrievalMetrics {
  const mean = (metric: Metric) =>
    Number((all.reduce((sum, m) => sum + m[metric], 0) / all.length).toFixed(6))
  return {
    ndcg_at_10: mean('ndcg_at_10'),
    mrr_at_10: mean('mrr_at_10'),
    recall_at_1: mean('recall_at_1'),
    recall_at_10: mean('recall_at_10'),
    recall_at_100: mean('recall_at_100'),
  }
}
