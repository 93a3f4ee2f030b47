/** Samples -> the files of an output directory. */
import { join } from 'node:path'
import { DurableFile, replaceFile } from '../files/durable-file.js'
import type { MinedQuestion } from '../negatives/mine.js'
import { assembleSample } from './assemble.js'

export const DATA_FILE = 'end_to_end_data.jsonl'
export const PROVENANCE_FILE = 'end_to_end_data.provenance.jsonl'
export const REPORT_FILE = 'report.json'

export interface WriteOptions {
  topK: number
  seed: number
  /** Name of the embedder that ranked; `null` where negatives were drawn at random. */
  embedder: string | null
  onProgress?: (samples: number) => void
}

/** Counts of a run, the same for the same input and seed. */
export interface RunReport {
  top_k: number
  seed: number
  embedder: string | null
  samples: number
  without_answer: number
  hard_negatives: number
  random_negatives: number
  /** Samples whose positive the question retrieved first, and within the first k. */
  positive_first: number
  positive_in_top_k: number
  /** Candidates passed over, by reason. */
  excluded: Record<string, number>
  /** Mean cosine of question and document; `null` without an embedder. */
  mean_positive_score: number | null
  mean_negative_score: number | null
}

/** Writes data, provenance and, last, the report into `directory`, which holds none of them yet. */
export async function writeSamples(
  directory: string,
  mined: AsyncIterable<MinedQuestion>,
  options: WriteOptions,
): Promise<RunReport> {
  const data = await DurableFile.create(join(directory, DATA_FILE))
  const origin = await DurableFile.create(join(directory, PROVENANCE_FILE))
  const tally = createTally(options)
  try {
    for await (const question of mined) {
      const { sample, provenance } = assembleSample(question, options.seed, options.embedder)
      await data.write(`${JSON.stringify(sample)}\n`)
      await origin.write(`${JSON.stringify(provenance)}\n`)
      tally.add(question)
      options.onProgress?.(tally.report.samples)
    }
    await data.close()
    await origin.close()
  } catch (error) {
    await Promise.all([data.abandon(), origin.abandon()])
    throw error
  }
  const report = tally.finish()
  await replaceFile(join(directory, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`)
  return report
}

function createTally({ topK, seed, embedder }: WriteOptions) {
  const report: RunReport = {
    top_k: topK,
    seed,
    embedder,
    samples: 0,
    without_answer: 0,
    hard_negatives: 0,
    random_negatives: 0,
    positive_first: 0,
    positive_in_top_k: 0,
    excluded: {},
    mean_positive_score: null,
    mean_negative_score: null,
  }
  const positive = createMean()
  const negative = createMean()
  return {
    report,
    add({ question, positiveHits, negatives, excluded }: MinedQuestion) {
      report.samples++
      if (question.answer === '') report.without_answer++
      const ranks = Array.from(positiveHits.values(), ({ rank }) => rank)
      if (ranks.includes(1)) report.positive_first++
      if (ranks.some((rank) => rank <= topK)) report.positive_in_top_k++
      for (const { score } of positiveHits.values()) positive.add(score)
      for (const { rank, score } of negatives) {
        if (rank === undefined) report.random_negatives++
        else report.hard_negatives++
        if (score !== undefined) negative.add(score)
      }
      for (const { reason } of excluded) report.excluded[reason] = (report.excluded[reason] ?? 0) + 1
    },
    finish(): RunReport {
      report.mean_positive_score = positive.mean()
      report.mean_negative_score = negative.mean()
      return report
    },
  }
}

function createMean() {
  let sum = 0
  let count = 0
  return {
    add(value: number) {
      sum += value
      count++
    },
    mean: () => (count === 0 ? null : Number((sum / count).toFixed(6))),
  }
}
