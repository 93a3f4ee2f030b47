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

/** Fields of files that samples are made of, and whose they are. */
const OTHERS: [string[], string][] = [
  [['question', 'doc_id'], 'questions, of which clara-mine makes samples'],
  [['question', 'positive'], 'questions, of which clara-mine makes samples'],
  [['filename', 'content'], 'documents, of which clara-index build makes an index'],
  [['_id', 'text'], 'documents or queries of a BEIR folder'],
]

/** What the values are of where none of them is a sample; undefined where one may be, and where it cannot be told. */
export function otherKindOf(values: unknown[]): string | undefined {
  const objects = values.filter(isObject)
  if (objects.length === 0 || objects.some((value) => 'docs' in value)) return undefined
  return OTHERS.find(([fields]) => objects.every((value) => fields.every((field) => field in value)))?.[1]
}
