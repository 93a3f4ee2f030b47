import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '#clara/errors.js'
import type { TextPair } from '#clara/inference/encoding.js'
import type { CachedEmbedder } from '#clara/negatives/embed-cached.js'
import type { PairScorer } from '#clara/negatives/scorer.js'
import type { Question } from '#clara/questions/question.js'
import type { Sample } from '#clara/samples/sample.js'
import { type ScoreFileOptions, scoreFile } from '#clara/samples/score/score-file.js'
import type { ScoreLine } from '#clara/samples/score/score-line.js'
import { claraError } from '../../support/collect.js'
import { jsonl, useDirectory } from '../../support/directory.js'
import { exampleQuestions, useExampleIndex } from '../../support/example-index.js'

const example = useExampleIndex()
const directory = useDirectory()
let questions: Question[]
let texts: string[]
beforeAll(async () => {
  questions = await exampleQuestions()
  const all = Array.from({ length: example.corpus.count }, (_, i) => example.corpus.read(i))
  texts = (await Promise.all(all)).map(({ text }) => text)
})

const cached = (): CachedEmbedder => ({
  name: 'example',
  dims: example.embedder.dims,
  counts: { embedded: 0, reused: 0 },
  embed: example.embedder.embed,
})

/** A reranker that knows what answers, and takes what `believes` names for it, too; the rest by a hash of both texts. */
function knowing(believes: (question: string, passage: string) => boolean = () => false): PairScorer {
  const gold = new Map(
    questions.map(({ question, docIds }) => [question, example.corpus.find(docIds[0]!)[0]!]),
  )
  return {
    name: 'knowing',
    counts: { scored: 0, reused: 0 },
    async score(pairs) {
      return Float32Array.from(pairs, ({ question, passage }) => {
        if (texts[gold.get(question)!] === passage || believes(question, passage)) return 6
        return -8 + ((question.length * 7 + passage.length * 13) % 40) / 10
      })
    },
  }
}

/** Each question with its passage at a changing place, among four of the passages that follow. */
function sampleOf({ question, answer, docIds }: Question, i: number): Sample {
  const gold = example.corpus.find(docIds[0]!)[0]!
  const docs = [1, 2, 3, 4].map((n) => texts[(gold + n * 9) % texts.length]!)
  const at = i % 5
  docs.splice(at, 0, texts[gold]!)
  return { question, docs, gold_answer: answer, answer, pos_index: [at] }
}
const samples = () => questions.map(sampleOf)

async function score(
  content: string,
  scorer: PairScorer | undefined,
  { fix = false, ...options }: Partial<Omit<ScoreFileOptions, 'fix'>> & { fix?: boolean } = {},
) {
  const input = await directory.write('in.jsonl', content)
  const problems: Problem[] = []
  const [scoresFile, fixedFile] = ['scores', 'fixed'].map((name) => join(directory.path, name)) as [
    string,
    string,
  ]
  const embedder = cached()
  const source = { engines: { index: example.index, embedder, scorer }, corpus: example.corpus }
  const report = await scoreFile(
    input,
    { embedder, scorer },
    {
      seed: 7,
      scoresFile,
      overwrite: true,
      onProblem: (problem) => problems.push(problem),
      ...(fix && { fix: { fixedFile, source } }),
      ...options,
    },
  )
  const scores = (await readFile(scoresFile, 'utf8')).split('\n').slice(0, -1)
  const fixed = fix ? await readFile(fixedFile, 'utf8') : ''
  return { report, problems, fixed, scores: scores.map((line): ScoreLine => JSON.parse(line)), input }
}

const suspectsIn = (scores: ScoreLine[]) =>
  scores.flatMap(({ line, docs }) =>
    docs.flatMap(({ findings }, at) =>
      findings.some(({ kind, reason }) => kind === 'suspect' && reason.startsWith('score'))
        ? [`${line}:${at}`]
        : [],
    ),
  )

