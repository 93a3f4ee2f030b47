import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = [
  'README.md',
  ...['docs', 'docs/zh'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
].filter((page) => page.endsWith('.md'))

describe('the documents', () => {
  it('hold the --help of the commands as it is', () => {
    execFileSync(process.execPath, [join(root, 'scripts/commands-doc.mjs'), '--check'], { stdio: 'pipe' })
  })

  it('hold the catalogue of models as it is', () => {
    execFileSync(process.execPath, [join(root, 'scripts/models-doc.mjs'), '--check'], { stdio: 'pipe' })
  })

  it('show an example in every help', () => {
    const sections = readFileSync(join(root, 'docs/commands.md'), 'utf8').split(/^## /m).slice(1)
    expect(sections.length).toBeGreaterThan(5)
    for (const section of sections) expect(section).toMatch(/Example:\n {2}\$ clara/)
  })

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(existsSync(join(root, dirname(page), link!)), `${page}: ${link}`).toBe(true)
    }
  })
})
