import type { OutputFlags } from './flags.js'

/** One JSON object, or a line or more for each of its entries; nothing with --quiet. */
export function printResult(flags: OutputFlags, result: object): void {
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else if (!flags.quiet) process.stdout.write(lines(result))
}

function lines(result: object): string {
  const width = Math.max(...Object.keys(result).map((key) => key.length))
  return Object.entries(result)
    .flatMap(([key, value]) => {
      const [first, ...more] = shown(value)
      return [`${key.padEnd(width)}  ${first}\n`, ...more.map((line) => `${' '.repeat(width + 2)}${line}\n`)]
    })
    .join('')
}

/** An object in an object has a line of its own. */
function shown(value: unknown): string[] {
  if (!isPlain(value)) return [one(value)]
  const flat = Object.entries(value).filter(([, each]) => !isPlain(each))
  const nested = Object.entries(value).filter(([, each]) => isPlain(each))
  const pairs = flat.map(([key, each]) => `${key} ${one(each)}`).join(', ')
  const rest = nested.map(([key, each]) => `${key}: ${shown(each).join('; ')}`)
  return flat.length > 0 || nested.length === 0 ? [pairs || '-', ...rest] : rest
}

function one(value: unknown): string {
  if (value === null) return '-'
  if (!Array.isArray(value)) return String(value)
  return (
    value.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join(', ') || '-'
  )
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
