/** Rows of the first stage: one document, and lists of questions and answers, or one paraphrase. */
import type { JsonObject } from '../../files/json-value.js'
import { type CheckedRow, checkDocs, checkRepeats } from './row.js'
import { isStrings, isText, typeName, wrongList } from './wrong-type.js'

const DATA_TYPES = ['qa', 'paraphrase'] as const

/** The loader takes a row without `data_type` for `qa`. */
export function dataTypeOf({ data_type: type = 'qa' }: JsonObject): (typeof DATA_TYPES)[number] | undefined {
  return DATA_TYPES.find((known) => known === type)
}

export function checkPretrainRow(row: JsonObject): CheckedRow {
  const checked: CheckedRow = { faults: [] }
  const type = dataTypeOf(row)
  if (type === undefined) {
    const { data_type: came } = row
    const reason = `data_type is ${typeof came === 'string' ? 'another string' : typeName(came)}, "qa" or "paraphrase" was expected`
    checked.faults.push({ kind: 'bad-data-type', reason })
  }
  if (type !== 'paraphrase') checkQuestions(row.question, checked)
  checkDocs(row.docs, 1, undefined, checked)
  checkAnswers(row, checked)
  if (checked.docs?.length === 1) checked.positives = [0]
  if (checked.docs) checkRepeats(checked.docs, checked)
  return checked
}

/** The trainer goes through pairs of both lists; of a string it would take the letters. */
function checkQuestions(value: unknown, checked: CheckedRow): void {
  if (!isStrings(value)) {
    checked.faults.push({ kind: 'bad-question', reason: `question ${wrongList(value, 'string')}` })
    return
  }
  const blank = value.findIndex((text) => !isText(text))
  if (value.length === 0) checked.faults.push({ kind: 'bad-question', reason: 'question is an empty list' })
  else if (blank >= 0) checked.faults.push({ kind: 'bad-question', reason: `question[${blank}] is blank` })
  else checked.questions = value
}

function checkAnswers(row: JsonObject, checked: CheckedRow): void {
  const { answers } = row
  const { faults, questions } = checked
  // The loader looks for these two first, and gives a string where the trainer wants a list.
  const other = ['answer', 'gold_answer'].find((name) => typeof row[name] === 'string')
  if (other)
    faults.push({ kind: 'bad-answers', reason: `${other} is a string, which the trainer takes for answers` })
  else if (!isStrings(answers)) {
    faults.push({ kind: 'bad-answers', reason: `answers ${wrongList(answers, 'string')}` })
  } else if (answers.length === 0 || !answers.every(isText)) {
    const blank = answers.findIndex((text) => !isText(text))
    const reason = blank < 0 ? 'answers is an empty list' : `answers[${blank}] is blank`
    faults.push({ kind: 'bad-answers', reason })
  } else {
    checked.answers = answers
    if (questions && questions.length !== answers.length) {
      const reason = `${questions.length} questions and ${answers.length} answers`
      faults.push({ kind: 'unpaired-answers', reason })
    }
  }
}
