/** A folder of documents -> raw_knowledge.jsonl, its images beside it. */
import { rm } from 'node:fs/promises'
import { ClaraError, type FileProblem } from '../errors.js'
import type { JsonObject } from '../files/json-value.js'
import { requireFree, writeFiles } from '../files/staged-files.js'
import { type InputFile, walk } from '../files/walk.js'
import { halvesReason, toJson } from '../files/well-formed.js'
import { type Describe, describeImages, type Shown } from './describe-images.js'
import { ENDINGS, endingOf } from './formats.js'
import { imageStems } from './image-names.js'
import type { StoredDocument } from './parse.child.js'
import { type Parsed, type ParseSettings, parseFiles } from './parse-files.js'
import { documentRow, type ExtractionMode, imageRow } from './rows.js'
import { type SavedImage, saveImages } from './save-images.js'
import { openState, type State, stateFolder } from './state.js'

/** What is described when a vision model is configured. */
const IMAGE_ENDINGS = ['.bmp', '.gif', '.jpeg', '.jpg', '.png', '.webp']

export interface ExtractOptions extends ParseSettings {
  inputDir: string
  outputFile: string
  /** Without it images are neither saved nor marked. */
  imageOutputDir?: string | undefined
  mode: ExtractionMode
  overwrite?: boolean | undefined
  /** Files of our own beside those of the output, not to be read as input. */
  ownFiles?: string[] | undefined
  describe?: Describe | undefined
  onProblem: (problem: FileProblem) => void
  onProgress: (done: number, total: number, what: 'files' | 'images') => void
}

export interface ExtractReport {
  /** Of endings that are read. */
  files: number
  documents: number
  failed: number
  /** Files found parsed by a run that was interrupted. */
  resumed: number
  /** Files of other endings. */
  passed_over: number
  /** How many of each ending, "(none)" where a name has none. */
  passed_over_endings: Record<string, number>
  images: number
  descriptions: number
  /** Everything that went to `onProblem`. */
  failures: FileProblem[]
}

/** Lists the failures, one a line: a file beside the output that is there as long as there are any. */
export function failuresFile(outputFile: string): string {
  return `${outputFile}.failed`
}

/**
 * Rows in the order of file names, whatever file was parsed first: the same bytes from any run over the same files.
 * A file that cannot be read goes to `onProblem` and is left out.
 * @throws ClaraError `input` for a folder that cannot be read or has no documents, `exists` where something is in the
 * way, `io`, and what `describe` throws.
 */
export async function extractFolder(given: ExtractOptions): Promise<ExtractReport> {
  const failures: FileProblem[] = []
  const options: ExtractOptions = {
    ...given,
    onProblem(problem) {
      if (!problem.note) failures.push(problem)
      given.onProblem(problem)
    },
  }
  const { inputDir, outputFile, imageOutputDir } = options
  await requireFree(outputFile, options.overwrite)
  const own = [
    outputFile,
    stateFolder(outputFile),
    failuresFile(outputFile),
    ...(options.ownFiles ?? []),
    ...(imageOutputDir === undefined ? [] : [imageOutputDir]),
  ]
  const all = await walk(inputDir, own, options.onProblem)
  const files = all.filter(({ name }) => ENDINGS.includes(endingOf(name)))
  const pictures = options.describe ? all.filter(({ name }) => IMAGE_ENDINGS.includes(endingOf(name))) : []
  if (files.length + pictures.length === 0) {
    throw new ClaraError('input', `${inputDir}: holds no files ending in ${ENDINGS.join(', ')}`)
  }
  const state = await openState(outputFile)
  try {
    const { parsed, resumed } = await parseFiles(
      files,
      state,
      options,
      inputDir,
      imageOutputDir !== undefined,
      (done) => options.onProgress(done, files.length, 'files'),
    )
    const taken = new Set([...files, ...pictures])
    const passedOver = all.filter((file) => !taken.has(file)).map(({ name }) => endingOf(name) || '(none)')
    const counts = {
      files: files.length,
      documents: 0,
      failed: 0,
      resumed,
      passed_over: passedOver.length,
      passed_over_endings: countsOf(passedOver),
      images: 0,
      descriptions: 0,
      failures,
    }
    const entries = await entriesOf(all, new Set(pictures), parsed, state, options, counts)
    const described = await describeImages(entries.flatMap(imagesOf), options)
    if (failures.length > 0) await writeFailures(failuresFile(outputFile), failures)
    await writeFiles([outputFile], options, async ([file]) => {
      for await (const row of rows(entries, described, state, options)) {
        if (row.source_type === 'image') counts.descriptions++
        await file!.write(`${toJson(row)}\n`)
      }
    })
    if (failures.length === 0) await rm(failuresFile(outputFile), { force: true })
    await state.remove()
    return counts
  } catch (error) {
    await state.close().catch(() => {})
    throw error
  }
}

