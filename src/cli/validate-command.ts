/** clara-validate: is this data fit to train on? */

import { Command, Option } from 'commander'
import { ClaraError } from '../errors.js'
import { openTokenizer } from '../inference/open-tokenizer.js'
import { openTrainerTokenizer } from '../inference/trainer-tokenizer.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '../models/resolve.js'
import { STAGES, type Stage } from '../samples/stages.js'
import { sampleFilesOf } from '../samples/validate/input-files.js'
import { renderFiles } from '../samples/validate/report.js'
import { validateFiles } from '../samples/validate.js'
import { example, type OutputFlags, outputFlags, wholeNumber } from './flags.js'
import { EXIT } from './run-cli.js'
import { createTalk } from './talk.js'
import { print, printJson } from './terminal.js'

interface ValidateFlags extends OutputFlags {
  inputFile: string[]
  stage?: Stage
  expectedTopK?: number
  docMaxTokens?: number
  tokenizer?: string
  schemaOnly?: boolean
  strict?: boolean
  verbose?: boolean
}

export function validateCommand(): Command {
  const command = new Command('validate')
    .description('Checks files of samples of all stages; exit code 1 when there are findings.')
    .requiredOption(
      '--input-file <path...>',
      'end_to_end_data.jsonl, other files of samples, or folders of them; several are compared as sides of a split',
    )
    .addOption(
      new Option('--stage <stage>', 'what the files are for; default: what their names or rows say').choices(
        STAGES,
      ),
    )
    .option(
      '--expected-top-k <k>',
      'documents that every sample of the last stage must have',
      wholeNumber(1, 1000),
    )
    .option(
      '--doc-max-tokens <n>',
      'report documents longer than this, and answers that are cut off',
      wholeNumber(1),
    )
    .option('--tokenizer <path>', 'tokenizer.json of the trainer’s model; default: of the default embedder')
    .option('--schema-only', 'look at fields and their types alone')
    .option('--strict', 'warnings count as findings')
    .option('--verbose', 'name every finding, not the first 20 of each kind')
  outputFlags(command)
  example(
    command,
    'clara-validate --input-file out/end_to_end_data.jsonl --expected-top-k 5',
    'clara-validate --input-file out --strict --doc-max-tokens 256 --tokenizer Mistral-7B/tokenizer.json',
  )
  return command.action(validate)
}

async function validate({ inputFile, tokenizer: path, json, quiet, verbose, ...options }: ValidateFlags) {
  const talk = createTalk({ ...(quiet && { quiet }) }, Number.POSITIVE_INFINITY) // some of each kind come
  const counter = await tokenizerFor(options.docMaxTokens, path)
  try {
    const report = await validateFiles(await sampleFilesOf(inputFile), {
      ...options,
      ...(verbose && { everyProblem: true }),
      onProblem: talk.onProblem,
      ...(counter && { countTokens: counter.countTokens }),
    })
    talk.finish()
    const one = report.files.length === 1 ? report.files[0] : report
    if (json) printJson(one!)
    else if (!quiet) print(renderFiles(report).split('\n'))
    process.exitCode = report.ok ? EXIT.ok : EXIT.findings
  } finally {
    await counter?.close()
  }
}

async function tokenizerFor(limit: number | undefined, path: string | undefined) {
  if (limit === undefined) {
    if (path === undefined) return undefined
    throw new ClaraError('usage', '--tokenizer counts for --doc-max-tokens: give both')
  }
  return path === undefined
    ? openTokenizer(await resolveEmbedder(DEFAULT_EMBEDDER))
    : openTrainerTokenizer(path)
}
