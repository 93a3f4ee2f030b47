import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FINDING_KINDS } from '#clara/samples/validate/kinds.js'

test('docs/validate.md has the table of findings', () => {
  const text = readFileSync(new URL('../../../docs/validate.md', import.meta.url), 'utf8')
  const rows = Object.entries(FINDING_KINDS).map(
    ([kind, { level, meaning, remedy }]) => `| ${kind} | ${level} | ${meaning} | ${remedy} |`,
  )
  expect(text).toContain(`\n${rows.join('\n')}\n\n`)
})
