/** What every command shares: names, flags in either spelling, errors, exit codes, signals. */
import '../runtime/telemetry.js'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, CommanderError, Help, type Option } from 'commander'
import { ClaraError, isErrno, messageOf } from '../errors.js'
import { closeThreads } from '../files/worker-thread.js'
import { COMMANDS, type CommandName } from './commands.js'
import { scriptFlags } from './script-flags.js'
import { finishTalk } from './talk.js'
import { clearProgress, guardOutput, print, tell } from './terminal.js'

export const EXIT = { ok: 0, findings: 1, error: 2, interrupted: 130 } as const

/** @param only the command of a `clara-<command>` binary; none for `clara` itself. */
export async function runCli(only?: CommandName): Promise<void> {
  // Node ends on SIGHUP even under nohup: it gives signals that are ignored their default back
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted)
  guardOutput(unwritable)
  process.on('uncaughtException', (error) => {
    process.exitCode = report(error)
    process.exit()
  })
  try {
    await runArguments(process.argv.slice(2), only)
  } catch (error) {
    if (!isInterrupted) process.exitCode = report(error)
  }
}

/** What goes wrong is thrown. */
export async function runArguments(given: string[], only?: CommandName): Promise<void> {
  const args = helpLast(given.map(kebabCase), only)
  const program = only ? await standalone(only) : await umbrella(args)
  await program.parseAsync(withoutVainHelp(program, args), { from: 'user' })
}

/** The work is done, but who asked for it does not get to know. */
function unwritable(error: NodeJS.ErrnoException): void {
  tell(`error: stdout cannot be written: ${error.message}${remedyOf(error)}`)
  process.once('exit', () => {
    process.exitCode = EXIT.error
  })
}

let interruptedHint: string | (() => string) = 'nothing was written; run the same command again'

/** Says how to go on after an interruption; a command that keeps its work says so here. */
export function onInterrupt(hint: string | (() => string)): void {
  interruptedHint = hint
}

/** How long a native call may take to end; longer ones are cut, which prints an abort. */
const PATIENCE_MS = 5000
let isInterrupted = false

async function interrupted(): Promise<void> {
  isInterrupted = true
  const hint = typeof interruptedHint === 'string' ? interruptedHint : interruptedHint()
  clearProgress()
  tell(`interrupted: ${hint}`)
  await Promise.race([closeThreads(), sleep(PATIENCE_MS)])
  process.exit(EXIT.interrupted)
}

async function standalone(name: CommandName): Promise<Command> {
  return dress(await COMMANDS[name].load()).name(`clara-${name}`)
}

/** Loads only the command that is asked for; the others are named in the help. */
async function umbrella(args: string[]): Promise<Command> {
  const program = dress(new Command('clara')).description(
    'Offline top-k training data: local embeddings, a USearch index, hard negatives.',
  )
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = args[0] === name ? dress(await load()) : new Command(name)
    program.addCommand(command.summary(summary))
  }
  program.addHelpText('after', '\nExample:\n  $ clara index build --input-file docs/ --output-dir my-index\n')
  return program
}

function dress(command: Command): Command {
  for (const each of [command, ...command.commands]) {
    scriptFlags(each, each === command ? each.name() : `${command.name()} ${each.name()}`)
    each.exitOverride().showHelpAfterError('(--help shows all flags)')
    each.configureOutput({
      writeOut: (text) => print(linesOf(text)),
      writeErr: (text) => tellAll(linesOf(text)),
      outputError: (text) => tellAll(complaintLines(text)),
      getOutHelpWidth: () => helpWidth(process.stdout),
      getErrHelpWidth: () => helpWidth(process.stderr),
    })
    each.configureHelp({ optionDescription })
    each.hook('preAction', (_, action) => requireValues(action))
    nameUnknownFlags(each)
  }
  return command.version(packageVersion())
}

/** `help index build` and `index help build` are `index build --help`. */
function helpLast(args: string[], only: CommandName | undefined): string[] {
  const at = args[0] === 'help' ? 0 : !only && args[1] === 'help' ? 1 : -1
  return at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 1), '--help']
}

