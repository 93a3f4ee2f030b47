/** Which stage of training a file is for, and what its rows hold. */
import { basename } from 'node:path'
import { isObject } from '../../files/json-value.js'
import { END_TO_END_NAME } from '../sample.js'
import { STAGE_NAMES, type Stage } from '../stages.js'

/** `undefined` of a file whose name says nothing. `x.train.jsonl` is the training side of `x.jsonl`. */
export function stageOfName(path: string): Stage | undefined {
  const name = basename(path).split('.')[0]!
  if (name === END_TO_END_NAME) return 'end-to-end'
  return STAGE_NAMES[name]
}

/**
 * By most of the values that are objects; `undefined` where there are none.
 * One document each is taken for the second stage, unless more are expected.
 */
export function stageOfRows(values: unknown[], expectedTopK: number | undefined): Stage | undefined {
  const votes: Record<Stage, number> = { 'end-to-end': 0, instruction: 0, pretrain: 0 }
  for (const value of values) {
    if (!isObject(value)) continue
    const { data_type: type, answers, docs } = value
    const single = Array.isArray(docs) && docs.length === 1 && (expectedTopK ?? 1) === 1
    if (type !== undefined || Array.isArray(answers)) votes.pretrain++
    else votes[single ? 'instruction' : 'end-to-end']++
  }
  const most = Math.max(...Object.values(votes))
  return most === 0 ? undefined : (Object.keys(votes) as Stage[]).find((stage) => votes[stage] === most)
}
