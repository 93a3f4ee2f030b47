/** FlagEmbedding's training data, for its embedders and its rerankers. */
import type { Columns } from '../../files/parquet-file.js'
import type { AssembledSample } from '../assemble.js'
import { byRole, type Passage } from './by-role.js'

interface FlagRow {
  query: string
  pos: string[]
  neg: string[]
  /**
   * For distillation (`--knowledge_distillation True`), which wants both in every row. Neither is
   * there in a run without a model.
   */
  pos_scores?: (number | null)[]
  neg_scores?: (number | null)[]
}

export function flagColumns(scored: boolean): Columns {
  const texts: Columns = { query: 'string', pos: 'strings', neg: 'strings' }
  return scored ? { ...texts, pos_scores: 'doubles', neg_scores: 'doubles' } : texts
}

export function flagRows(sample: AssembledSample): FlagRow[] {
  const { question, positives, negatives } = byRole(sample)
  const { embedder, reranker } = sample.provenance
  const row: FlagRow = { query: question, pos: positives.map(textOf), neg: negatives.map(textOf) }
  if (embedder === null && reranker === null) return [row]
  return [{ ...row, pos_scores: positives.map(scoreOf), neg_scores: negatives.map(scoreOf) }]
}

const textOf = ({ text }: Passage) => text
const scoreOf = ({ score }: Passage) => score