describe('a reranker', () => {
  test('judges: its scores are from 0 to 1, and what it takes for an answer is a suspect', async () => {
    const rows = samples()
    const wrong = rows.map(({ docs, pos_index }) => (pos_index[0]! + 2) % docs.length)
    const believed = new Map(
      rows.map(({ question, docs }, i) => [question, i % 9 === 0 ? docs[wrong[i]!] : '']),
    )
    const scorer = knowing((question, passage) => believed.get(question) === passage)
    const { report, scores } = await score(jsonl(...rows), scorer)
    expect(suspectsIn(scores)).toEqual(wrong.flatMap((at, i) => (i % 9 === 0 ? [`${i + 1}:${at}`] : [])))
    expect(report.suspects.reasons['score near the positive']).toBe(9)
    expect(report.calibration).toMatchObject({ questions: 80, centre: 0, positive: 6 })
    expect(report.calibration!.auc).toBeGreaterThan(0.99) // a passage that two questions have may meet itself
    expect(report.reranker!.positive_first).toBe(1)
    expect(report.reranker!.positive!.p50).toBeCloseTo(1 / (1 + Math.exp(-6)), 2)
    expect(report.embedder.positive_first).toBeGreaterThan(0.9)
    expect(report.ok).toBe(false)
    const least = scores.map(({ thresholds }) => thresholds.least)
    expect(new Set(least).size).toBe(1)
    expect(report.too_easy.below).toBe(least[0])
    const easy = scores.flatMap(({ docs }) => docs.filter(({ findings }) => findings[0]?.kind === 'too-easy'))
    expect(easy.length).toBe(report.too_easy.docs)
    for (const { reranker_score } of easy) expect(reranker_score!).toBeLessThan(least[0]! + 1e-6)
    expect(easy.length).toBeGreaterThan(50) // they are random passages, too
    expect(easy.length).toBeLessThan(240)
  })

  test('that sees no difference is refused', async () => {
    const blind = { ...knowing(), score: async (pairs: unknown[]) => new Float32Array(pairs.length) }
    await expect(score(jsonl(...samples()), blind)).rejects.toMatchObject(
      claraError('model', '--reranker none'),
    )
  })

  test('is not measured where there is no other row', async () => {
    const { report, scores } = await score(jsonl(samples()[0]!), knowing())
    expect(report).toMatchObject({ calibration: null, rows: 1, too_easy: { docs: 0, below: null } })
    expect(scores[0]!.thresholds).toMatchObject({ least: null })
  })
})

