/** Sound rows, each its own: tests change one thing in them. */

import type { Problem } from '#clara/errors.js'
import { type ValidateOptions, type ValidationReport, validateSamples } from '#clara/samples/validate.js'
import type { TestDirectory } from '../../support/directory.js'

export interface Row {
  question: string
  docs: string[]
  gold_answer: string
  answer: string
  pos_index: number[]
}

const BIRDS = ['puffin', 'gannet', 'tern', 'skua', 'fulmar', 'razorbill', 'kittiwake', 'shearwater']

export const passage = (n: number) =>
  `Colony ${n} of the ${BIRDS[n % BIRDS.length]} was counted in the summer of ${1700 + n}; keeper number ${n} Halvorsen-${n} wrote it down.`

/** Row `n` of a file of any length: k docs, the positive at `n % k`; negatives come from all over. */
export function soundRow(n: number, k = 4): Row {
  const docs = Array.from({ length: k }, (_, i) => passage(i === n % k ? n : 10_000 + n * k + i))
  const answer = `Halvorsen-${n}`
  return { question: `Who counted colony ${n}?`, docs, gold_answer: answer, answer, pos_index: [n % k] }
}

export const soundRows = (count: number, k = 4): Row[] =>
  Array.from({ length: count }, (_, n) => soundRow(n, k))

export interface Validated {
  path: string
  report: ValidationReport
  /** `line: reason` */
  told: string[]
}

export async function validateContent(
  directory: TestDirectory,
  content: string | Uint8Array,
  options: Partial<ValidateOptions> = {},
  name = 'end_to_end_data.jsonl',
): Promise<Validated> {
  const path = await directory.write(name, content)
  const problems: Problem[] = []
  const onProblem = (problem: Problem) => void problems.push(problem)
  const report = await validateSamples(path, { onProblem, ...options })
  return { path, report, told: problems.map(({ line, reason }) => `${line}: ${reason}`) }
}

export const kindsOf = ({ findings }: ValidationReport) =>
  Object.fromEntries(findings.map(({ kind, count, lines }) => [kind, lines.length > 0 ? lines : count]))
