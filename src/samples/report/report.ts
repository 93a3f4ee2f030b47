/** A run's directory -> one HTML file about it, and the numbers in it. */
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ClaraError, messageOf, type OnProblem } from '../../errors.js'
import { digestFile, replaceFile } from '../../files/durable-file.js'
import type { JsonObject } from '../../files/json-value.js'
import { readError } from '../../files/read-error.js'
import { wantTexts } from './caught.js'
import { type CollectOptions, collect } from './collect.js'
import { openRunCorpus } from './corpus.js'
import { countRows } from './count-rows.js'
import { readJsonFile } from './json-file.js'
import { type Looked, numbersOf, type RunNumbers } from './numbers.js'
import { requireFree } from './output-file.js'
import { type Page, renderPage } from './page/page.js'
import { countPairs } from './pairs.js'
import { countRejected, wantPassages } from './rejected.js'
import { countReplies } from './replies.js'
import { findRunFiles, type RunFiles } from './run-files.js'
import { savedBy } from './saved.js'
import { WantedTexts } from './wanted.js'

export interface ReportOptions extends CollectOptions {
  outputFile: string
  /** Replace a file that is no report. */
  overwrite?: boolean
  /** Where the run took its documents from, if not from its own directory. */
  index?: string | undefined
  /** What the run printed with --json. */
  resultFile?: string | undefined
  /** Is told of records that are passed over. */
  onProblem: OnProblem
}

export const DEFAULT_REPORT = 'report.html'

/**
 * Reads the samples twice, in memory that does not grow with them. The same input gives the same bytes.
 * @throws ClaraError `input` for what is no directory of a run, or cannot be read; `exists` for an output that is
 * there and is no report; `usage` for one that is a file of the run; `index` for an index that is damaged.
 */
export async function reportRun(directory: string, options: ReportOptions): Promise<RunNumbers> {
  const { outputFile, overwrite = false } = options
  let bad = 0
  const onProblem: OnProblem = (problem) => {
    bad++
    options.onProblem(problem)
  }
  const run = await findRunFiles(directory, onProblem)
  await requireFree(outputFile, run, overwrite)
  const result = options.resultFile === undefined ? undefined : await readResult(options.resultFile)
  const page = await look(run, { ...options, onProblem }, () => ({ result, bad }))
  await mkdir(dirname(resolve(outputFile)), { recursive: true })
  await replaceFile(outputFile, await renderPage(page))
  return page.numbers
}

async function look(
  run: RunFiles,
  options: ReportOptions,
  more: () => Pick<Looked, 'result' | 'bad'>,
): Promise<Page> {
  const { seed, shown, onProblem } = options
  const ofFile = async <T>(name: string | undefined, read: (path: string) => Promise<T>) =>
    name === undefined ? undefined : read(join(run.directory, name))
  const counted = await countRows(run.samples, seed, onProblem)
  const { counts, caught } = counted
  const rejected = await ofFile(run.rejected, (path) => countRejected(path, seed, onProblem))
  // Pairs are what there is to read where no sample is.
  const ofPairs = { shown: counts.samples > 0 ? 0 : shown, seed }
  const pairs = await ofFile(run.qa, (path) => countPairs(path, ofPairs, onProblem))

  const wanted = new WantedTexts()
  const corpus = await openRunCorpus(run.directory, options.index, onProblem)
  wantTexts(caught.all, wanted)
  if (corpus && rejected) wantPassages(rejected.examples, wanted)
  const corpusCounts = await corpus?.look(wanted)
  const { samples, tokens } = await collect(run.samples, counted, wanted, options)
  const numbers = numbersOf({
    run,
    files: await digestsOf(run),
    counts,
    tokens,
    rejected: rejected?.counts,
    pairs: pairs?.counts,
    replies: await ofFile(run.journal, countReplies),
    // Vectors of an endpoint were paid for.
    saved: tokens && !run.report?.embeddings ? savedBy(counted, corpusCounts, tokens) : undefined,
    corpus: corpusCounts,
    manifest: corpus?.manifest,
    ...more(),
  })
  return {
    numbers,
    caught: caught.shown(),
    rejected: rejected?.examples ?? [],
    pairs: pairs?.examples ?? [],
    samples,
    seed,
  }
}

function digestsOf({ directory, names }: RunFiles): Promise<Looked['files']> {
  return Promise.all(names.map(async (name) => ({ name, ...(await digestFile(join(directory, name))) })))
}

async function readResult(path: string): Promise<JsonObject> {
  try {
    return await readJsonFile(path)
  } catch (error) {
    const told = readError(path, error)
    if (told instanceof ClaraError) throw told
    throw new ClaraError('input', `${path}: ${messageOf(error)}: expected what a run prints with --json`, {
      cause: error,
    })
  }
}
