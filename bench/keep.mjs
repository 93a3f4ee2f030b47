import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The raw result, as text; in a file too where one is named. */
export function keep(result, path) {
  const text = `${JSON.stringify(result, null, 2)}\n`
  if (path) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return text
}
