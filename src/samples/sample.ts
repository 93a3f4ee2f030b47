import type { Columns } from '../files/parquet-file.js'

/**
 * One row of end_to_end_data.jsonl, as apple/ml-clara's loader reads it. `gold_answer` and
 * `answer` are the same text: guides show the one, the loader requires the other.
 */
export interface Sample {
  question: string
  /** Exactly k passages. */
  docs: string[]
  gold_answer: string
  answer: string
  /** Positions of the positives in `docs`, ascending. */
  pos_index: number[]
}

export const SAMPLE_COLUMNS: Columns = {
  question: 'string',
  docs: 'strings',
  gold_answer: 'string',
  answer: 'string',
  pos_index: 'ints',
}

/** The file's name without its ending. */
export const END_TO_END_NAME = 'end_to_end_data'
