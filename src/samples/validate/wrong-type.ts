/** Types of fields, and how a message says that one is wrong. */

/** A string with more in it than white space. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString)
}

export function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isInteger)
}

export function wrongText(value: unknown): string {
  const came = typeof value === 'string' ? 'blank' : typeName(value)
  return `is ${came}, a non-blank string was expected`
}

export function wrongList(value: unknown, item: 'string' | 'integer'): string {
  const expected = `a list of ${item}s was expected`
  if (!Array.isArray(value)) return `is ${typeName(value)}, ${expected}`
  const at = value.findIndex((x) => !(item === 'string' ? isString(x) : Number.isInteger(x)))
  const came = typeof value[at] === 'number' ? String(value[at]) : typeName(value[at])
  return `holds ${came} at ${at}, ${expected}`
}

export function typeName(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

export function docCount(count: number): string {
  return count === 1 ? '1 doc' : `${count} docs`
}

const isString = (value: unknown) => typeof value === 'string'
