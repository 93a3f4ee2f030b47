/** A run's directory -> one HTML file about it, and the numbers in it. */
import { mkdir, open, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ClaraError, isErrno, messageOf, type OnProblem } from '../../errors.js'
import { digestFile, replaceFile } from '../../files/durable-file.js'
import type { JsonObject } from '../../files/jsonl.js'
import { type CollectOptions, collect } from './collect.js'
import { openRunCorpus } from './corpus.js'
import { countRows } from './count-rows.js'
import { readJsonFile } from './json-file.js'
import { type Looked, numbersOf, type RunNumbers } from './numbers.js'
import { GENERATOR, type Page, renderPage } from './page/page.js'
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
  const path = (name: string) => join(run.directory, name)
  const counted = await countRows(run.samples, seed, onProblem)
  const { counts, characters, caught } = counted
  const rejected =
    run.rejected === undefined ? undefined : await countRejected(path(run.rejected), seed, onProblem)
  // Pairs are what there is to read where no sample is.
  const pairsShown = counts.samples > 0 ? 0 : shown
  const pairs =
    run.qa === undefined ? undefined : await countPairs(path(run.qa), { shown: pairsShown, seed }, onProblem)

  const wanted = new WantedTexts()
  const corpus = await openRunCorpus(run.directory, options.index, onProblem)
  for (const each of caught.all) {
    wanted.want(each.chunkId, (text) => {
      each.text = text
    })
  }
  if (corpus && rejected) wantPassages(rejected.examples, wanted)
  const corpusCounts = await corpus?.look(wanted)
  const { samples, tokens } = await collect(run.samples, counted, wanted, options)
  const saved =
    tokens &&
    savedBy({
      ...(corpusCounts
        ? { basis: 'corpus' as const, texts: corpusCounts.chunks, characters: corpusCounts.characters }
        : { basis: 'samples' as const, texts: counts.distinct_docs, characters: characters.distinctDocs }),
      questions: counts.samples,
      questionCharacters: characters.questions,
      ratio: tokens.per_character,
    })
  const files = await Promise.all(
    run.names.map(async (name) => ({ name, ...(await digestFile(path(name))) })),
  )
  const replies = run.journal === undefined ? undefined : await countReplies(path(run.journal))
  const numbers = numbersOf({
    run,
    files,
    counts,
    tokens,
    rejected: rejected?.counts,
    pairs: pairs?.counts,
    replies,
    saved,
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

async function readResult(path: string): Promise<JsonObject> {
  try {
    return await readJsonFile(path)
  } catch (error) {
    throw new ClaraError('input', `${path}: ${messageOf(error)}: expected what a run prints with --json`, {
      cause: error,
    })
  }
}

/** So much of a report says that it is one. */
const HEAD_BYTES = 1024

async function requireFree(outputFile: string, run: RunFiles, overwrite: boolean): Promise<void> {
  const info = await stat(outputFile).catch((error) => {
    if (isErrno(error) && error.code === 'ENOENT') return undefined
    throw error
  })
  if (!info) return
  if (!info.isFile()) throw new ClaraError('exists', `${outputFile}: is no file: name another`)
  const output = await realpath(outputFile)
  for (const name of run.names) {
    if ((await realpath(join(run.directory, name))) === output) {
      throw new ClaraError('usage', `${outputFile} is a file of the run: name another`)
    }
  }
  if (overwrite || (await isReport(outputFile))) return
  throw new ClaraError(
    'exists',
    `${outputFile}: exists and is no report: name another file or pass --overwrite`,
  )
}

async function isReport(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead).includes(GENERATOR)
  } finally {
    await file.close()
  }
}
