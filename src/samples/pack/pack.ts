/** A run directory -> one archive that a trainer can be given. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ClaraError, type OnProblem } from '../../errors.js'
import { sha256 } from '../../files/durable-file.js'
import { writeFiles } from '../../files/staged-files.js'
import { TRAINER_DOC_TOKENS } from '../../inference/trainer-tokenizer.js'
import { COMPRESS_RATE } from '../trainer-lengths.js'
import { archiveFolder } from './archive-folder.js'
import { type CheckedFile, checkData } from './check-data.js'
import { EVALUATION, EVALUATION_FILE } from './evaluation.js'
import {
  createManifest,
  type Digest,
  dataDigest,
  guideFile,
  MANIFEST_FILE,
  manifestText,
  type PackedFile,
  packedFile,
  SUMS_FILE,
  sumsText,
} from './manifest.js'
import { type Archive, NOTEBOOKS, trainingNotebook } from './notebook.js'
import type { Refusal } from './refusal.js'
import { REQUIREMENTS, REQUIREMENTS_FILE } from './requirements.js'
import { RowCount } from './row-count.js'
import { type RunFacts, readRunFacts } from './run-facts.js'
import { findRunFiles, type LeftOut, type RunFile, readBlocks, requireDirectory } from './run-files.js'
import { type ArchiveEntry, writeTarGzip } from './tar-gzip.js'
import { topKRefusals } from './top-k.js'
import { GUIDE_FILE, trainingGuide } from './training-guide.js'
import { trainingScript } from './training-script.js'
import { trainingStages } from './training-stages.js'

const MOST_DOC_MAX_LENGTH = 8192

export interface PackOptions {
  /** Ends in .tar.gz, by custom. */
  outputFile: string
  overwrite?: boolean | undefined
  /** Documents that each end-to-end row should have. */
  expectedTopK?: number | undefined
  /** A notebook or script of the user's own, to be compared with the data. */
  notebook?: string | undefined
  /** Documents that the generator reads of each end-to-end row, 1 up to their number; default: all. */
  generationTopK?: number | undefined
  /** Whose tokens documents are counted by: `mistral` (the default), `qwen3`, a tokenizer's file or folder, or `none`. */
  trainer?: string | undefined
  /** The trainer's `--doc_max_length`, a multiple of 32; default: 256. */
  docMaxLength?: number | undefined
  withRejected?: boolean | undefined
  /** Receives the first 20 bad rows of each kind. */
  onProblem: OnProblem
  /** Bytes of data put into the archive so far. */
  onProgress?: ((bytes: number) => void) | undefined
}

export interface Packed extends Digest {
  /** Of the data in it: the same for the same data, whatever the archive is called. */
  data_sha256: string
  files: PackedFile[]
  top_k: number | null
  /** The trainer's in stage 3. */
  generation_top_k: number | null
  /** Documents of which the trainer reads the beginning alone: no answer is in what it cuts off. */
  docs_cut: number
  left_out: LeftOut[]
}

/**
 * Data is read three times: to hash it, to check it, and to write it; what has changed in between stops it.
 * @returns what was written, or why nothing was.
 * @throws ClaraError `input` where files cannot be read or change meanwhile, `exists`, `io`.
 */
export async function packSamples(
  directory: string,
  options: PackOptions,
): Promise<Packed | { refusals: Refusal[] }> {
  const { outputFile, overwrite, expectedTopK, trainer, onProblem } = options
  const docMaxLength = requireDocMaxLength(options.docMaxLength ?? TRAINER_DOC_TOKENS)
  await requireDirectory(directory)
  const facts = await readRunFacts(directory)
  const found = await findRunFiles(directory, options.withRejected ?? false)
  const digests = new Map<string, CountedDigest>()
  for (const file of found.files) digests.set(file.name, await digestOf(file))
  const data = await checkData(found.files, {
    expectedTopK: expectedTopK ?? onlyOne(facts),
    trainer,
    docMaxLength,
    onProblem,
  })
  const refusals = [...data.refusals, ...(await topKRefusals(data, facts, options))]
  if (refusals.length > 0) return { refusals }
  const files = data.files.map((file) => ({ file, digest: digests.get(file.name)! }))
  const { entries, manifest } = archiveOf(files, facts, data.topK, { ...options, docMaxLength })
  const digest = await writeFiles([outputFile], { overwrite }, async ([output]) => {
    await writeTarGzip(output!, entries)
    return output!.sync()
  })
  return {
    ...digest,
    data_sha256: dataDigest(manifest.files),
    files: manifest.files,
    top_k: data.topK,
    generation_top_k: options.generationTopK ?? data.topK,
    docs_cut: data.files.reduce((sum, { cutDocs }) => sum + cutDocs, 0),
    left_out: [...found.leftOut, ...data.leftOut],
  }
}