describe('fixing', () => {
  test('takes negatives that pass on the same scale: none is a suspect afterwards', async () => {
    const rows = samples()
    const scorer = knowing((question, passage) => (question.length * 31 + passage.length * 17) % 10 < 3)
    const { report, fixed, problems } = await score(jsonl(...rows), scorer, { fix: true })
    expect(report.fixed).toEqual({ rows: report.suspects.rows, docs: report.suspects.docs, rows_left: 0 })
    expect(report.fixed!.docs).toBeGreaterThan(50)
    expect(report.ok).toBe(true)
    expect(problems).toEqual([])
    const again = await score(fixed, scorer)
    expect(again.report.suspects).toEqual({ docs: 0, rows: 0, reasons: {} })
    expect(again.report.calibration).toEqual(report.calibration)
    const lines = fixed
      .trimEnd()
      .split('\n')
      .map((line): Sample => JSON.parse(line))
    for (const [i, { docs, ...rest }] of lines.entries()) {
      const { docs: before, ...same } = rows[i]!
      expect(rest).toEqual(same)
      expect(new Set(docs).size).toBe(5)
      expect(docs[same.pos_index[0]!]).toBe(before[same.pos_index[0]!])
    }
  })

  test('scores new negatives as they will be scored in their place, whatever the scale', async () => {
    const { score: logitsOf, ...rest } = knowing(
      (question, passage) => (question.length + passage.length) % 10 < 3,
    )
    const scorer = {
      ...rest,
      score: async (pairs: TextPair[]) => (await logitsOf(pairs)).map((logit) => logit / 4 + 7),
    }
    const { scores, fixed, report } = await score(jsonl(...samples()), scorer, { fix: true })
    expect(report.calibration!.centre).toBeGreaterThan(5)
    const again = await score(fixed, scorer)
    const replaced = scores.flatMap(({ line, docs }) =>
      docs.flatMap(({ replaced_by: by }, at) => (by ? [{ line, at, score: by.score }] : [])),
    )
    expect(replaced.length).toBeGreaterThan(30)
    for (const { line, at, score } of replaced) {
      expect(again.scores[line - 1]!.docs[at]!.reranker_score).toBe(score)
    }
  })

  test('replaces suspects, at their places', async () => {
    const rows = samples()
    const scorer = knowing((question, passage) => (question.length * 31 + passage.length * 17) % 10 < 3)
    const { fixed, scores } = await score(jsonl(...rows), scorer, { fix: true })
    const lines = fixed
      .trimEnd()
      .split('\n')
      .map((line): Sample => JSON.parse(line))
    for (const [i, { docs }] of lines.entries()) {
      const changed = docs.map((text, at) => text !== rows[i]!.docs[at])
      const of = scores[i]!.docs
      expect(changed).toEqual(of.map(({ findings }) => findings.some(({ kind }) => kind === 'suspect')))
      expect(changed).toEqual(of.map((doc) => doc.replaced_by !== undefined))
      for (const [at, { replaced_by: by }] of of.entries()) {
        if (by) expect(docs[at]).toBe(texts[example.corpus.find(by.chunk_id)[0]!])
      }
    }
  })

  test('leaves a row for which everything scores like an answer', async () => {
    const rows = samples()
    const hopeless = rows[5]!.question
    const { report, fixed, problems, input } = await score(
      jsonl(...rows),
      knowing((question) => question === hopeless),
      { fix: true },
    )
    expect(report.fixed).toMatchObject({ rows_left: 1 })
    expect(report.ok).toBe(false)
    expect(fixed.split('\n')[5]).toBe(JSON.stringify(rows[5]))
    expect(problems).toEqual([
      {
        path: input,
        line: 6,
        reason: 'the index holds 0 negatives for it that pass, 4 are needed: it stays as it was',
      },
    ])
  })

  test('heeds --min-score: what is too easy does not take a suspect’s place', async () => {
    const rows = samples().slice(0, 12)
    rows[3]!.docs = rows[3]!.docs.map((text, at) => (at === 0 ? rows[3]!.docs[3]!.toUpperCase() : text))
    const options = { fix: true, thresholds: { minScore: 0.9 } }
    const { report, problems } = await score(jsonl(...rows), knowing(), options)
    expect(report.fixed).toEqual({ rows: 0, docs: 0, rows_left: 1 })
    expect(problems.map(({ line }) => line)).toEqual([4])
  })

  test('several positives, some the same, stay', async () => {
    const rows = samples().slice(0, 10)
    const [first, second] = rows as [Sample, Sample]
    first.docs = [first.docs[0]!, first.docs[0]!, second.docs[1]!, first.docs[0]!.toUpperCase(), texts[0]!]
    first.pos_index = [0, 1, 2]
    const { report, fixed } = await score(jsonl(...rows), undefined, { fix: true })
    expect(report.fixed).toMatchObject({ rows_left: 0 })
    const { docs, pos_index }: Sample = JSON.parse(fixed.split('\n')[0]!)
    expect(pos_index).toEqual([0, 1, 2])
    expect(docs.slice(0, 3)).toEqual(first.docs.slice(0, 3))
    expect(docs[3]).not.toBe(first.docs[3])
    expect((await score(fixed, undefined)).report.suspects.docs).toBe(0)
  })
})

test('the scale is set by the first rows, and no bad row before them matters', async () => {
  const { report, problems } = await score(jsonl(...Array(300).fill('{'), ...samples()), knowing())
  expect(report).toMatchObject({ rows: 80, bad_rows: 300, calibration: { questions: 80 } })
  expect(problems).toHaveLength(300)
})

test('the scale stays as the first rows set it', async () => {
  const few = samples().slice(0, 6)
  const { scores } = await score(
    jsonl(...Array(5).fill(samples()).flat(), ...Array(30).fill(few).flat()),
    undefined,
  )
  expect(scores).toHaveLength(580)
  expect(new Set(scores.map(({ thresholds }) => thresholds.least)).size).toBe(1)
})

test('an aborted run stops and leaves nothing', async () => {
  const reason = new Error('enough')
  await expect(score(jsonl(...samples()), undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  )
  await expect(readFile(join(directory.path, 'scores'))).rejects.toThrow('ENOENT')
})
