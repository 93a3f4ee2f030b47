/** Samples -> what they come to: the first of the two passes. */
import type { OnProblem } from '../../errors.js'
import { CaughtExamples } from './caught.js'
import { createDocTally, type DocCounts, type Role, SHOWN_LENGTHS, sumOf } from './doc-tally.js'
import { createHistogram } from './histogram.js'
import type { Origin } from './provenance.js'
import { type ReportRow, readRows } from './rows.js'
import type { DataFiles } from './run-files.js'
import { type Spreads, spreadsOf } from './spread.js'
import { NumberCounts, WordCounts } from './tallies.js'

export interface SampleCounts extends Omit<DocCounts, 'lengths' | 'characters'> {
  samples: number
  /** Samples with provenance. */
  with_provenance: number
  split: Record<string, number>
  docs_per_sample: { docs: number; count: number }[]
  without_answer: number
  passed_over: { name: string; count: number }[]
  positions: { position: number; count: number }[]
  positive_first: number
  /** Samples whose positive is outscored by a negative, of those where both have scores, by the model that judged. */
  outscored: { samples: number; of: number }
  /** UTF-16 units. */
  characters: { docs: Spreads<Role>; questions: Spreads<'question' | 'answer'> }
}

export interface Counted {
  counts: SampleCounts
  /** Sums of UTF-16 units; of the distinct documents as long as documents are on average. */
  characters: { docs: number; distinctDocs: number; questions: number }
  caught: CaughtExamples
}

export async function countRows(
  files: readonly DataFiles[],
  seed: number,
  onProblem: OnProblem,
): Promise<Counted> {
  const caught = new CaughtExamples(seed)
  const tally = createTally()
  for await (const each of readRows(files, onProblem)) {
    tally.add(each)
    if (each.origin) caught.add(each, each.origin)
  }
  return { ...tally.finish(), caught }
}

function createTally() {
  const split = new WordCounts()
  const passedOver = new WordCounts()
  const [docsPerSample, positions] = [new NumberCounts(), new NumberCounts()]
  const questions = { question: createHistogram(1), answer: createHistogram(1) }
  const docs = createDocTally()
  const outscored = { samples: 0, of: 0 }
  let [samples, withProvenance, withoutAnswer, first] = [0, 0, 0, 0]

  const addOrigin = ({ positives }: ReportRow['row'], origin: Origin) => {
    withProvenance++
    if (positives.some((at) => origin.docs[at]?.rank === 1)) first++
    const above = isOutscored(positives, origin)
    if (above !== undefined) {
      outscored.of++
      if (above) outscored.samples++
    }
    for (const { reason } of origin.excluded) passedOver.add(reason)
  }

  return {
    add({ file, row, origin }: ReportRow) {
      samples++
      if (file.side) split.add(file.side)
      docsPerSample.add(row.docs.length)
      for (const position of row.positives) positions.add(position)
      questions.question.add(row.question.length)
      if (row.answer.trim() === '') withoutAnswer++
      else questions.answer.add(row.answer.length)
      for (const [i, text] of row.docs.entries()) docs.add(text, row.positives.includes(i), origin?.docs[i])
      if (origin) addOrigin(row, origin)
    },
    finish(): Pick<Counted, 'counts' | 'characters'> {
      const { lengths, characters, reuse, ...found } = docs.finish()
      const counts: SampleCounts = {
        samples,
        with_provenance: withProvenance,
        split: Object.fromEntries(split.sorted().map(({ name, count }) => [name, count])),
        docs_per_sample: docsPerSample.sorted('docs'),
        without_answer: withoutAnswer,
        docs: found.docs,
        distinct_docs: found.distinct_docs,
        tiers: found.tiers,
        passed_over: passedOver.sorted(),
        positions: positions.sorted('position'),
        positive_first: first,
        outscored,
        embedder_scores: found.embedder_scores,
        reranker_scores: found.reranker_scores,
        ranks: found.ranks,
        characters: { docs: lengths, questions: spreadsOf(questions, SHOWN_LENGTHS) },
        reuse,
      }
      return { counts, characters: { ...characters, questions: sumOf(questions.question) } }
    },
  }
}

/** @returns `undefined` where positives or negatives have no scores. */
function isOutscored(positives: number[], { docs }: Origin): boolean | undefined {
  const judged =
    (['reranker', 'standard'] as const).find((each) => docs.some((doc) => doc[each] !== undefined)) ??
    'embedder'
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [i, doc] of docs.entries()) {
    const score = doc[judged]
    if (score === undefined) continue
    if (positives.includes(i)) least = Math.min(least, score)
    else most = Math.max(most, score)
  }
  return Number.isFinite(least) && Number.isFinite(most) ? most >= least : undefined
}