/** The memory of a document is a whole number of tokens; what is encoded has to have room in any model. */
function requireDocMaxLength(tokens: number): number {
  if (Number.isSafeInteger(tokens / COMPRESS_RATE) && tokens > 0 && tokens <= MOST_DOC_MAX_LENGTH)
    return tokens
  throw new ClaraError(
    'usage',
    `a doc_max_length of ${tokens}: expected a multiple of ${COMPRESS_RATE}, the trainer's compress_rate, up to ${MOST_DOC_MAX_LENGTH}`,
  )
}

/** One document a row is right where the run was asked for that. */
function onlyOne({ topK }: RunFacts): number | undefined {
  return topK === 1 ? 1 : undefined
}

interface CountedDigest extends Digest {
  rows: number
}

async function digestOf({ path }: RunFile): Promise<CountedDigest> {
  const hash = createHash('sha256')
  const count = new RowCount()
  let bytes = 0
  for await (const block of readBlocks(path)) {
    hash.update(block)
    count.add(block)
    bytes += block.byteLength
  }
  return { bytes, sha256: hash.digest('hex'), rows: count.rows }
}

function archiveOf(
  checked: { file: CheckedFile; digest: CountedDigest }[],
  facts: RunFacts,
  topK: number | null,
  {
    outputFile,
    generationTopK,
    docMaxLength,
    onProgress = () => {},
  }: Pick<PackOptions, 'outputFile' | 'generationTopK' | 'onProgress'> & { docMaxLength: number },
) {
  const data = checked.map(({ file, digest }) => packedFile(file, digest))
  const longest = new Map(checked.map(({ file }) => [file.name, file.longest]))
  const archive: Archive = {
    name: basename(outputFile),
    folder: archiveFolder(outputFile),
    stages: trainingStages(data, longest, generationTopK, docMaxLength),
    topK,
    docMaxLength,
  }
  const guides = guidesFor(data, facts, archive)
  let done = 0
  const advance = (bytes: number) => {
    done += bytes
    onProgress(done)
  }
  const entries: ArchiveEntry[] = [
    ...checked.map(({ file, digest }) => dataEntry(file, digest, advance)),
    ...Array.from(guides, ([name, text]) => textEntry(name, text)),
  ]
  const packed = [...data, ...Array.from(guides, ([name, text]) => guideFile(name, digestOfText(text)))]
  const manifest = createManifest(toolVersion(), topK, docMaxLength, facts, packed.sort(byName))
  const manifestEntry = textEntry(MANIFEST_FILE, manifestText(manifest))
  const own = { name: MANIFEST_FILE, ...digestOfText(manifestText(manifest)) }
  const sums = textEntry(SUMS_FILE, sumsText([...packed, own].sort(byName)))
  const all = [...entries, manifestEntry, sums].sort(byName)
  return { manifest, entries: all.map((entry) => ({ ...entry, name: `${archive.folder}/${entry.name}` })) }
}

/** Texts by name. */
function guidesFor(files: PackedFile[], { seed, models }: RunFacts, archive: Archive): Map<string, string> {
  const { stages, topK, docMaxLength } = archive
  const made = new Set(stages.map(({ save }) => save))
  const scripts = new Map(
    stages.map((stage) => [
      stage.script,
      trainingScript(stage, stage.from !== undefined && made.has(stage.from)),
    ]),
  )
  const guide = trainingGuide(
    { files: [...files].sort(byName), top_k: topK, doc_max_length: docMaxLength, seed, models },
    stages,
    scripts,
  )
  const ranks = stages.some(({ stage }) => stage === 'stage2')
  return new Map([
    ...scripts,
    ...(ranks ? [[EVALUATION_FILE, EVALUATION] as const] : []),
    [GUIDE_FILE, guide],
    [REQUIREMENTS_FILE, REQUIREMENTS],
    ...NOTEBOOKS.map((kind) => [kind.file, trainingNotebook(kind, archive)] as const),
  ])
}

function textEntry(name: string, text: string): ArchiveEntry {
  const bytes = Buffer.from(text)
  const mode = name.endsWith('.sh') ? 0o755 : 0o644
  return {
    name,
    mode,
    bytes: bytes.byteLength,
    async *content() {
      yield bytes
    },
  }
}

function digestOfText(text: string): Digest {
  const bytes = Buffer.from(text)
  return { bytes: bytes.byteLength, sha256: sha256(bytes) }
}

/** @param advance told of each block's bytes. */
function dataEntry(file: RunFile, expected: Digest, advance: (bytes: number) => void): ArchiveEntry {
  return {
    name: file.name,
    mode: 0o644,
    bytes: expected.bytes,
    async *content() {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const block of readBlocks(file.path)) {
        hash.update(block)
        bytes += block.byteLength
        if (bytes > expected.bytes) throw changed(file)
        yield block
        advance(block.byteLength)
      }
      if (bytes < expected.bytes || hash.digest('hex') !== expected.sha256) throw changed(file)
    },
  }
}

function changed({ path }: RunFile): ClaraError {
  return new ClaraError('input', `${path}: changed while it was packed: run again when nothing writes to it`)
}

/** By code units: a locale's order is not that of another. */
function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

function toolVersion(): string {
  const { name, version } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  return `${name} ${version}`
}
