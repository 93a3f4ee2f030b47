/** clara-score: are the negatives of these samples negatives? */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { countLines } from '../files/count-lines.js'
import { shownPath } from '../files/spool.js'
import { cutText } from '../files/well-formed.js'
import { type Index, openIndex } from '../index/open.js'
import { embedderFor } from '../index/same-model.js'
import type { EmbedderModel } from '../models/resolve.js'
import { openCorpus } from '../negatives/corpus.js'
import { type EngineSettings, type Models, openModels } from '../negatives/engines.js'
import { readWindows } from '../samples/score/read-rows.js'
import type { ScoreReport } from '../samples/score/report.js'
import { type ScoreFileOptions, scoreFile } from '../samples/score/score-file.js'
import type { Suspect } from '../samples/score/suspects.js'
import { embedderOf } from './auto-embedder.js'
import {
  example,
  type IndexEmbedderFlags,
  indexEmbedderFlags,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { type JudgingFlags, judgingFlags, judgingOptions, rerankerOf, scoreCacheOf } from './judging-flags.js'
import { miningProgress } from './mining-progress.js'
import { printResult } from './print-result.js'
import { EXIT, onInterrupt } from './run-cli.js'
import { runningOn } from './running-on.js'
import { remarkMethod } from './search-method.js'
import { createTalk, type Talk } from './talk.js'
import { print } from './terminal.js'

interface ScoreFlags extends OutputFlags, IndexEmbedderFlags, JudgingFlags {
  inputFile: string
  outputFile?: string
  fix?: boolean
  index?: string
  scoresFile?: string
  seed: number
  overwrite?: boolean
}

export function scoreCommand(): Command {
  const command = new Command('score')
    .description(
      'Scores the documents of samples that exist, whoever made them; exit code 1 when negatives may be answers.',
    )
    .requiredOption('--input-file <file>', 'end_to_end_data.jsonl')
    .option('--output-file <file>', 'where the scores go; with --fix, the samples')
    .option('--fix', 'replace suspects by newly mined negatives; all else stays as it is')
    .option('--index <dir>', 'of clara-index build: where new negatives come from')
    .option('--scores-file <file>', 'with --fix: where the scores go')
    .option('--seed <n>', 'of every random choice', wholeNumber(0), 42)
    .option('--overwrite', 'replace the output of a run before')
  judgingFlags(command)
  indexEmbedderFlags(
    command,
    'with --fix the one that built the index, else by the documents as clara-index build',
  )
  outputFlags(command)
  example(
    command,
    'clara-score --input-file out/end_to_end_data.jsonl --output-file scores.jsonl',
    'clara-score --input-file out/end_to_end_data.jsonl --fix --index my-index --output-file fixed.jsonl',
  )
  return command.action(score)
}

async function score(flags: ScoreFlags): Promise<void> {
  const talk = createTalk(flags)
  const { fixedFile, ...outputs } = outputsOf(flags)
  const judging = judgingOptions(flags)
  const embedder = flags.index
    ? await embedderFor(flags.index, flags.embedder)
    : (await embedderOf(flags.embedder, { documents: passagesOf(flags.inputFile) }, talk)).model
  const index = fixedFile === undefined ? undefined : await openIndex(flags.index!, embedder, flags)
  try {
    const progress = miningProgress(talk, await talk.forecast(() => countLines(flags.inputFile)))
    const settings = await settingsOf(flags, embedder, talk, progress.onScored)
    const models = await openModels(index?.manifest.dims ?? embedder.card.dims, settings)
    if (models.keeps) onInterrupt('run the same command again: scores that were computed are kept')
    try {
      const { seed, overwrite } = flags
      const report = await scoreFile(flags.inputFile, models, {
        ...judging,
        ...outputs,
        ...(index && { fix: { fixedFile: fixedFile!, source: await sourceOf(index, models, talk) } }),
        seed,
        overwrite,
        onProblem: talk.onProblem,
        onProgress: progress.onSample,
      })
      printScores(flags, talk, report, models)
    } finally {
      await models.close()
    }
  } finally {
    await index?.close()
  }
}

/** Of samples; what is wrong with a line is said when it is scored. */
async function* passagesOf(path: string): AsyncGenerator<{ title: string; text: string }> {
  for await (const lines of readWindows(path)) {
    for (const { row } of lines) for (const text of row?.docs ?? []) yield { title: '', text }
  }
}

/** @throws ClaraError `usage` for flags that do not go together. */
function outputsOf({ fix, index, outputFile, scoresFile }: ScoreFlags) {
  if (!fix) {
    if (index !== undefined) throw new ClaraError('usage', '--index is where --fix takes negatives from')
    if (scoresFile !== undefined) {
      throw new ClaraError('usage', '--scores-file goes with --fix; else scores go to --output-file')
    }
    return { scoresFile: outputFile, fixedFile: undefined }
  }
  if (index === undefined) throw new ClaraError('usage', '--fix needs --index, to take negatives from')
  if (outputFile === undefined) {
    throw new ClaraError('usage', '--fix needs --output-file: a file is never mended in place')
  }
  return { scoresFile, fixedFile: outputFile }
}

async function settingsOf(
  flags: ScoreFlags,
  embedder: EmbedderModel,
  { remark }: Talk,
  onScored: (pairs: number) => void,
): Promise<EngineSettings> {
  const { device, threads } = flags
  const reranker = await rerankerOf(flags)
  return { embedder, reranker, device, threads, scoreCache: scoreCacheOf(flags), remark, onScored }
}

async function sourceOf(
  index: Index,
  { embedder, scorer }: Models,
  { remark }: Talk,
): Promise<NonNullable<ScoreFileOptions['fix']>['source']> {
  const corpus = await openCorpus(index.chunks)
  return { engines: { index: remarkMethod(index, remark), embedder, scorer }, corpus }
}

function printScores(flags: ScoreFlags, talk: Talk, report: ScoreReport, models: Models): void {
  talk.finish()
  for (const model of models.used()) talk.remark(runningOn(model))
  const { embedder, scorer } = models
  const { suspect_docs: suspects, ...counts } = report
  printResult(flags, {
    input: shownPath(flags.inputFile),
    ...(flags.outputFile !== undefined && { output: flags.outputFile }),
    ...(flags.json ? report : counts),
    texts_embedded: embedder.counts.embedded,
    vectors_reused: embedder.counts.reused,
    pairs_scored: scorer?.counts.scored ?? 0,
    scores_reused: scorer?.counts.reused ?? 0,
  })
  if (!flags.json && !flags.quiet) print(suspectLines(suspects))
  process.exitCode = report.ok ? EXIT.ok : EXIT.findings
}

/** In the text; --json has all. */
const SHOWN = 20
const QUESTION_LENGTH = 80

function suspectLines(suspects: Suspect[]): string[] {
  if (suspects.length === 0) return []
  const lines = suspects.slice(0, SHOWN).map((suspect) => {
    const { line, doc, chunk_id: chunk, question, standard_score, reranker_score, most, reasons } = suspect
    const score = reranker_score ?? standard_score
    const instead = suspect.replaced_by === null ? '' : `, replaced by ${suspect.replaced_by}`
    const place = `line ${line}, docs[${doc}]${chunk === null ? '' : ` (${chunk})`}`
    return `  ${place}: score ${score}, at most ${most}; ${reasons.join(', ')}${instead}; question: ${shortened(question)}`
  })
  const more = suspects.length - SHOWN
  return ['suspects:', ...lines, ...(more > 0 ? [`  … and ${more} more: --json lists all`] : [])]
}

function shortened(text: string): string {
  const flat = text.replaceAll(/\s+/gu, ' ').trim()
  return flat.length <= QUESTION_LENGTH ? flat : `${cutText(flat, QUESTION_LENGTH)}…`
}