/** Help on a name that is no command would be help on all of them: that the name is none is what to say. */
function withoutVainHelp(command: Command, args: string[]): string[] {
  const [name, ...rest] = args
  if (name === undefined || name.startsWith('-') || command.commands.length === 0) return args
  const next = command.commands.find((each) => each.name() === name)
  if (next) return [name, ...withoutVainHelp(next, rest)]
  return [name, ...rest.filter((arg) => arg !== '--help' && arg !== '-h')]
}

/**
 * A misspelt flag is what to speak of, not the required one that is missing for it; and of `--flag=value` the flag only,
 * because the value may be a key.
 */
function nameUnknownFlags(command: Command): void {
  command.parseOptions = (args) => {
    const parsed = Command.prototype.parseOptions.call(command, args)
    if (command.commands.length > 0) return parsed // what it does not know may be its commands' flags
    const { operands, unknown } = parsed
    const isFlag = (arg: string) => /^--[a-z]/i.test(arg) && arg !== '--help'
    if (unknown.some(isFlag)) for (const option of command.options) option.mandatory = false
    return { operands, unknown: unknown.map((arg) => (isFlag(arg) ? arg.replace(/=.*/s, '') : arg)) }
  }
}

/** Commander's own texts end with a line end. */
function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** A complaint quotes what was typed, line ends and all; only the suggestion below it is a line of its own. */
function complaintLines(text: string): string[] {
  const [, complaint, suggestion] = /^(.*?)(?:\n(\(Did you mean [^\n]*\)))?\n?$/s.exec(text)!
  return suggestion === undefined ? [complaint!] : [complaint!, suggestion]
}

function tellAll(lines: string[]): void {
  for (const line of lines) tell(line)
}

/** As wide as a terminal up to 100; what goes to a file is the same everywhere. */
function helpWidth({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY && columns > 0 ? Math.min(columns, 100) : 100
}

function optionDescription(option: Option): string {
  const text = Help.prototype.optionDescription.call(new Help(), option)
  return option.mandatory ? `${text} (required)` : text
}

/** An empty value is a shell variable that was not set: `--output-dir "$OUT"`. What is parsed has said so by then. */
function requireValues(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName()
    const value: unknown = command.getOptionValue(name)
    // commander makes '' of the `undefined` that a parser returns: `--device auto`
    if (option.parseArg) {
      if (value === '') command.setOptionValue(name, undefined)
    } else if (value === '' || (Array.isArray(value) && value.includes('')))
      throw new ClaraError('usage', `${option.long} is empty: expected a value (${option.flags})`)
  }
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

/** `--target_top_k=5` is `--target-top-k=5`: the Python scripts' command lines carry over. */
function kebabCase(arg: string): string {
  if (!/^--[a-z]/.test(arg)) return arg
  const end = arg.indexOf('=')
  const flag = end < 0 ? arg : arg.slice(0, end)
  return flag.replaceAll('_', '-') + (end < 0 ? '' : arg.slice(end))
}

/** What the system's own messages leave open. */
const REMEDIES: Record<string, string> = {
  EACCES: 'choose a folder that you may write to, or change its permissions',
  EPERM: 'choose a folder that you may write to, or change its permissions',
  EROFS: 'choose a folder on a file system that can be written',
  ENOSPC: 'make room, then run the same command again',
}

function remedyOf(error: unknown): string {
  if (isErrno(error) && error.syscall === 'uv_cwd')
    return ': the working directory was removed: change to another one'
  const remedy = isErrno(error) ? REMEDIES[error.code ?? ''] : undefined
  return remedy ? `: ${remedy}` : ''
}

/** Without the message, which stands above. */
function stackOf({ stack = '' }: Error): string[] {
  return stack.slice(stack.search(/^ {4}at /m)).split('\n')
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.error // commander has said it
  const expected = error instanceof ClaraError || isErrno(error)
  finishTalk()
  if (expected) tell(`error: ${messageOf(error)}${remedyOf(error)}`)
  else {
    tell(
      `error: this is a bug in clara-topk: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
    )
    if (error instanceof Error) tellAll(stackOf(error))
  }
  if (error instanceof ClaraError) tellAll([...error.advice])
  if (error instanceof ClaraError && error.code === 'budget') return EXIT.findings // all that was asked for was done
  return EXIT.error
}
