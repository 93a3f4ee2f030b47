import type { OutputFlags } from './flags.js'

/** One JSON object, or a line for each of its entries; nothing with --quiet. */
export function printResult(flags: OutputFlags, result: object): void {
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else if (!flags.quiet) process.stdout.write(lines(result))
}

function lines(result: object): string {
  const width = Math.max(...Object.keys(result).map((key) => key.length))
  const shown = (value: unknown) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
  return Object.entries(result)
    .map(([key, value]) => `${key.padEnd(width)}  ${shown(value)}\n`)
    .join('')
}
