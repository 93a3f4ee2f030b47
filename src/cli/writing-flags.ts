/** What clara-synth takes to say what is written, what of it is believed, and which files come of it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ClaraError } from '../errors.js'
import { DEFAULT_SHARES, parseShares, type TypeShares } from '../questions/pair-types.js'
import type { Writing } from '../questions/prompt.js'
import {
  ANSWERS_IN,
  type AnswersIn,
  PROMPT_LANGUAGES,
  type PromptLanguage,
  readTemplate,
} from '../questions/template.js'
import { STAGES, type Stage } from '../samples/stages.js'
import { wholeNumber } from './flags.js'

export interface WritingFlags {
  pairsPerChunk: number
  types: TypeShares
  prompt?: string
  promptLanguage: PromptLanguage
  crossLingualAnswers: AnswersIn
  roundTrip: number
  stages: Stage[]
  split?: number
}

export function writingFlags(command: Command): Command {
  return command
    .option('--pairs-per-chunk <n>', 'questions for each chunk', wholeNumber(1, 50), 1)
    .addOption(
      new Option(
        '--types <list>',
        'kinds of questions with their shares: fact, reasoning, cross-lingual, multi-hop',
      )
        .argParser(parseShares)
        .default(DEFAULT_SHARES, 'fact:0.7,reasoning:0.3'),
    )
    .addOption(
      new Option('--cross-lingual-answers <whose>', 'language of answers to cross-lingual questions')
        .choices(ANSWERS_IN)
        .default('question'),
    )
    .option('--prompt <file>', 'a prompt of your own, with {token} and {pairs} in it')
    .addOption(
      new Option('--prompt-language <language>', 'of the prompt; auto: Chinese for Chinese passages')
        .choices(PROMPT_LANGUAGES)
        .default('auto'),
    )
    .option(
      '--round-trip <n>',
      'a question must find its chunk among so many, with embeddings; 0: need not',
      wholeNumber(0, 1000),
      20,
    )
    .addOption(
      new Option('--stages <list>', 'stages of training to write files for')
        .argParser(parseStages)
        .default(STAGES, STAGES.join(',')),
    )
    .option(
      '--split <train/validation>',
      'shares of the documents, as 0.9/0.1; none: one set of files',
      parseSplit,
    )
}

/** @throws ClaraError for a prompt that cannot be used. */
export async function writingOf(flags: WritingFlags): Promise<Writing> {
  const { pairsPerChunk, types: shares, promptLanguage, crossLingualAnswers, prompt } = flags
  const template = prompt === undefined ? undefined : await readTemplate(prompt)
  return {
    pairsPerChunk,
    shares,
    promptLanguage,
    crossLingualAnswers,
    ...(template !== undefined && { template }),
  }
}

function parseStages(text: string): Stage[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !STAGES.some((stage) => stage === name))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`${JSON.stringify(unknown)} is no stage: expected ${STAGES.join(', ')}`)
  }
  return STAGES.filter((stage) => names.includes(stage))
}

/** @returns the share of the training side. */
function parseSplit(text: string): number {
  const [train, validation, ...rest] = text.split('/').map(Number)
  const sum = (train ?? Number.NaN) + (validation ?? Number.NaN)
  if (rest.length === 0 && train! > 0 && validation! > 0 && Math.abs(sum - 1) < 1e-6) return train!
  throw new ClaraError('usage', `--split ${text}: expected two shares that add up to 1, as 0.9/0.1`)
}