function writeFailures(path: string, failures: FileProblem[]): Promise<void> {
  return writeFiles([path], { overwrite: true }, async ([file]) => {
    for (const { path, reason } of failures) await file!.write(`${toJson({ path, reason })}\n`)
  })
}

function countsOf(endings: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const ending of endings.sort()) counts[ending] = (counts[ending] ?? 0) + 1
  return counts
}

/** A file that has rows: a document, or a picture that stands for itself. */
type Entry = { file: InputFile; key: string; images: SavedImage[] } | { file: InputFile; picture: Shown }

/** In the order of files; images are in their places when this returns. */
async function entriesOf(
  all: readonly InputFile[],
  pictures: ReadonlySet<InputFile>,
  parsed: Parsed,
  state: State,
  { imageOutputDir, overwrite, onProblem }: ExtractOptions,
  counts: ExtractReport,
): Promise<Entry[]> {
  const stems = imageStems([...parsed.keys()])
  const entries: Entry[] = []
  for (const file of all) {
    if (pictures.has(file)) entries.push({ file, picture: { path: file.path, source: file.path } })
    const found = parsed.get(file)
    if (!found) continue
    const reply =
      'problem' in found ? found : ((await state.find(found.key)) ?? { problem: 'was not parsed' })
    const problem = 'problem' in reply ? reply.problem : emptyReason(reply.document)
    if (problem !== undefined || 'problem' in reply || 'problem' in found) {
      counts.failed++
      onProblem({ path: file.path, reason: (problem ?? '').replace(/\s+/g, ' ').trim() })
      continue
    }
    const images = await saveImages(
      reply.document,
      stems.get(file)!,
      state.imageFolder,
      imageOutputDir,
      overwrite,
    )
    const { repaired = 0 } = reply.document
    if (repaired > 0) onProblem({ path: file.path, reason: halvesReason(repaired), note: true })
    counts.documents++
    counts.images += images.length
    entries.push({ file, key: found.key, images })
  }
  return entries
}

function emptyReason({ markdown, images }: StoredDocument): string | undefined {
  if (images.length > 0 || markdown.replace(/\[IMAGE_REF:[^\]\n]*\]/g, '').trim() !== '') return undefined
  return 'has no text'
}

function imagesOf(entry: Entry): Shown[] {
  return 'picture' in entry ? [entry.picture] : entry.images
}

async function* rows(
  entries: readonly Entry[],
  described: ReadonlyMap<string, string>,
  state: State,
  { mode }: ExtractOptions,
): AsyncGenerator<JsonObject> {
  for (const entry of entries) {
    const { file } = entry
    if ('key' in entry) {
      const reply = await state.find(entry.key)
      if (!reply || 'problem' in reply) throw new Error(`${file.path}: its record has gone`)
      yield documentRow(file, reply.document.markdown, entry.images, mode)
    }
    for (const { path } of imagesOf(entry)) {
      const text = described.get(path)
      if (text !== undefined) yield imageRow(path, file.area, text)
    }
  }
}
