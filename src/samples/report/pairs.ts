/** qa.jsonl -> how many pairs of each type, and some of them. */
import type { OnProblem } from '../../errors.js'
import { readJsonObjects } from '../../files/records.js'
import { Reservoir } from './choose.js'
import { type Excerpt, excerptOf, MOST_ANSWER, MOST_QUESTION } from './excerpt.js'
import { WordCounts } from './tallies.js'

export interface PairCounts {
  pairs: number
  types: { name: string; count: number }[]
}

export interface ShownPair {
  line: number
  type: string
  chunkId: string
  question: Excerpt
  answer: Excerpt
}

const MOST_NAME = 100
const MOST_ID = 200

export async function countPairs(
  path: string,
  { shown, seed }: { shown: number; seed: number },
  onProblem: OnProblem,
): Promise<{ counts: PairCounts; examples: ShownPair[] }> {
  const types = new WordCounts()
  const examples = new Reservoir<ShownPair>(shown, seed, 'pairs')
  let pairs = 0
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
    const { question, answer, type = 'no type', doc_id: id = '' } = value
    if (typeof question !== 'string' || typeof answer !== 'string') {
      onProblem({ path, line, reason: 'question and answer must be strings' })
      continue
    }
    pairs++
    const name = types.add(String(type).slice(0, MOST_NAME))
    examples.offer(() => ({
      line,
      type: name,
      chunkId: String(Array.isArray(id) ? id[0] : id).slice(0, MOST_ID),
      question: excerptOf(question, MOST_QUESTION),
      answer: excerptOf(answer, MOST_ANSWER),
    }))
  }
  return { counts: { pairs, types: types.sorted() }, examples: examples.items }
}
