/** Texts in which the trainer finds tokens of its own, or the base model's. */
import { controlTokenIn, trainerTokenIn } from '../../text/trainer-tokens.js'
import type { CheckedRow } from './row.js'

/** Adds to the row's faults, one of each kind. */
export function checkTrainerTokens(row: CheckedRow): void {
  const { docs = [], questions = [], answers = [], faults } = row
  const named = (texts: string[], name: string, isList: boolean) =>
    texts.map((text, i) => ({ text, field: isList ? `${name}[${i}]` : name }))
  const asked = [
    ...named(questions, 'question', questions.length > 1),
    ...named(answers, 'the answer', answers.length > 1),
  ]
  let [memory, control] = [false, false]
  for (const { text, field } of [...asked, ...named(docs, 'docs', true)]) {
    const token = trainerTokenIn(text)
    if (token === undefined) continue
    const reason = `${field} holds ${token}, which the trainer takes for a token of its own: written as ${token.replace('<', '<\\')} it is text`
    if (token.startsWith('<MEM')) {
      if (!memory) faults.push({ kind: 'memory-token', reason })
      memory = true
    } else {
      if (!control) faults.push({ kind: 'control-token', reason })
      control = true
    }
  }
  if (control) return
  // In a document they are read as one vector each; an answer ends there.
  for (const { text, field } of asked) {
    const token = controlTokenIn(text)
    if (token === undefined) continue
    const reason = `${field} holds ${token}, which some base models take for a control token`
    faults.push({ kind: 'control-token', reason })
    return
  }
}
