/** clara-pack: a run directory -> one archive for the trainer, and the check of such an archive. */
import { Command } from 'commander'
import { ClaraError } from '../errors.js'
import { type Packed, packSamples } from '../samples/pack/pack.js'
import type { Refusal } from '../samples/pack/refusal.js'
import { verifyArchive } from '../samples/pack/verify.js'
import {
  example,
  type OutputFlags,
  outputFlags,
  TRAINER_FALLBACK,
  trainerFlags,
  wholeNumber,
} from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { createTalk, type Talk } from './talk.js'
import { printJson } from './terminal.js'

interface PackFlags extends OutputFlags {
  inputDir?: string
  outputFile?: string
  expectedTopK?: number
  notebook?: string
  generationTopK?: number
  withRejected?: boolean
  trainer?: string
  docMaxLength?: number
  overwrite?: boolean
  verify?: string
}

export function packCommand(): Command {
  const command = new Command('pack')
    .description(
      'Packs a run’s data with its hashes, training commands and a notebook; exit code 1 when the data is not fit.',
    )
    .option('--input-dir <dir>', 'output of clara-synth or clara-mine')
    .option(
      '--output-file <file>',
      'the archive, X.tar.gz, which unpacks into the folder X: the same bytes for the same data and name',
    )
    .option('--expected-top-k <k>', 'documents that every end-to-end row must have', wholeNumber(1, 1000))
    .option(
      '--generation-top-k <n>',
      'documents that the generator reads of each end-to-end row, at most its k: 5 of 20 are a choice, all of them none (default: k)',
      wholeNumber(1, 1000),
    )
    .option(
      '--notebook <file>',
      'your own notebook or training script: its generation_top_k must fit the data',
    )
    .option('--with-rejected', 'rejected.jsonl, too')
    .option('--overwrite', 'replace an archive of before')
    .option('--verify <file>', 'check an archive instead: is all in it as its manifest says?')
  trainerFlags(command, TRAINER_FALLBACK)
  outputFlags(command)
  example(
    command,
    'clara-pack --input-dir out --output-file clara-data.tar.gz --expected-top-k 5',
    'clara-pack --verify clara-data.tar.gz',
  )
  return command.action(async (flags: PackFlags) => {
    if (flags.verify === undefined) await pack(flags)
    else await verify(flags, flags.verify)
  })
}

async function pack(flags: PackFlags): Promise<void> {
  const {
    inputDir,
    outputFile,
    expectedTopK,
    generationTopK,
    notebook,
    withRejected,
    overwrite,
    trainer,
    docMaxLength,
  } = flags
  if (inputDir === undefined || outputFile === undefined) {
    throw new ClaraError('usage', 'pack needs --input-dir and --output-file, or --verify')
  }
  if (!/\.(tar\.gz|tgz)$/i.test(outputFile)) {
    throw new ClaraError(
      'usage',
      `--output-file ${outputFile}: expected a name ending in .tar.gz, which is what it will be`,
    )
  }
  const talk = createTalk(flags, Number.POSITIVE_INFINITY) // of findings some of each kind come
  const progress = talk.progress()
  const result = await packSamples(inputDir, {
    outputFile,
    expectedTopK,
    generationTopK,
    notebook,
    trainer,
    docMaxLength,
    withRejected,
    overwrite,
    onProblem: talk.onProblem,
    onProgress: (bytes) => progress(() => `${(bytes / 1e6).toFixed(0)} MB packed`),
  })
  talk.finish()
  if ('refusals' in result) printRefusals(flags, talk, inputDir, result.refusals)
  else printPacked(flags, talk, outputFile, result)
}

function printRefusals(flags: PackFlags, talk: Talk, directory: string, refusals: Refusal[]): void {
  if (flags.json) printJson({ ok: false, input: directory, refusals })
  for (const { file, reason, command } of refusals) {
    talk.complain(`${file}: ${reason}`)
    if (command !== null) talk.complain(`  see: ${command}`)
  }
  talk.complain('not packed: the data is not fit to train on')
  process.exitCode = EXIT.findings
}

function printPacked(flags: PackFlags, talk: Talk, output: string, packed: Packed): void {
  const { bytes, sha256, data_sha256, top_k, generation_top_k, docs_cut, files, left_out } = packed
  for (const { name, reason } of left_out) talk.remark(`left out: ${name} ${reason}`)
  const rows = files.filter((file) => file.rows !== null).map((file) => [file.name, file.rows])
  printResult(flags, {
    output,
    bytes,
    sha256,
    data_sha256,
    top_k,
    generation_top_k,
    docs_cut,
    rows: Object.fromEntries(rows),
    left_out,
  })
  process.exitCode = EXIT.ok
}

async function verify(flags: PackFlags, path: string): Promise<void> {
  if (flags.inputDir !== undefined || flags.outputFile !== undefined) {
    throw new ClaraError(
      'usage',
      '--verify checks an archive that is there: it goes without --input-dir and --output-file',
    )
  }
  const { findings, ...verified } = await verifyArchive(path)
  const talk = createTalk(flags)
  if (!flags.json) for (const finding of findings) talk.complain(`${path}: ${finding}`)
  printResult(flags, flags.json ? { ...verified, findings } : verified)
  process.exitCode = verified.ok ? EXIT.ok : EXIT.findings
}
