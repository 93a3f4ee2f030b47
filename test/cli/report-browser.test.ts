import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportRun } from '#clara/samples/report/report.js'
import { Chromium, findChromium } from '../support/chromium.js'
import type { TestDirectory } from '../support/directory.js'
import { HOSTILE, writeHostileRun } from '../support/hostile-run.js'
import { ringRow, writeRun } from '../support/run-files.js'

const chromium = findChromium()
if (!chromium)
  console.warn(
    'no Chromium: put one on the path or name it in CLARA_CHROMIUM; the report is not seen in a browser',
  )

describe.skipIf(!chromium)('the report in a browser', () => {
  let work = ''
  let browser: Chromium
  const url = (name: string) => pathToFileURL(join(work, `${name}.html`)).href

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'clara-browser-'))
    const { mkdir, writeFile } = await import('node:fs/promises')
    const directory: TestDirectory = {
      path: work,
      async write(name, content) {
        await mkdir(join(work, name, '..'), { recursive: true })
        await writeFile(join(work, name), content)
        return join(work, name)
      },
    }
    await writeHostileRun(directory, 'hostile')
    await writeRun(
      directory,
      'plain',
      Array.from({ length: 40 }, (_, i) => ringRow(i)),
    )
    for (const name of ['hostile', 'plain']) {
      await reportRun(join(work, name), {
        outputFile: join(work, `${name}.html`),
        shown: 40,
        seed: 1,
        countTokens: async (texts) => texts.map((text) => text.length),
        onProblem: () => {},
      })
    }
    browser = Chromium.start(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await rm(work, { recursive: true, force: true })
  })

  it.each([
    [1280, false],
    [1280, true],
    [360, false],
    [360, true],
  ])('hostile text does nothing at %d px, dark: %s', async (width, dark) => {
    const page = await browser.open(url('hostile'), { width, dark })
    await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true')
    expect(page.complaints).toEqual([])
    expect(page.requests).toEqual([url('hostile')])
    const foreign = 'document.querySelectorAll("img, iframe, object, embed, link, base, video, audio").length'
    expect(await page.evaluate(foreign)).toBe(0)
    expect(await page.evaluate('document.querySelectorAll("script").length')).toBe(1)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    const text = await page.evaluate<string>('document.body.textContent')
    for (const { shown } of HOSTILE) expect(text).toContain(shown)
  })

  it('has its style, in light and in dark', async () => {
    const ground = 'getComputedStyle(document.body).backgroundColor'
    const bar = 'getComputedStyle(document.querySelector(".plot rect")).fill'
    const [light, dark] = [await browser.open(url('plain')), await browser.open(url('plain'), { dark: true })]
    expect(await light.evaluate(ground)).toBe('rgb(251, 251, 250)')
    expect(await dark.evaluate(ground)).toBe('rgb(21, 24, 28)')
    expect(await light.evaluate(bar)).toBe('rgb(11, 122, 107)')
    expect(await dark.evaluate(bar)).toBe('rgb(76, 197, 176)')
  })

  it('finds samples by words, in any order and case', async () => {
    const page = await browser.open(url('plain'))
    const shown = '[...document.querySelectorAll(".sample")].filter((each) => !each.hidden).length'
    expect(await page.evaluate(shown)).toBe(40)
    await page.type('#search-words', 'TIMES 31?')
    expect(await page.evaluate(shown)).toBe(1)
    expect(await page.evaluate('document.querySelector("#search-found").textContent')).toBe('1 of 40')
    await page.type('#search-words', ' nowhere')
    expect(await page.evaluate(shown)).toBe(0)
    expect(page.complaints).toEqual([])
  })

  it('can be read without scripts', async () => {
    const page = await browser.open(url('plain'), { scripts: false })
    // Scripts of the page do not run; the protocol's own do.
    expect(await page.evaluate('document.querySelector("#search").hidden')).toBe(true)
    expect(await page.evaluate('document.querySelector("noscript p").checkVisibility()')).toBe(true)
    const text = await page.evaluate<string>('document.body.textContent')
    const file = readFileSync(join(work, 'plain.html'), 'utf8')
    for (let i = 0; i < 40; i++) expect(text).toContain(`What is ${i} times ${i}?`)
    expect(file).toContain('<noscript>')
    const opened = 'document.querySelectorAll(".sample")[5]'
    const isSeen = `${opened}.querySelector(".docs").checkVisibility()`
    expect(await page.evaluate(isSeen)).toBe(false)
    await page.evaluate(`${opened}.querySelector("summary").click()`)
    expect(await page.evaluate(isSeen)).toBe(true)
    expect(page.complaints).toEqual([])
  })

  it('shows all samples in print', async () => {
    const page = await browser.open(url('plain'), { print: true })
    const seen =
      '[...document.querySelectorAll(".sample .docs")].filter((each) => each.checkVisibility()).length'
    expect(await page.evaluate(seen)).toBe(40)
    const onScreen = await browser.open(url('plain'))
    expect(await onScreen.evaluate(seen)).toBe(1)
    expect(await page.evaluate('getComputedStyle(document.querySelector("nav")).display')).toBe('none')
  })
})
