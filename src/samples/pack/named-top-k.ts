/**
 * The `generation_top_k` that a notebook or a training script of the user's own passes to the trainer.
 *
 * Each stage has its own, so that each is compared with the data of its stage: what a command trains on is known by its
 * `--dataset`, else by its `--stage`: on the same line, else anywhere in the command. A command that does not pass it
 * has the trainer's default. Variables are looked up in the same file.
 */
import { readFile, stat } from 'node:fs/promises'
import { ClaraError } from '../../errors.js'
import { isObject } from '../../files/json-value.js'
import { readError } from '../../files/read-error.js'
import type { Stage } from '../stages.js'

interface NamedTopK {
  stage: Stage
  /** `undefined` where it cannot be told. */
  value: number | undefined
  /** As it stands there; `undefined` where a command leaves it to the trainer. */
  text: string | undefined
  /** Whether the command chooses so many documents of a row: `--stage stage2`, on whatever data. Others assert their number. */
  chooses: boolean
}

const TRAINERS_DEFAULT = 1

const MOST_BYTES = 64 << 20

/** @throws ClaraError `input` when the file cannot be read. */
export async function readNamedTopK(path: string): Promise<NamedTopK[]> {
  return namedTopK(await readSource(path))
}

async function readSource(path: string): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isFile() || info.size > MOST_BYTES) {
      throw new ClaraError('input', `${path}: is no file of at most ${MOST_BYTES >> 20} MiB`)
    }
    return codeOf(await readFile(path, 'utf8'))
  } catch (error) {
    throw readError(path, error)
  }
}

/** The code cells of a notebook; anything else as it is. */
function codeOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || !Array.isArray(value.cells)) return text
    return value.cells
      .filter((cell) => isObject(cell) && cell.cell_type === 'code')
      .map(({ source }) => (Array.isArray(source) ? source.join('') : String(source)))
      .join('\n')
  } catch {
    return text
  }
}

export function namedTopK(source: string): NamedTopK[] {
  const lines = source
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
  const variables = assignments(lines)
  const found = commands(lines).flatMap((command) => passed(command, variables))
  if (found.some(({ text }) => text !== undefined)) return found
  const parameters = lines.flatMap(named)
  return parameters.length > 0 ? parameters : found
}

/** Lines from each call of the trainer on; what stands before the first belongs to it. */
function commands(lines: string[]): string[][] {
  const calls = lines.some((line) => line.includes('train_sft')) ? /train_sft/ : /--stage\b/
  const starts = lines.flatMap((line, i) => (calls.test(line) ? [i] : []))
  return [0, ...starts.slice(1)].map((start, i) => lines.slice(start, starts[i + 1]))
}

function passed(command: string[], variables: ReadonlyMap<string, number>): NamedTopK[] {
  const whole = command.join('\n')
  const chooses = /^stage2|^$/.test(trainersStage(whole) ?? '')
  const found = command.flatMap((line) =>
    Array.from(line.matchAll(/--generation_top_k(?:\s+|=|["'],\s*)(["']?[^\s,;)\]]+)/g), ([, text]) => ({
      stage: stageOf(line) ?? stageOf(whole) ?? 'end-to-end',
      value: numberOf(text!, variables),
      text: text!,
      chooses,
    })),
  )
  const stage = stageOf(whole)
  if (found.length > 0 || stage === undefined) return found
  return [{ stage, value: TRAINERS_DEFAULT, text: undefined, chooses }]
}

/** Where no command shows it, a parameter of that name: `GENERATION_TOP_K = 5`, `"generation_top_k": 5`. */
function named(line: string): NamedTopK[] {
  const found = line.matchAll(/\bgeneration_top_k["']?\s*[=:]\s*(\d+)/gi)
  return Array.from(found, ([, text]) => ({
    stage: 'end-to-end',
    value: Number(text),
    text: text!,
    chooses: true,
  }))
}

/** `NAME = 5` of Python, `NAME=5` and `NAME=${NAME:-5}` of a shell; the last one counts. */
function assignments(lines: string[]): Map<string, number> {
  const variables = new Map<string, number>()
  for (const line of lines) {
    const match =
      /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*["']?(?:\$\{\w+:?-)?(\d+)\}?["']?\s*(?:[#;].*)?$/.exec(line)
    if (match) variables.set(match[1]!, Number(match[2]))
  }
  return variables
}

function numberOf(text: string, variables: ReadonlyMap<string, number>): number | undefined {
  const bare = text.replace(/^["']|["']$/g, '')
  if (/^\d+$/.test(bare)) return Number(bare)
  const fallback = /^\$\{\w+:?-(\d+)\}$/.exec(bare)
  const name = /^(?:\$?\{?|str\()(\w+)(?::?-\d+)?[})]?$/.exec(bare)?.[1]
  return (
    (name === undefined ? undefined : variables.get(name)) ?? (fallback ? Number(fallback[1]) : undefined)
  )
}

function trainersStage(command: string): string | undefined {
  return /--stage(?:\s+|=|["'],\s*)["']?(\w+)/.exec(command)?.[1]
}

function stageOf(command: string): Stage | undefined {
  const dataset = /--dataset(?:\s+|=|["'],\s*)(\S+)/.exec(command)?.[1] ?? ''
  if (/pretrain/i.test(dataset)) return 'pretrain'
  if (/instruct/i.test(dataset)) return 'instruction'
  if (/end_?to_?end|e2e/i.test(dataset)) return 'end-to-end'
  const stage = trainersStage(command)
  if (stage === undefined) return undefined
  if (stage === 'stage1') return 'pretrain'
  return stage === 'stage1_2' ? 'instruction' : 'end-to-end'
}
