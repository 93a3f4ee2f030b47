/** What tells a negative from an answer that nobody marked: for commands that mine, and for the one that looks again. */
import { type Command, InvalidArgumentError } from 'commander'
import { ClaraError } from '../errors.js'
import { type RerankerModel, resolveReranker } from '../models/resolve.js'
import { DEFAULT_TRUTH, type TruthOptions } from '../negatives/rules.js'
import { DEFAULT_THRESHOLDS, type Thresholds } from '../negatives/thresholds.js'

export interface JudgingFlags {
  reranker: string
  maxPercentOfPositive: number
  margin: number
  maxScore?: number
  minScore?: number
  excludeAnswers: boolean
  nearDuplicate: number
  nearCosine: number
  scoreCache: string | boolean
}

export function judgingFlags(command: Command): Command {
  return command
    .option(
      '--reranker <name|folder|none>',
      'judges candidates: a cross-encoder, or an embedder by its tokens',
      'none',
    )
    .option(
      '--max-percent-of-positive <share>',
      'a negative scores at most this share of the positive',
      fraction,
      DEFAULT_THRESHOLDS.maxPercentOfPositive,
    )
    .option(
      '--margin <score>',
      'a negative scores so far below the positive (0: unrelated, 1: like a positive)',
      number,
      DEFAULT_THRESHOLDS.margin,
    )
    .option('--max-score <score>', 'a negative scores this at most, on the same scale', number)
    .option('--min-score <score>', 'a negative scores this at least, on the same scale', number)
    .option('--no-exclude-answers', 'chunks that contain the answer may be negatives')
    .option(
      '--near-duplicate <share>',
      'words shared with a positive that make a near-duplicate; 1: equal texts only',
      fraction,
      DEFAULT_TRUTH.nearDuplicate,
    )
    .option(
      '--near-cosine <cosine>',
      'cosine to a positive, 0 being that of unrelated chunks, that makes a near-duplicate; 1: never',
      fraction,
      DEFAULT_TRUTH.nearCosine,
    )
    .option('--score-cache <dir>', 'where scores are kept (default: the user’s cache)')
    .option('--no-score-cache', 'keep no scores')
}

/** @throws ClaraError `usage` for settings that contradict each other. */
export function judgingOptions(flags: JudgingFlags): {
  thresholds: Thresholds
  truth: Omit<TruthOptions, 'excludeAdjacent'>
} {
  const { maxPercentOfPositive, margin, maxScore, minScore } = flags
  if (minScore !== undefined && maxScore !== undefined && minScore > maxScore) {
    throw new ClaraError('usage', `--min-score ${minScore} is above --max-score ${maxScore}`)
  }
  const { excludeAnswers, nearDuplicate, nearCosine } = flags
  return {
    thresholds: { maxPercentOfPositive, margin, maxScore, minScore },
    truth: { excludeAnswers, nearDuplicate, nearCosine },
  }
}

export async function rerankerOf({ reranker }: JudgingFlags): Promise<RerankerModel | undefined> {
  return reranker === 'none' ? undefined : resolveReranker(reranker)
}

/** commander gives true where neither --score-cache nor --no-score-cache was passed. */
export function scoreCacheOf({ scoreCache }: JudgingFlags): string | false | undefined {
  return scoreCache === true ? undefined : scoreCache
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new InvalidArgumentError('expected a number')
}

export function fraction(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('expected a number from 0 to 1')
}
