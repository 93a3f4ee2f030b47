/** clara-validate: is this data fit to train on? */

import { Command, Option } from 'commander'
import { ClaraError } from '../errors.js'
import {
  DEFAULT_TRAINER,
  NO_TRAINER,
  openTrainerTokenizer,
  TRAINER_DOC_TOKENS,
} from '../inference/trainer-tokenizer.js'
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
  trainer?: string
  tokenizer?: string
  maxLen?: number
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
    .addOption(
      new Option(
        '--trainer <name|path>',
        `whose tokens are counted: mistral, qwen3 (estimated), a tokenizer’s file or folder, or none; default: ${DEFAULT_TRAINER}`,
      ),
    )
    .addOption(
      new Option(
        '--doc-max-tokens <n>',
        `the trainer’s --doc_max_length: longer documents are errors, as answers behind the cut always are; default: ${TRAINER_DOC_TOKENS}, longer ones are warned of`,
      ).argParser(wholeNumber(1)),
    )
    .option(
      '--max-len <n>',
      'the trainer’s --max_len; default: that of its scripts, more for many documents',
      wholeNumber(1),
    )
    .addOption(new Option('--tokenizer <path>', 'as --trainer, before there was one').hideHelp())
    .option('--schema-only', 'look at fields and their types alone')
    .option('--strict', 'warnings count as findings')
    .option('--verbose', 'name every finding, not the first 20 of each kind')
  outputFlags(command)
  example(
    command,
    'clara-validate --input-file out/end_to_end_data.jsonl --expected-top-k 5',
    'clara-validate --input-file out --strict --trainer Qwen3-8B',
  )
  return command.action(validate)
}

async function validate(flags: ValidateFlags) {
  const { inputFile, trainer, tokenizer, docMaxTokens, maxLen, json, quiet, verbose, ...options } = flags
  const talk = createTalk({ ...(quiet && { quiet }) }, Number.POSITIVE_INFINITY) // some of each kind come
  const counter = await counterFor(flags)
  try {
    const report = await validateFiles(await sampleFilesOf(inputFile), {
      ...options,
      ...(verbose && { everyProblem: true }),
      onProblem: talk.onProblem,
      ...(counter && {
        ...(docMaxTokens !== undefined && { docMaxTokens }),
        docTokensRead: TRAINER_DOC_TOKENS,
        countTokens: counter.countTokens,
        countedBy: counter.title,
        ...(!options.schemaOnly && { lengths: { maxLen, mistral: counter.name === DEFAULT_TRAINER } }),
      }),
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

/** Undefined where nothing is counted. */
async function counterFor({ trainer, tokenizer, docMaxTokens, maxLen, schemaOnly }: ValidateFlags) {
  if (trainer !== undefined && tokenizer !== undefined) {
    throw new ClaraError('usage', '--tokenizer and --trainer name the same thing: give one of them')
  }
  const named = trainer ?? tokenizer
  const limited = docMaxTokens !== undefined || maxLen !== undefined
  if (named === NO_TRAINER) {
    if (!limited) return undefined
    throw new ClaraError(
      'usage',
      '--doc-max-tokens and --max-len count the trainer’s tokens: name it as --trainer',
    )
  }
  if (schemaOnly && named === undefined && !limited) return undefined
  return openTrainerTokenizer(named)
}
