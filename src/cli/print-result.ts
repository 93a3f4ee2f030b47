import { isObject } from '../files/json-value.js'
import type { OutputFlags } from './flags.js'
import { print, printJson } from './terminal.js'

/** One JSON object, or a line or more for each of its entries; nothing with --quiet. */
export function printResult(flags: OutputFlags, result: object): void {
  if (flags.json) printJson(result)
  else if (!flags.quiet) print(lines(result))
}

function lines(result: object): string[] {
  const rows = rowsOf(result)
  const width = Math.max(...rows.map(([key]) => key.length))
  return rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`)
}

/** An object of objects has a row for each of them: `scores.positive`. */
function rowsOf(result: object, prefix = ''): [string, string][] {
  return Object.entries(result).flatMap(([key, value]): [string, string][] =>
    isNested(value) ? rowsOf(value, `${prefix}${key}.`) : [[prefix + key, shown(value)]],
  )
}

function isNested(value: unknown): value is object {
  return isObject(value) && Object.values(value).some(isObject)
}

function shown(value: unknown): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.every(isPlain) ? value.join(', ') || 'none' : JSON.stringify(value)
  if (!isObject(value)) return String(value)
  const entries = Object.entries(value)
  return entries.map(([key, each]) => `${key} ${shownInLine(each)}`).join(', ') || 'none'
}

/** A blank at the end of a prefix counts: strings of an object are quoted where it would not be seen. */
function shownInLine(value: unknown): string {
  return typeof value === 'string' && (value === '' || value !== value.trim())
    ? JSON.stringify(value)
    : shown(value)
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}
