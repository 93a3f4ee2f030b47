/** Numbers and tables as the drawn pages write them. */

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
export const range = (values) => `${number(Math.min(...values))}-${number(Math.max(...values))}`
export const percent = (value) => `${(100 * value).toFixed(1)}%`

/** How retrieval is told: key of a result, title. */
export const METRICS = [
  ['ndcg_at_10', 'nDCG@10'],
  ['mrr_at_10', 'MRR@10'],
  ['recall_at_1', 'recall@1'],
  ['recall_at_10', 'recall@10'],
]

/** At most four digits that count. */
export function number(value) {
  if (!Number.isFinite(value)) return String(value ?? '')
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(4)))
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
