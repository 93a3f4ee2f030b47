import type { Columns } from '../files/parquet-file.js'

/**
 * One row of end_to_end_data.jsonl, as apple/ml-clara's loader reads it. `gold_answer` and
 * `answer` are the same text: guides show the one, that loader requires the other (its fork's takes either).
 */
export interface Sample {
  question: string
  /** Exactly k passages. */
  docs: string[]
  gold_answer: string
  answer: string
  /** Positions of the positives in `docs`, ascending. No loss of the stages that the trainers offer reads them; what measures recall does. */
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
