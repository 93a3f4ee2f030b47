/** What clara-mine and clara-synth take to say what a hard negative is. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ClaraError } from '../errors.js'
import { type RerankerModel, resolveReranker } from '../models/resolve.js'
import { DEFAULT_TRUTH } from '../negatives/rules.js'
import { DEFAULT_RANKS, type MineOptions, SELECTIONS, type Selection } from '../negatives/run.js'
import { DEFAULT_THRESHOLDS } from '../negatives/thresholds.js'
import { wholeNumber } from './flags.js'

export interface MiningFlags {
  reranker: string
  maxPercentOfPositive: number
  margin: number
  maxScore?: number
  minScore?: number
  select: Selection
  randomShare: number
  skipTop: number
  maxRank: number
  maxUses?: number
  excludeAnswers: boolean
  excludeAdjacent: boolean
  nearDuplicate: number
  nearCosine: number
  strict?: boolean
  keepFalseNegatives?: 'as-positives'
  hybrid?: boolean
  scoreCache: string | boolean
}

export function miningFlags(command: Command): Command {
  return command
    .option('--reranker <name|folder|none>', 'cross-encoder that judges candidates', 'none')
    .option(
      '--max-percent-of-positive <share>',
      'a negative scores at most this share of the positive',
      fraction,
      DEFAULT_THRESHOLDS.maxPercentOfPositive,
    )
    .option(
      '--margin <score>',
      'a negative scores so far below the positive',
      number,
      DEFAULT_THRESHOLDS.margin,
    )
    .option('--max-score <score>', 'a negative scores this at most', number)
    .option('--min-score <score>', 'a negative scores this at least', number)
    .addOption(
      new Option('--select <how>', 'top: the best ranked that pass; random: any of the ranks')
        .choices(SELECTIONS)
        .default('top'),
    )
    .option('--random-share <share>', 'of the negatives, drawn from the whole corpus', fraction, 0)
    .option('--skip-top <n>', 'pass over the best ranked', wholeNumber(0, 1 << 20), DEFAULT_RANKS.skipTop)
    .option('--max-rank <n>', 'look no deeper', wholeNumber(1, 1 << 20), DEFAULT_RANKS.maxRank)
    .option('--max-uses <n>', 'samples that one chunk may be a negative of', wholeNumber(1))
    .option('--no-exclude-answers', 'chunks that contain the answer may be negatives')
    .option('--no-exclude-adjacent', 'chunks beside a positive in its document may be negatives')
    .option(
      '--near-duplicate <share>',
      'words shared with a positive that make a near-duplicate; 1: equal texts only',
      fraction,
      DEFAULT_TRUTH.nearDuplicate,
    )
    .option(
      '--near-cosine <cosine>',
      'cosine to a positive that makes a near-duplicate; 1: never',
      fraction,
      DEFAULT_TRUTH.nearCosine,
    )
    .option('--strict', 'drop samples that hard negatives do not fill')
    .addOption(
      new Option(
        '--keep-false-negatives <how>',
        'candidates that score no less than a positive become positives',
      ).choices(['as-positives']),
    )
    .option('--hybrid', 'candidates by words (BM25), too, fused by rank')
    .option('--score-cache <dir>', 'where scores are kept (default: the user’s cache)')
    .option('--no-score-cache', 'keep no scores')
}

/** @throws ClaraError `usage` for settings that contradict each other. */
export function miningOptions(flags: MiningFlags): Omit<MineOptions, 'topK' | 'seed' | 'onProblem'> {
  const { maxPercentOfPositive, margin, maxScore, minScore, skipTop, maxRank } = flags
  if (skipTop >= maxRank) {
    throw new ClaraError('usage', `--skip-top ${skipTop} leaves no rank up to --max-rank ${maxRank}`)
  }
  if (minScore !== undefined && maxScore !== undefined && minScore > maxScore) {
    throw new ClaraError('usage', `--min-score ${minScore} is above --max-score ${maxScore}`)
  }
  const { excludeAnswers, excludeAdjacent, nearDuplicate, nearCosine } = flags
  return {
    thresholds: { maxPercentOfPositive, margin, maxScore, minScore },
    truth: { excludeAnswers, excludeAdjacent, nearDuplicate, nearCosine },
    ranks: { skipTop, maxRank },
    select: flags.select,
    randomShare: flags.randomShare,
    maxUses: flags.maxUses,
    strict: flags.strict ?? false,
    keepFalseNegatives: flags.keepFalseNegatives !== undefined,
  }
}

export async function rerankerOf({ reranker }: MiningFlags): Promise<RerankerModel | undefined> {
  return reranker === 'none' ? undefined : resolveReranker(reranker)
}

/** commander gives true where neither --score-cache nor --no-score-cache was passed. */
export function scoreCacheOf({ scoreCache }: MiningFlags): string | false | undefined {
  return scoreCache === true ? undefined : scoreCache
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new InvalidArgumentError('expected a number')
}

function fraction(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('expected a number from 0 to 1')
}
