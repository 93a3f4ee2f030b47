import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parserOf } from '#clara/extraction/formats.js'
import { score } from '../../bench/extract/measure.mjs'

const DATA = fileURLToPath(new URL('../../../shared/data/documents/', import.meta.url))
const LIMITS = { unpackedBytes: 256 << 20, entries: 10_000 }

describe.skipIf(!existsSync(DATA))('real files (skipped without shared/data)', () => {
  it.each([
    ['docx', 0.99],
    ['html', 0.98],
    ['md', 0.99],
  ])('%s: mean token F1 of at least %d', async (format, least) => {
    const folder = join(DATA, format)
    const names = readdirSync(folder).filter((name) => name.endsWith(`.${format}`))
    let sum = 0
    for (const name of names) {
      const { markdown } = await (await parserOf(name))(readFileSync(join(folder, name)), LIMITS)
      sum += score(markdown, readFileSync(join(folder, 'groundtruth', `${name}.md`), 'utf8')).f1
    }
    expect(sum / names.length).toBeGreaterThanOrEqual(least)
  })
})
