/** clara-extract: a folder of documents -> raw_knowledge.jsonl. */
import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { ClaraError } from '../errors.js'
import { type ExtractReport, extractFolder, failuresFile } from '../extraction/extract.js'
import { type ExtractionMode, MODES } from '../extraction/rows.js'
import { type DoclingFlags, doclingOf } from './docling-flags.js'
import { openSettings, placeOf, type Settings } from './dot-env.js'
import { example, type OutputFlags, outputFlags, wholeNumber } from './flags.js'
import { refuseIdle } from './idle-flags.js'
import { printResult } from './print-result.js'
import { EXIT, onInterrupt } from './run-cli.js'
import { createTalk, type Talk } from './talk.js'
import { OF_VISION, openVision, type VisionFlags, visionFlags } from './vision-flags.js'

interface ExtractFlags extends OutputFlags, VisionFlags, DoclingFlags {
  inputDir?: string
  outputFile: string
  imageOutputDir?: string
  extractionMode?: ExtractionMode
  timeoutSeconds: number
  memoryMib: number
  maxUnpackedMib: number
  maxEntries: number
  concurrency: number
  overwrite?: boolean
}

export function extractCommand(): Command {
  const command = new Command('extract')
    .description('Makes raw_knowledge.jsonl of a folder of PDF, DOCX, PPTX, HTML, Markdown and text files.')
    .option(
      '--input-dir <dir>',
      'the documents; folders in it are read too (required, or $RAW_DATA_DIR in its place)',
    )
    .requiredOption('--output-file <file>', 'raw_knowledge.jsonl')
    .option(
      '--image-output-dir <dir>',
      'where images go (default: $EXTRACTED_ASSETS_DIR); none: they are left out',
    )
    .addOption(
      new Option(
        '--extraction-mode <mode>',
        'dict: images marked where they stand; markdown: in a list at the end; default: $EXTRACTION_MODE, or dict',
      ).choices(MODES),
    )
    .addOption(
      new Option('--backend <name>', 'built-in, or a docling-serve server')
        .choices(['built-in', 'docling'])
        .default('built-in'),
    )
    .option('--docling-url <url>', 'of that server: http://localhost:5001')
    .option('--timeout-seconds <n>', 'for one file', wholeNumber(1, 86_400), 120)
    .option('--memory-mib <n>', 'for one file', wholeNumber(64, 1 << 20), 2048)
    .option('--max-unpacked-mib <n>', 'what an archive may unpack to', wholeNumber(1, 1 << 14), 512)
    .option('--max-entries <n>', 'files in an archive', wholeNumber(1, 1_000_000), 10_000)
    .addOption(
      new Option('--concurrency <n>', 'files at once')
        .argParser(wholeNumber(1, 256))
        .default(Math.min(availableParallelism(), 4), 'cores, 4 at most'),
    )
    .option('--overwrite', 'replace the output of a run before')
  visionFlags(command)
  outputFlags(command)
  example(
    command,
    'clara-extract --input-dir handbooks/ --output-file raw_knowledge.jsonl --image-output-dir images/',
  )
  return command.action(extract)
}

async function extract(given: ExtractFlags, command: Command): Promise<void> {
  const talk = createTalk(given)
  const setting = await openSettings()
  const flags = withVariables(given, setting, talk)
  if (flags.visionModel === undefined) refuseIdle(command, OF_VISION, '--vision-model')
  const { inputDir, outputFile, imageOutputDir, mode, overwrite, memoryMib, concurrency } = flags
  const timeoutMs = flags.timeoutSeconds * 1000
  const convert = doclingOf(flags, timeoutMs)
  const vision = await openVision(flags, outputFile, setting, talk)
  onInterrupt('run the same command again: files that were parsed are not parsed again')
  const show = talk.progress()
  try {
    const report = await extractFolder({
      inputDir,
      outputFile,
      imageOutputDir,
      mode,
      overwrite,
      ownFiles: vision ? [vision.journalPath] : [],
      limits: { unpackedBytes: flags.maxUnpackedMib * 2 ** 20, entries: flags.maxEntries },
      timeoutMs,
      memoryMib,
      concurrency,
      convert,
      describe: vision?.describe,
      onProblem: talk.onProblem,
      onProgress: (done, total, what) => show(() => `${done} of ${total} ${what}`),
    })
    talk.finish()
    const { failures, ...counts } = report
    const list = failures.length > 0 ? failuresFile(outputFile) : null
    printResult(flags, {
      input: inputDir,
      output: outputFile,
      ...counts,
      ...(vision && { vision: { model: flags.visionModel, ...vision.counts } }),
      ...(flags.json ? { failures, failures_file: list } : list !== null && { failures_file: list }),
    })
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    if (list !== null) talk.complain(`what could not be read is listed in ${list}`)
    remark(report, talk.remark)
  } finally {
    await vision?.close()
  }
}

/**
 * The variables of the Python scripts, where a flag does not say otherwise; each that counts is said.
 * @throws ClaraError `usage` where one is missing or wrong.
 */
function withVariables(flags: ExtractFlags, setting: Settings, talk: Talk) {
  const variable = (flag: string, name: string, say = talk.remark) => {
    const found = setting(name)
    if (found) say(`${flag} ${found.value}: ${placeOf(found)}`)
    return found?.value
  }
  const inputDir = flags.inputDir ?? variable('--input-dir', 'RAW_DATA_DIR')
  if (inputDir === undefined) {
    throw new ClaraError(
      'usage',
      '--input-dir is missing: pass the folder of the documents, or set RAW_DATA_DIR',
    )
  }
  const imageOutputDir = flags.imageOutputDir ?? variable('--image-output-dir', 'EXTRACTED_ASSETS_DIR')
  const mode = flags.extractionMode ?? variable('--extraction-mode', 'EXTRACTION_MODE') ?? 'dict'
  if (!isMode(mode)) {
    throw new ClaraError(
      'usage',
      `EXTRACTION_MODE is ${JSON.stringify(mode)}, expected ${MODES.join(' or ')}`,
    )
  }
  const named = flags.visionModel ?? variable('--vision-model', 'VISION_MODEL', talk.complain) // images leave by it
  const visionModel = named === 'none' ? undefined : named
  if (visionModel !== undefined && imageOutputDir === undefined) {
    const off = flags.visionModel === undefined ? ', or --vision-model none' : ''
    throw new ClaraError('usage', `--vision-model describes saved images: pass --image-output-dir DIR${off}`)
  }
  return { ...flags, inputDir, imageOutputDir, mode, visionModel }
}

function isMode(name: string): name is ExtractionMode {
  return (MODES as readonly string[]).includes(name)
}

function remark({ resumed }: ExtractReport, say: (text: string) => void): void {
  if (resumed > 0) say(`${resumed} files were parsed by the run before`)
}
