/** Rows of the first two stages' files, by what apple/ml-clara's loader takes of them. */
import type { OnProblem } from '../../errors.js'
import { isObject, type JsonObject, readJsonl } from '../../files/jsonl.js'

/** `qa` and `paraphrase` are the two kinds of stage 1. */
export type RowShape = 'qa' | 'paraphrase' | 'instruction'

export interface StageRows {
  /** Lines that are not blank. */
  rows: number
  /** Rows with something wrong, and the first of them. */
  faults: number
  firstFault: string | undefined
  /** Of every row; `null` without rows. */
  docsPerRow: number | null
}

/** Problems told one by one. */
const TOLD = 20

/** @throws ClaraError `input` when the file cannot be read. */
export async function checkStageRows(
  path: string,
  shape: RowShape,
  onProblem: OnProblem,
): Promise<StageRows> {
  const checked: StageRows = { rows: 0, faults: 0, firstFault: undefined, docsPerRow: null }
  const fault = ({ line, reason }: { line: number; reason: string }) => {
    checked.faults++
    checked.firstFault ??= `line ${line}: ${reason}`
    if (checked.faults <= TOLD) onProblem({ path, line, reason })
  }
  const unreadable = (problem: { line: number; reason: string }) => {
    checked.rows++
    fault(problem)
  }
  for await (const { line, value } of readJsonl(path, unreadable)) {
    checked.rows++
    const reason = isObject(value)
      ? (faultOf(value, shape) ?? otherCount(value.docs as string[]))
      : 'not a JSON object'
    if (reason !== undefined) fault({ line, reason })
  }
  return checked

  function otherCount(docs: string[]): string | undefined {
    checked.docsPerRow ??= docs.length
    if (docs.length === checked.docsPerRow) return undefined
    return `${docs.length} docs, the first row has ${checked.docsPerRow}: a batch of the trainer wants the same of each`
  }
}

function faultOf(row: JsonObject, shape: RowShape): string | undefined {
  if (!isTexts(row.docs)) return 'docs is not a list of non-blank strings'
  if (shape === 'instruction') {
    if (!isText(row.question)) return 'question is not a non-blank string'
    return isText(row.answer) ? undefined : 'answer is not a non-blank string'
  }
  if (row.data_type !== shape) return `data_type is not "${shape}"`
  if (!isTexts(row.answers)) return 'answers is not a list of non-blank strings'
  if (shape === 'paraphrase') return undefined
  if (!isTexts(row.question)) return 'question is not a list of non-blank strings'
  return row.question.length === row.answers.length ? undefined : 'question and answers differ in length'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isText)
}
