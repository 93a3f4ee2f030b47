import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import { reportRun } from '#clara/samples/report/report.js'
import { useDirectory } from '../../support/directory.js'
import { HOSTILE, writeHostileRun } from '../../support/hostile-run.js'
import { ringRow, writeRun } from '../../support/run-files.js'

const directory = useDirectory()
const path = (name: string) => join(directory.path, name)

async function pageOf(run: string, outputFile = path('report.html')): Promise<string> {
  await reportRun(path(run), {
    outputFile,
    shown: 50,
    seed: 42,
    countTokens: async (texts) => texts.map((text) => text.length),
    onProblem: () => {},
  })
  return readFileSync(outputFile, 'utf8')
}

const TAGS =
  'html head meta title style body script a header h1 h2 h3 p ul li b span nav main section dl div dt dd table caption thead tr th tbody td ' +
  'details summary code figure figcaption svg g path line rect text article footer form input output button noscript'
const ATTRIBUTES: Record<string, RegExp> = {
  class: /^[a-z-]+( [a-z-]+)*$/,
  id: /^[a-z-]+$/,
  href: /^#[a-z-]+$/,
  'aria-label': /^[A-Z][\w ,:;.’–-]*$/,
  'aria-labelledby': /^[a-z-]+$/,
  'aria-hidden': /^true$/,
  role: /^[a-z]+$/,
  tabindex: /^0$/,
  scope: /^col$/,
  title: /^sha256$/,
  dir: /^auto$/,
  open: /^$/,
  hidden: /^$/,
  lang: /^en$/,
  charset: /^utf-8$/,
  name: /^[a-z-]+$/,
  content: /./,
  'http-equiv': /^Content-Security-Policy$/,
  type: /^(search|button)$/,
  placeholder: /^Search these samples$/,
  autocomplete: /^off$/,
  spellcheck: /^false$/,
  for: /^search-words$/,
  fill: /^(none|currentColor|var\(--[a-z]+\))$/,
  stroke: /^currentColor$/,
}
/** Numbers and words of a drawing. */
const DRAWN = /^[\w\s.,()#%-]*$/
const DRAWING = new Set(
  (
    'viewBox preserveAspectRatio width height x y x1 x2 y1 y2 rx d transform text-anchor font-size font-variant ' +
    'stroke-opacity stroke-width fill-opacity'
  ).split(' '),
)

test('hostile text stands as text: no element and no attribute comes of it', async () => {
  await writeHostileRun(directory, 'run')
  const page = await pageOf('run')
  const { document } = parseHTML(page)
  const elements = [...document.querySelectorAll('*')]
  expect(elements.length).toBeGreaterThan(500)
  const wrong = elements.flatMap((element) => [
    ...(TAGS.split(' ').includes(element.localName) ? [] : [element.localName]),
    ...[...element.attributes].flatMap(({ name, value }) => {
      const isDrawn = !Object.hasOwn(ATTRIBUTES, name) && element.closest('svg') !== null && DRAWING.has(name)
      const allowed = isDrawn ? DRAWN : ATTRIBUTES[name]
      return allowed?.test(value) ? [] : [`<${element.localName} ${name}=${JSON.stringify(value)}>`]
    }),
  ])
  expect(wrong).toEqual([])
  const count = (selector: string) => document.querySelectorAll(selector).length
  expect(count('script')).toBe(1)
  expect(count('style')).toBe(1)
  expect(count('meta[http-equiv]')).toBe(1)
  expect(count('head title')).toBe(1)
  const text = document.body.textContent
  for (const { shown } of HOSTILE) expect(text).toContain(shown)
})

test('what cannot be seen is named, and nothing else is left in the file', async () => {
  await writeHostileRun(directory, 'run')
  const page = await pageOf('run')
  const unseen = /[\p{Cc}\p{Cs}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{e0000}-\u{e007f}]/u
  expect(page.replaceAll('\n', '')).not.toMatch(unseen)
  expect(page).toContain('⟦U+001B⟧[31mred')
  expect(page).toContain('⟦U+202E⟧')
  expect(page).toContain('⟦U+0000⟧')
  expect(page).toContain('⟦U+D800⟧')
})

test('a word of a megabyte is cut, with a mark that says by how much', async () => {
  await writeHostileRun(directory, 'run')
  const page = await pageOf('run')
  expect(page.length).toBeLessThan(1_500_000)
  expect(page).toContain(`… 998,400 more characters`)
})

test('the policy has the hashes of the style and of the script, and allows nothing else', async () => {
  await writeRun(directory, 'run', [ringRow(0), ringRow(1)])
  const page = await pageOf('run')
  const hashOf = (tag: string) => {
    const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)![1]!
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  }
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]
  expect(policy).toBe(
    `default-src 'none'; style-src ${hashOf('style')}; script-src ${hashOf('script')}; img-src data:; base-uri 'none'; form-action 'none'`,
  )
  expect(page).not.toMatch(/\sstyle=|<link|<img|@import|url\(|https?:(?!\/\/www\.w3\.org)/)
})

test('the same input gives the same bytes, wherever it stands', async () => {
  await writeRun(
    directory,
    'run',
    Array.from({ length: 120 }, (_, i) => ringRow(i)),
  )
  await cp(path('run'), path('elsewhere'), { recursive: true })
  const first = await pageOf('run', path('a.html'))
  expect(await pageOf('run', path('b.html'))).toBe(first)
  expect(await pageOf('elsewhere', path('c.html'))).toBe(first)
  expect(readdirSync(directory.path).sort()).toEqual(['a.html', 'b.html', 'c.html', 'elsewhere', 'run'])
})

test('each drawing has a name and a table that says the same', async () => {
  await writeRun(
    directory,
    'run',
    Array.from({ length: 30 }, (_, i) => ringRow(i)),
  )
  const { document } = parseHTML(await pageOf('run'))
  const figures = [...document.querySelectorAll('figure')]
  expect(figures.length).toBeGreaterThanOrEqual(6)
  for (const figure of figures) {
    const svg = figure.querySelector('svg')
    expect(svg.getAttribute('role')).toBe('img')
    expect(svg.getAttribute('aria-label')).toMatch(/median/)
    expect(figure.querySelectorAll('details table').length).toBe(2)
  }
  const positions = figures.find((figure) => figure.textContent.includes('Position of the positives'))
  const cells = [...positions.querySelectorAll('details table:last-of-type td')].map(
    (cell) => cell.textContent,
  )
  expect(cells.slice(-6)).toEqual(['0', '10', '1', '10', '2', '10'])
})
