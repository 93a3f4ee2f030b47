/** A file of samples -> its scores, its mended copy, or both. */
import { createReadStream } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ClaraError, type OnProblem } from '../../errors.js'
import type { DurableFile } from '../../files/durable-file.js'
import { replaceStrings } from '../../files/json-text.js'
import type { RawLine } from '../../files/jsonl.js'
import { onDisk, shownPath } from '../../files/spool.js'
import { writeFiles } from '../../files/staged-files.js'
import { halvesReason, repairBytes, repairEscapes } from '../../files/well-formed.js'
import { escapeTrainerTokens, escapeTrainerTokensInJson } from '../../text/trainer-tokens.js'
import { findReplacements, type Replacements, type Source } from './replace.js'
import { createScoreTally, type ScoreReport } from './report.js'
import { scoreLine } from './score-line.js'
import { type ScoredWindow, type ScoreOptions, type Scorers, scoreWindows } from './score-samples.js'
import { nameChunks } from './suspects.js'

export interface ScoreFileOptions extends ScoreOptions {
  /** Where scores go, one line a line of the input. */
  scoresFile?: string | undefined
  /** Where the copy goes whose suspects are replaced, and where new negatives come from. */
  fix?: { fixedFile: string; source: Source } | undefined
  overwrite?: boolean | undefined
  /** Is told of rows that cannot be scored, and of rows that cannot be mended. */
  onProblem: OnProblem
  onProgress?: (rows: number) => void
}

/**
 * @throws ClaraError `exists` for an output that is there; `usage` for one that is the input; `input` when the
 * file cannot be read or is empty; `model` as `scoreWindows` does.
 */
export async function scoreFile(
  path: string,
  scorers: Scorers,
  options: ScoreFileOptions,
): Promise<ScoreReport> {
  const { scoresFile, fix, overwrite } = options
  const outputs = [scoresFile, fix?.fixedFile].filter((each) => each !== undefined)
  await requireApart(path, outputs)
  return writeFiles(outputs, { overwrite }, async (files) => {
    const scores = scoresFile === undefined ? undefined : files[0]!
    const fixed = fix && files.at(-1)!
    const { embedder, scorer } = scorers
    const tally = createScoreTally({ embedder: embedder.name, reranker: scorer?.name ?? null }, !!fix)
    let scale: ScoredWindow['scale']
    for await (const window of scoreWindows(path, scorers, options)) {
      scale = window.scale
      for (const { raw, reason, repaired = 0 } of window.lines) {
        const where = { path: shownPath(path), line: raw.line }
        if (reason !== undefined) options.onProblem({ ...where, reason })
        if (repaired > 0) options.onProblem({ ...where, reason: halvesReason(repaired), note: true })
      }
      const replaced = fix && (await replacementsOf(window, path, fix.source, options))
      for (const line of window.lines) {
        const replacements = replaced?.get(line.raw.line)
        tally.add(line, replacements)
        await scores?.write(scoreLine(line, replacements))
        if (fixed && (await writeFixed(fixed, path, line.raw, replacements)))
          options.onProblem({ path: shownPath(path), line: line.raw.line, reason: ESCAPED, note: true })
      }
      options.onProgress?.(tally.report.rows)
    }
    const report = tally.finish(scale, options.thresholds?.minScore)
    await nameChunks(path, report.suspect_docs)
    if (report.rows + report.bad_rows === 0)
      throw new ClaraError('input', `${shownPath(path)}: holds no sample`)
    return report
  })
}

function replacementsOf(
  { lines, scale }: ScoredWindow,
  path: string,
  source: Source,
  options: ScoreFileOptions,
): Promise<Map<number, Replacements>> {
  const rows = lines.flatMap(({ judged }) => judged ?? [])
  return findReplacements(rows, scale, source, { ...options, path: shownPath(path) })
}

const ESCAPED = 'what the trainer takes for its own tokens is escaped now'

/**
 * Byte for byte, but for the documents that are replaced, halves of surrogate pairs, and tokens of the trainer.
 * @returns whether there were any of those.
 */
async function writeFixed(
  file: DurableFile,
  path: string,
  { bytes, start, end }: RawLine,
  replacements: Replacements | undefined,
): Promise<boolean> {
  if (bytes === undefined) {
    for await (const block of createReadStream(await onDisk(path), { start, end: end - 1 }))
      await file.write(block)
    return false
  }
  const whole = bytes.includes(0xed) ? repairBytes(bytes).bytes : bytes // with which halves begin
  const { text, repaired } = repairEscapes(whole.toString('utf8'))
  const escaped = escapeTrainerTokensInJson(text)
  if (replacements) {
    const texts = Array.from(
      replacements,
      ([at, { chunk }]) => [at, escapeTrainerTokens(chunk.text)] as const,
    )
    await file.write(replaceStrings(escaped ?? text, 'docs', new Map(texts)))
  } else await file.write(escaped ?? (repaired > 0 ? text : whole))
  if (end - start > bytes.byteLength) await file.write('\n')
  return escaped !== undefined
}

async function requireApart(path: string, outputs: string[]): Promise<void> {
  const real = (each: string) => realpath(each).catch(() => undefined) // not there: it cannot be the input
  if (new Set(outputs.map((output) => resolve(output))).size < outputs.length) {
    throw new ClaraError('usage', `${outputs[0]} is named twice: scores and samples go to two files`)
  }
  const input = await real(path)
  for (const output of outputs) {
    if (input !== undefined && (await real(output)) === input) {
      throw new ClaraError('usage', `${output} is the input: a file is never mended in place; name another`)
    }
  }
}
