/** Suspects of scored rows -> newly mined negatives for the same questions. */

import type { OnProblem, Problem } from '../../errors.js'
import type { Corpus } from '../../negatives/corpus.js'
import type { Negative } from '../../negatives/hunt.js'
import { mineNegatives } from '../../negatives/mine.js'
import type { Engines } from '../../negatives/run.js'
import type { Question } from '../../questions/question.js'
import { textKey } from '../../text/same-text.js'
import type { JudgedRow } from './judge.js'
import type { Scale } from './scale.js'
import type { ScoreOptions } from './score-samples.js'

/** Where new negatives come from. */
export interface Source {
  engines: Engines
  corpus: Corpus
}

interface ReplaceOptions extends ScoreOptions {
  path: string
  /** Is told of rows that stay as they were. */
  onProblem: OnProblem
}

/** Position in `docs` -> what stands there instead. */
export type Replacements = ReadonlyMap<number, Negative>

/**
 * All suspects of a row, or none: a row that the index cannot fill with negatives that pass stays as it was.
 * @returns by line.
 */
export async function findReplacements(
  rows: JudgedRow[],
  scale: Scale | undefined,
  source: Source,
  options: ReplaceOptions,
): Promise<Map<number, Replacements>> {
  const found = new Map<number, Replacements>()
  const problems: Problem[] = []
  const onProblem: OnProblem = ({ reason, ...where }) =>
    problems.push({ ...where, reason: `${reason}: it stays as it was` })
  for (const [topK, group] of byTopK(rows)) {
    const byLine = new Map(group.map((judged) => [judged.row.line, judged]))
    const taken = ({ line }: Question) => byLine.get(line)!.row.docs.map(textKey)
    const questions = group.map((judged) => questionOf(judged, options.path))
    const { mined } = mineNegatives(stream(questions), source.corpus, source.engines, {
      ...options,
      topK,
      taken,
      calibration: scale?.calibration,
      scale: scale?.embedder,
      onProblem,
      force: true, // its rows are judged one by one
    })
    for await (const { question, negatives } of mined) {
      const suspects = suspectsOf(byLine.get(question.line)!)
      const usable = negatives.filter(({ tier }) => tier !== 'suspect' && tier !== 'easy')
      if (usable.length < suspects.length) {
        const reason = `the index holds ${usable.length} negatives for it that pass, ${suspects.length} are needed`
        onProblem({ path: options.path, line: question.line, reason })
      } else found.set(question.line, new Map(suspects.map((at, i) => [at, usable[i]!])))
    }
  }
  for (const problem of problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))) options.onProblem(problem)
  return found
}

/** Positions of the documents to be replaced. */
export function suspectsOf({ docs }: JudgedRow): number[] {
  return docs.flatMap(({ findings }, i) => (findings.some(({ kind }) => kind === 'suspect') ? [i] : []))
}

/** Mining takes one k: of positives that differ, and of what is wanted. */
function byTopK(rows: JudgedRow[]): Map<number, JudgedRow[]> {
  const groups = new Map<number, JudgedRow[]>()
  for (const judged of rows) {
    const wanted = suspectsOf(judged).length
    if (wanted === 0) continue
    const topK = new Set(positivesOf(judged).map(textKey)).size + wanted
    groups.set(topK, [...(groups.get(topK) ?? []), judged])
  }
  return groups
}

function questionOf(judged: JudgedRow, path: string): Question {
  const { line, question, answer } = judged.row
  const { same } = judged
  return { id: `q${line}`, question, answer, docIds: [], passages: positivesOf(judged), path, line, same }
}

const positivesOf = ({ row }: JudgedRow) => row.positives.map((at) => row.docs[at]!)

async function* stream<T>(items: T[]): AsyncGenerator<T> {
  yield* items
}
