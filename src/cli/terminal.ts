/**
 * The one place that writes to stdout and stderr. Whatever is printed goes through `printable`, a reader that has gone
 * is no error, and output that cannot be written is one.
 */
import { fstatSync, writeSync } from 'node:fs'
import { isErrno } from '../errors.js'
import { toJson } from '../files/well-formed.js'
import { printable, printableJson } from './printable.js'

/** A longer text is written in parts: one string cannot hold any length. */
const PART = 1 << 16
const CLEAR_LINE = '\r\x1b[K'

const { stdout, stderr } = process
const write = { stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr) }
/** A file takes what fits on the disk and says so; Node's stream for it passes that over. */
const isFile = isRegular(1)

/** The line of progress on the terminal: what is printed next takes its place. */
let open = false
let readerGone = false
let failure: NodeJS.ErrnoException | undefined

/** Whether a line of progress can be shown and replaced. */
export const hasTerminal =
  stderr.isTTY === true && (process.platform === 'win32' || !['', 'dumb'].includes(process.env.TERM ?? ''))

/**
 * From here on what libraries, threads and Node itself print is made printable, and what goes wrong with the output
 * decides the exit code. For the start of a command.
 */
export function guardOutput(onFailure: (error: NodeJS.ErrnoException) => void): void {
  for (const [stream, raw] of [
    [stdout, write.stdout],
    [stderr, write.stderr],
  ] as const) {
    stream.write = (chunk, encoding?: unknown, done?: unknown) =>
      raw(foreign(chunk), (typeof encoding === 'function' ? encoding : done) as (() => void) | undefined)
  }
  const failed = (error: NodeJS.ErrnoException) => {
    if (failure || readerGone) return
    // EIO: the terminal was closed
    if (isErrno(error, 'EPIPE', 'ECONNRESET', ...(stdout.isTTY ? ['EIO'] : []))) readerGone = true
    else {
      failure = error
      onFailure(error)
    }
  }
  stdout.on('error', failed)
  stderr.on('error', () => {}) // nowhere is left to say so, and the work goes on
}

/** Lines for stdout: data. */
export function print(lines: Iterable<string>): void {
  let part = ''
  for (const line of lines) {
    part += `${printable(line)}\n`
    if (part.length < PART) continue
    put(part)
    part = ''
  }
  put(part)
}

/** One line of JSON for stdout. */
export function printJson(value: object): void {
  printJsonParts([toJson(value)])
}

/** As printJson, for a text that comes in parts, each of which is a value with what stands around it. */
export function printJsonParts(parts: Iterable<string>): void {
  for (const part of parts) put(printableJson(part))
  put('\n')
}

/** A line for stderr. */
export function tell(line: string): void {
  write.stderr(`${open ? CLEAR_LINE : ''}${printable(line)}\n`)
  open = false
}

/** A line for stderr that the next one replaces, cut to the width of the terminal. */
export function tellProgress(line: string): void {
  write.stderr(CLEAR_LINE + fitting(printable(line), (stderr.columns || 80) - 1))
  open = true
}

export function clearProgress(): void {
  if (open) write.stderr(CLEAR_LINE)
  open = false
}

function put(text: string): void {
  if (text === '' || readerGone || failure) return
  if (!isFile) write.stdout(text)
  else {
    const bytes = Buffer.from(text)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
    } catch (error) {
      stdout.emit('error', error)
    }
  }
}

/** What others print comes as it is; its lines stay lines. */
function foreign(chunk: Uint8Array | string): string {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
  return text.split('\n').map(printable).join('\n')
}

/** Letters of East Asia and pictures take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{3fffd}]/u

function fitting(line: string, columns: number): string {
  let width = 0
  let end = 0
  for (const letter of line) {
    width += WIDE.test(letter) ? 2 : /\p{M}/u.test(letter) ? 0 : 1
    if (width > columns) break
    end += letter.length
  }
  return line.slice(0, end)
}

function isRegular(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
