/** The end of a mining run: counts, and what deserves a look. */
import { join } from 'node:path'
import type { OpenEngines } from '../negatives/engines.js'
import type { MineCounts } from '../negatives/run.js'
import { rounded } from '../samples/assemble.js'
import type { RunReport } from '../samples/tally.js'
import { DATA_FILE } from '../samples/write.js'
import type { OutputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { runningOn } from './running-on.js'
import type { Talk } from './talk.js'

export interface RunMining {
  counts: MineCounts
  /** `undefined` where nothing was embedded. */
  opened: OpenEngines | undefined
}

export function printRun(
  flags: OutputFlags,
  talk: Talk,
  directory: string,
  report: RunReport,
  { mining, ...more }: { mining?: RunMining; llm?: object; embeddings?: object },
): void {
  talk.finish()
  for (const model of mining?.opened?.used() ?? []) talk.remark(runningOn(model))
  for (const advice of adviceOn(report)) talk.remark(advice)
  const missing = mining?.counts.answers.warning()
  if (missing) talk.remark(missing)
  const translated = mining?.counts.answers.remark()
  if (translated) talk.remark(translated)
  const blind = mining && blindEmbedder(mining)
  if (blind) talk.remark(blind)
  const byChance = mining?.opened && byChanceOnly(mining.counts)
  if (byChance) talk.remark(byChance)
  if (mining && mining.counts.notCompared > 0) {
    talk.remark(
      `warning: ${mining.counts.notCompared} questions were not compared with all others, whether they are equal: too many before them`,
    )
  }
  if (report.without_answer > 0) {
    talk.remark(
      `warning: ${report.without_answer} samples have no answer (BEIR has none); end-to-end training needs one`,
    )
  }
  remarkEscaped(talk, report)
  const { negatives, left_out: leftOut } = report.formats?.['n-tuple'] ?? {}
  if (leftOut) talk.remark(`n-tuple: ${negatives} negatives a row; ${leftOut} rows with fewer are left out`)
  printResult(flags, {
    output: report.split ? directory : join(directory, DATA_FILE),
    ...report,
    ...(mining && countsOf(mining)),
    ...more,
    ...talk.counts(),
  })
  process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
}

/** As printRun, for a run that mined nothing. */
export function printWritten(flags: OutputFlags, talk: Talk, directory: string, counts: object): void {
  talk.finish()
  remarkEscaped(talk, counts)
  printResult(flags, { output: directory, ...counts, ...talk.counts() })
  process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
}

/** Of all files that the trainer reads. */
function remarkEscaped(talk: Talk, counts: { escaped_texts?: number; escaped_in_stages?: number }): void {
  const texts = (counts.escaped_texts ?? 0) + (counts.escaped_in_stages ?? 0)
  if (texts === 0) return
  talk.remark(
    `${texts} texts hold words that the trainer takes for its own tokens (<MEM0>, <AE>, <ENC>, <SEP>): they are written with a ` +
      'backslash, as <\\MEM0> (docs/formats.md)',
  )
}

/** Of fewer samples a share says little. */
const ENOUGH_SAMPLES = 20
/** Of what chance leaves to be found. */
const LEAST_GAIN = 0.1

/** A model that does not fit: the negatives are as good as drawn at random. */
function byChanceOnly({ found: { samples, inTopK, byChance } }: MineCounts): string | undefined {
  if (samples < ENOUGH_SAMPLES || inTopK - byChance >= LEAST_GAIN * (samples - byChance)) return undefined
  return (
    `warning: ${inTopK} of ${samples} questions found a positive among the first k, by chance it would be ${Math.round(byChance)}: ` +
    'the embedder does not fit these texts, or doc_id names the wrong documents'
  )
}

/** With fewer questions chance decides. */
const LEAST_QUESTIONS = 8
const LEAST_AUC = 0.75

/** Thresholds on scores that tell nothing. */
function blindEmbedder({ counts: { scale }, opened }: RunMining): string | undefined {
  if (!scale || scale.auc === null || scale.questions < LEAST_QUESTIONS || scale.auc >= LEAST_AUC)
    return undefined
  return (
    `warning: the embedder ${opened!.engines.embedder.name} ranks the known positive above a random chunk for ${(100 * scale.auc).toFixed(0)}% of pairs ` +
    `(chance is 50%, ${100 * LEAST_AUC}% are expected): thresholds on its scores mean little here`
  )
}

/** What depends on what was computed before, and on the machine: it is not in the report's file. */
function countsOf({ counts, opened }: RunMining): object {
  const { calibration, dropped, seconds, questions, answers } = counts
  const times = Object.entries(seconds).map(([stage, value]) => [stage, Number(value.toFixed(3))])
  const answers_not_found = answers.missing
  const answers_in_another_language = answers.translated
  if (!opened) return { dropped, answers_not_found, answers_in_another_language }
  const { embedder, scorer } = opened.engines
  return {
    dropped,
    answers_not_found,
    answers_in_another_language,
    calibration: calibration ?? null,
    texts_embedded: embedder.counts.embedded,
    vectors_reused: embedder.counts.reused,
    pairs_scored: scorer?.counts.scored ?? 0,
    scores_reused: scorer?.counts.reused ?? 0,
    pairs_per_question: scorer
      ? Number(((scorer.counts.scored + scorer.counts.reused) / questions).toFixed(2))
      : 0,
    seconds: Object.fromEntries(times),
  }
}

/** Of the report: what standard scores mean in this run. */
export function scaleOf({ scale }: MineCounts): { scale?: Record<string, number | null> } {
  if (!scale) return {}
  return { scale: Object.fromEntries(Object.entries(scale).map(([key, value]) => [key, rounded(value)])) }
}

/** The setting that would change it, for each reason that candidates were passed over. */
const SETTINGS: Record<string, string> = {
  'next to a positive': '--no-exclude-adjacent',
  'near-duplicate of a positive': '--near-duplicate, --near-cosine',
  'contains the answer': '--no-exclude-answers',
  'score near the positive': '--max-percent-of-positive',
  'score within the margin': '--margin',
  'score over --max-score': '--max-score',
  'score under --min-score': '--min-score',
  'used often enough': '--max-uses',
}

function adviceOn({ excluded }: RunReport): string[] {
  return Object.entries(excluded).flatMap(([reason, count]) =>
    SETTINGS[reason] ? [`${count} candidates passed over: ${reason} (${SETTINGS[reason]})`] : [],
  )
}
