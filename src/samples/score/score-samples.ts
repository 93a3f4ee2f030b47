/** A file of samples -> the same with scores, ranks and findings, a window at a time. */
import { shownPath } from '../../files/spool.js'
import { dot } from '../../index/rank.js'
import { cosine } from '../../inference/cosine.js'
import { probability } from '../../negatives/calibrate.js'
import type { Engines } from '../../negatives/run.js'
import { standardScore } from '../../negatives/score-scale.js'
import {
  type EqualQuestions,
  findEqualQuestions,
  type SameQuestion,
} from '../../questions/equal-questions.js'
import { type JudgedRow, type JudgeOptions, judgeRow } from './judge.js'
import { readWindows, type SampleLine, type SampleRow } from './read-rows.js'
import { measureScale, type Scale, type VectoredRow } from './scale.js'

export type Scorers = Omit<Engines, 'index'>

export interface ScoreOptions extends JudgeOptions {
  /** Of the random passages that the scale is set by. */
  seed: number
  signal?: AbortSignal | undefined
}

export interface ScoredLine extends SampleLine {
  /** `undefined` for a line that is no row. */
  judged: JudgedRow | undefined
}

export interface ScoredWindow {
  lines: ScoredLine[]
  /** Measured on the first rows of the file, the same for all that follow; `undefined` before those. */
  scale: Scale | undefined
}

/**
 * @throws ClaraError `input` when the file cannot be read; `model` for a reranker that cannot tell positives from
 * random passages.
 */
export async function* scoreWindows(
  path: string,
  scorers: Scorers,
  options: ScoreOptions,
): AsyncGenerator<ScoredWindow> {
  let scale: Scale | undefined
  const equal = await equalQuestionsIn(path)
  for await (const window of readWindows(path)) {
    options.signal?.throwIfAborted()
    const rows = await scoreRows(
      path,
      window.flatMap(({ row }) => row ?? []),
      scorers,
    )
    if (rows.length > 0) scale ??= await measureScale(rows, scorers.scorer, options.seed)
    const judged = new Map(rows.map((each) => [each.row, judge(each, scale!, options, equal.of(each.row))]))
    yield { lines: window.map((line) => ({ ...line, judged: line.row && judged.get(line.row) })), scale }
  }
}

async function scoreRows(
  path: string,
  rows: SampleRow[],
  { embedder, scorer }: Scorers,
): Promise<VectoredRow[]> {
  if (rows.length === 0) return []
  const docs = rows.flatMap(({ line, docs, question }) =>
    docs.map((text, at) => ({ text, question, name: `docs[${at}] at ${shownPath(path)}:${line}` })),
  )
  const questions = rows.map(({ question }) => question)
  const queries = await embedder.embed(
    questions,
    'query',
    (i) => `the question at ${shownPath(path)}:${rows[i]!.line}`,
  )
  const vectors = await embedder.embed(
    docs.map(({ text }) => text),
    'document',
    (i) => docs[i]!.name,
  )
  const logits = await scorer?.score(docs.map(({ question, text }) => ({ question, passage: text })))
  const { dims } = embedder
  const vectorAt = (all: Float32Array, i: number) => all.subarray(i * dims, (i + 1) * dims)
  let end = 0
  return rows.map((row, i) => {
    const start = end
    end += row.docs.length
    return {
      row,
      query: vectorAt(queries, i),
      vectors: row.docs.map((_, n) => vectorAt(vectors, start + n)),
      logits: logits?.subarray(start, end),
    }
  })
}

function equalQuestionsIn(path: string): Promise<EqualQuestions<SampleRow>> {
  const rows: AsyncIterable<SampleRow> = { [Symbol.asyncIterator]: () => rowsIn(path) }
  return findEqualQuestions(rows, ({ question, answer, docs, positives }) => ({
    question,
    answer,
    docIds: [],
    passages: positives.map((at) => docs[at]!),
  }))
}

async function* rowsIn(path: string): AsyncGenerator<SampleRow> {
  for await (const window of readWindows(path)) for (const { row } of window) if (row) yield row
}

function judge(
  { row, query, vectors, logits }: VectoredRow,
  scale: Scale,
  options: ScoreOptions,
  same: SameQuestion | undefined,
): JudgedRow {
  const { background, calibration, random, unrelated } = scale
  const groups = row.docs.map((text) => background.groupOf(text))
  const embedder = Float32Array.from(vectors, (vector) => dot(query, vector, 0))
  const scores = {
    embedder,
    standard: Float64Array.from(embedder, (score, i) =>
      standardScore(score, background.zero(query, groups[i]!), scale.embedder),
    ),
    reranker: logits && Float64Array.from(logits, (logit) => probability(logit, calibration?.centre ?? 0)),
    nearness: (position: number) =>
      Math.max(
        ...row.positives.map((at) =>
          background.scaled(cosine(vectors[at]!, vectors[position]!), groups[at]!, groups[position]!),
        ),
      ),
    random,
    unrelated,
  }
  return judgeRow(row, scores, options, same)
}
