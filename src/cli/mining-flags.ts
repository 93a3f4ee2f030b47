/** What clara-mine and clara-synth take to say which negatives they look for. */
import { type Command, Option } from 'commander'
import { ClaraError } from '../errors.js'
import { DEFAULT_MAX_RANK, type MineOptions, SELECTIONS, type Selection } from '../negatives/run.js'
import { wholeNumber } from './flags.js'
import { fraction, type JudgingFlags, judgingFlags, judgingOptions } from './judging-flags.js'

export interface MiningFlags extends JudgingFlags {
  select: Selection
  randomShare: number
  skipTop: number
  maxRank?: number
  maxUses?: number
  excludeAdjacent: boolean
  strict?: boolean
  keepFalseNegatives?: 'as-positives'
  hybrid?: boolean
}

export function miningFlags(command: Command): Command {
  return judgingFlags(command)
    .addOption(
      new Option('--select <how>', 'top: the best ranked that pass; random: any of the ranks')
        .choices(SELECTIONS)
        .default('top'),
    )
    .option('--random-share <share>', 'of the negatives, drawn from the whole corpus', fraction, 0)
    .option('--skip-top <n>', 'pass over the best ranked', wholeNumber(0, 1 << 20), 0)
    .option(
      '--max-rank <n>',
      `look no deeper (default: ${DEFAULT_MAX_RANK}, deeper where those all score like the positive)`,
      wholeNumber(1, 1 << 20),
    )
    .option('--max-uses <n>', 'samples that one chunk may be a negative of', wholeNumber(1))
    .option('--no-exclude-adjacent', 'chunks beside a positive in its document may be negatives')
    .option('--strict', 'drop samples that hard negatives do not fill')
    .addOption(
      new Option(
        '--keep-false-negatives <how>',
        'candidates that score no less than a positive become positives',
      ).choices(['as-positives']),
    )
    .option('--hybrid', 'candidates by words (BM25), too, fused by rank')
}

/** @throws ClaraError `usage` for settings that contradict each other. */
export function miningOptions(flags: MiningFlags): Omit<MineOptions, 'topK' | 'seed' | 'onProblem'> {
  const { skipTop, maxRank, excludeAdjacent } = flags
  if (skipTop >= (maxRank ?? DEFAULT_MAX_RANK)) {
    throw new ClaraError(
      'usage',
      `--skip-top ${skipTop} leaves no rank up to --max-rank ${maxRank ?? DEFAULT_MAX_RANK}`,
    )
  }
  const { thresholds, truth } = judgingOptions(flags)
  return {
    thresholds,
    truth: { ...truth, excludeAdjacent },
    ranks: { skipTop, maxRank },
    select: flags.select,
    randomShare: flags.randomShare,
    maxUses: flags.maxUses,
    strict: flags.strict ?? false,
    keepFalseNegatives: flags.keepFalseNegatives !== undefined,
  }
}
