/** Answers of rows that ask the same: none of them may stand in a negative of another. The file is read for them first. */
import { isObject } from '../../files/json-value.js'
import { parseLine, readLines } from '../../files/jsonl.js'
import {
  type EqualQuestions,
  findEqualQuestions,
  type SameQuestion,
} from '../../questions/equal-questions.js'
import { answerFinder } from '../../text/find-answer.js'
import type { Content } from './content.js'
import type { CheckedRow } from './row.js'
import { isText } from './wrong-type.js'

/** A question and its answer. */
type Pair = [question: string, answer: string]

export type EqualAnswers = EqualQuestions<Pair>

/** Reads the file once, and once more where a question comes again. Of samples with several docs: others have no negatives. */
export function findEqualAnswers(path: string): Promise<EqualAnswers> {
  const pairs: AsyncIterable<Pair> = { [Symbol.asyncIterator]: () => pairsIn(path) }
  return findEqualQuestions(pairs, askedOf)
}

const askedOf = ([question, answer]: Pair) => ({ question, answer, docIds: [], passages: [] })

async function* pairsIn(path: string): AsyncGenerator<Pair> {
  for await (const raw of readLines(path)) {
    const parsed = parseLine(raw)
    if (typeof parsed !== 'object' || !isObject(parsed.value)) continue
    const { question, docs, answer, gold_answer: gold } = parsed.value
    const given = [answer, gold].find(isText)
    if (isText(question) && given !== undefined && Array.isArray(docs) && docs.length > 1)
      yield [question, given]
  }
}

/** Of all lines that ask the same, worked out once. */
const finders = new WeakMap<SameQuestion, { answer: string; states: (folded: string) => boolean }[]>()

function findersOf(same: SameQuestion) {
  let found = finders.get(same)
  if (!found) {
    found = [...new Set(same.lines.map(({ answer }) => answer))].flatMap((answer) => {
      const states = answerFinder(answer)
      return states ? { answer, states } : []
    })
    finders.set(same, found)
  }
  return found
}

/** By the rule that mining keeps; adds to the row's faults, unless they name a negative that answers already. */
export function checkEqualAnswers(equal: EqualAnswers, row: CheckedRow, content: Content): void {
  const { questions: [question] = [], answers: [answer] = [] } = row
  const { docs, isPositive } = content
  if (question === undefined || answer === undefined || isPositive.size === 0) return
  if (row.faults.some(({ kind }) => kind === 'answer-in-negative' || kind === 'negative-is-positive')) return
  const same = equal.of([question, answer])
  if (!same) return
  for (const other of findersOf(same)) {
    const at = docs.findIndex((doc, i) => !isPositive.has(i) && other.states(doc.folded))
    if (at < 0) continue
    const reason = `docs[${at}], a negative, contains the answer of an equal question, ${JSON.stringify(shortened(other.answer))}`
    row.faults.push({ kind: 'answer-in-negative', reason })
    return
  }
}

const SHOWN = 80

function shortened(text: string): string {
  const characters = Array.from(text)
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN).join('')}…` : text
}
