/** What a program hands to the library, checked where it comes in: each message says what was expected, and what came. */
import { ClaraError } from './errors.js'

type Check = (name: string, value: unknown) => void

/** @returns a check of values that are there; `undefined` stands for the default. */
export function optional(check: Check): Check {
  return (name, value) => value === undefined || check(name, value)
}

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
  return (name, value) =>
    expect(
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
      name,
      value,
      `a whole number ${range}`,
    )
}

/** Over 0 and at most 1. */
export const share: Check = (name, value) =>
  expect(typeof value === 'number' && value > 0 && value <= 1, name, value, 'a number over 0 and at most 1')

/** @param of for example `the path of a folder`. */
export function text(of: string): Check {
  return (name, value) => expect(typeof value === 'string' && value !== '', name, value, of)
}

export const texts: Check = (name, value) => {
  expect(Array.isArray(value), name, value, 'a list of strings')
  for (const [i, each] of (value as unknown[]).entries()) {
    expect(typeof each === 'string', `${name}[${i}]`, each, 'a string')
  }
}

export function oneOf(choices: readonly string[]): Check {
  return (name, value) =>
    expect(choices.includes(value as string), name, value, `one of ${choices.join(', ')}`)
}

export const flag: Check = (name, value) => expect(typeof value === 'boolean', name, value, 'true or false')

export const callback: Check = (name, value) => expect(typeof value === 'function', name, value, 'a function')

/** An object whose values are finite numbers, true or false; `undefined` stands for the default of each. */
export const settings: Check = (name, value) => {
  expect(typeof value === 'object' && value !== null, name, value, 'an object')
  for (const [key, each] of Object.entries(value as object)) {
    const isRight = each === undefined || typeof each === 'boolean' || Number.isFinite(each)
    expect(isRight, `${name}: ${key}`, each, 'a number, or true or false')
  }
}

/** @param key that tells it from other objects; `from`: where one comes from. */
export function objectWith(key: string | symbol, from: string): Check {
  return (name, value) =>
    expect(typeof value === 'object' && value !== null && key in value, name, value, from)
}

export const stream: Check = objectWith(
  Symbol.asyncIterator,
  'something for "for await", such as readDocuments() and readQuestions() return',
)

/** @throws ClaraError `usage` for the first that is not right. */
export function requireOptions(of: string, options: unknown, checks: Record<string, Check>): void {
  expect(typeof options === 'object' && options !== null, `${of}: options`, options, 'an object')
  for (const [key, check] of Object.entries(checks))
    check(`${of}: ${key}`, (options as Record<string, unknown>)[key])
}

/** @throws ClaraError `usage`. */
export function requireArgument(name: string, value: unknown, check: Check): void {
  check(name, value)
}

function expect(isRight: boolean, name: string, value: unknown, expected: string): void {
  if (!isRight) throw new ClaraError('usage', `${name} is ${shown(value)}, expected ${expected}`)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object of another kind'
  return typeof value === 'function' ? 'a function' : String(value)
}
