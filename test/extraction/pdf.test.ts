import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { decode } from 'fast-png'
import { afterAll, describe, expect, test } from 'vitest'
import { parsePdf } from '#clara/extraction/pdf.js'
import { expectedMarks, LIMITS, marksOf, referenceDocuments, referenceScore } from './documents.js'
import { artifact, image, line, lines, type TinyPage, text, tinyPdf } from './tiny-pdf.js'

const run = promisify(execFile)
const parsed = async (...pages: TinyPage[]) => parsePdf(tinyPdf(pages), LIMITS)
const markdownOf = async (...pages: string[]) =>
  (await parsed(...pages.map((content) => ({ content })))).markdown

const scratch = mkdtempSync(join(tmpdir(), 'clara-pdf-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const LEFT = [
  'The left column is read first, from its top',
  'down to its last line, before the other one is',
  'begun, as both are columns of one page that',
  'have a gutter between them all the way down.',
  'It has some more words so that it fills a line',
  'or two, and then it has reached its end.',
]
const RIGHT = [
  'Only then comes what stands to the right of',
  'the gutter, though its lines are level with the',
  'lines on the left and could be taken for the',
  'rest of them by a reader who goes across the',
  'page. That reader would mix up two stories that',
  'have nothing to do with each other.',
]

describe('reading order', () => {
  test('a title over two columns, then the left, then the right one', async () => {
    const page = text(100, 740, 18, 'A title across both columns of the page')
    const got = await markdownOf(page + lines(50, 700, 10, LEFT) + lines(320, 700, 10, RIGHT))
    expect(got).toBe(`# A title across both columns of the page\n\n${LEFT.join(' ')}\n\n${RIGHT.join(' ')}\n`)
  })

  test('however the file draws them: row by row, right first', async () => {
    const page = LEFT.map(
      (_, i) => text(320, 700 - i * 12, 10, RIGHT[i]!) + text(50, 700 - i * 12, 10, LEFT[i]!),
    )
    expect(await markdownOf(page.join(''))).toBe(`${LEFT.join(' ')}\n\n${RIGHT.join(' ')}\n`)
  })

  test('a page that is turned reads as one that is not', async () => {
    const content = lines(50, 700, 10, LEFT) + lines(320, 700, 10, RIGHT)
    const upright = await markdownOf(content)
    expect((await parsed({ content, rotate: 90 })).markdown).toBe(upright)
    const turned = `q 0 1 -1 0 792 0 cm\n${content}Q\n`
    expect((await parsed({ content: turned, width: 792, height: 612 })).markdown).toBe(upright)
  })

  test('a long text across the page comes after it, the name of an axis is left out', async () => {
    const up = (words: string) => `BT /sans 10 Tf 0 1 -1 0 580 100 Tm (${words}) Tj ET\n`
    const note = `${LEFT.slice(0, 3).join(' ')}.`
    expect(await markdownOf(up(note) + lines(50, 700, 10, RIGHT))).toBe(`${RIGHT.join(' ')}\n\n${note}\n`)
    expect(await markdownOf(up('Accuracy') + lines(50, 700, 10, RIGHT))).toBe(`${RIGHT.join(' ')}\n`)
  })

  test('a watermark across the page is left out', async () => {
    const watermark = 'BT /bold 60 Tf 0.7 0.7 -0.7 0.7 150 200 Tm (DRAFT) Tj ET\n'
    expect(await markdownOf(watermark + lines(50, 700, 10, LEFT))).toBe(`${LEFT.join(' ')}\n`)
  })
})

describe('words', () => {
  test('parted at line ends are made whole, compounds keep their hyphens', async () => {
    const rows = [
      'A word is some-',
      'times parted, and a self-locking nut is a self-',
      'locking nut wherever the line has its end.',
    ]
    expect(await markdownOf(lines(50, 700, 10, rows))).toBe(
      'A word is sometimes parted, and a self-locking nut is a self-locking nut wherever the line has its end.\n',
    )
  })

  test('are told by gaps where no blank is drawn, and letters set apart are one word', async () => {
    const gaps = 'BT /sans 10 Tf 1 0 0 1 50 700 Tm [(Two) -300 (words) 20 (here)] TJ ET\n'
    const tracked = 'BT /sans 10 Tf 2 Tc 1 0 0 1 50 650 Tm (Wide letters) Tj ET\n'
    expect(await markdownOf(gaps + tracked)).toBe('Two wordshere\n\nWide letters\n')
  })

  test('drawn twice for boldness are there once', async () => {
    expect(await markdownOf(text(50, 700, 10, 'Bold by hand.') + text(50.3, 700, 10, 'Bold by hand.'))).toBe(
      'Bold by hand.\n',
    )
  })

  test('of Hebrew and Arabic come in the order in which they are read, numbers and names in theirs', async () => {
    const seen = [...'שלום עולם'].reverse().join('')
    const line = `.1948 ב Python ,${seen}`
    expect(await markdownOf(text(50, 700, 12, line, 'unicode'))).toBe('שלום עולם, Python ב 1948.\n')
    // A ligature glyph's own letters are in reading order already.
    expect(await markdownOf(text(50, 700, 12, 'ﻡﻼﺳ', 'unicode'))).toBe('سلام\n')
  })

  test('of Chinese have no blanks between ideographs, over line ends neither', async () => {
    const got = await markdownOf(lines(50, 700, 10, ['中文信息处理是一门', '重要的学科'], 'unicode'))
    expect(got).toBe('中文信息处理是一门重要的学科\n')
  })

  test('have their ligatures taken apart', async () => {
    expect(await markdownOf(text(50, 700, 10, 'eﬃcient ﬁle', 'unicode'))).toBe('efficient file\n')
  })

  test('keep hyphens that a font calls soft, as they are seen', async () => {
    expect(await markdownOf(text(50, 700, 10, 'sit\u00adins', 'unicode'))).toBe('sit-ins\n')
  })
})

describe('furniture', () => {
  const pages = (count: number, header: (page: number) => string) =>
    Array.from({ length: count }, (_, i) => ({
      content:
        text(50, 765, 9, header(i + 1)) +
        text(300, 30, 9, `${i + 1}`) +
        lines(50, 700 - 20 * i, 10, [
          `Page ${i + 1} says something of its own here,`,
          'in lines that none of the others has.',
        ]),
    }))

  test.each([
    ['the same', () => 'Annual report 2024'],
    ['numbered', (page: number) => `Annual report, page ${page} of 4`],
    [
      'of each chapter',
      (page: number) => `${['Birds', 'Fish', 'Worms', 'Bees'][page - 1]} and their lives ${page}`,
    ],
  ])('headers that are %s, and page numbers, are left out', async (_, header) => {
    const { markdown } = await parsed(...pages(4, header))
    expect(markdown).not.toMatch(/report|lives|^\d+$/m)
    expect(markdown.match(/says something/g)).toHaveLength(4)
  })

  test('what a file of several pages marks as no text is left out; of a single page it is kept', async () => {
    const content = artifact(text(50, 400, 10, 'Marked as a stamp')) + lines(50, 700, 10, LEFT)
    expect(await markdownOf(content)).toContain('Marked as a stamp')
    expect(await markdownOf(content, lines(50, 700, 10, RIGHT))).not.toContain('Marked as a stamp')
  })
})

describe('Markdown', () => {
  test('headings by size, lists, and code as it is indented', async () => {
    const page =
      text(50, 740, 20, 'The title') +
      text(50, 700, 14, 'A chapter') +
      lines(50, 670, 10, ['Some text that is plain and has', 'two lines.']) +
      lines(60, 630, 10, ['\x95 one thing', '\x95 another thing', '1. counted']) +
      lines(50, 580, 10, ['def f(x):', '    return x'], 'mono') +
      text(50, 540, 10, 'A bold line', 'bold') +
      lines(50, 520, 10, LEFT)
    expect(await markdownOf(page)).toBe(
      [
        '# The title',
        '## A chapter',
        'Some text that is plain and has two lines.',
        '- one thing\n- another thing\n1. counted',
        '```\ndef f(x):\n    return x\n```',
        '### A bold line',
        `${LEFT.join(' ')}\n`,
      ].join('\n\n'),
    )
  })

  const cells = [
    ['Name', 'Width', 'Note'],
    ['bolt', '7', 'of steel'],
    ['nut', '8', 'of brass'],
    ['pin', '9', 'of wood'],
  ]
  const table = cells.map((row) => `| ${row.join(' | ')} |`)
  table.splice(1, 0, '| --- | --- | --- |')
  const drawn = (step: number) =>
    cells.map((row, i) => row.map((cell, j) => text(60 + j * step, 600 - i * 20, 10, cell)).join('')).join('')

  test('a table with borders, a cell over two columns in both of them', async () => {
    const rules =
      [0, 1, 2, 3, 4].map((i) => line(55, 613 - i * 20, 355, 613 - i * 20)).join('') +
      [0, 1, 3].map((i) => line(55 + i * 100, 613, 55 + i * 100, 533)).join('') +
      line(255, 593, 255, 533)
    const head = cells[0]!
    const merged = drawn(100).replace(text(260, 600, 10, head[2]!), '')
    const got = await markdownOf(rules + merged + lines(50, 700, 10, LEFT))
    expect(got).toContain(['| Name | Width | Width |', ...table.slice(1)].join('\n'))
  })

  test('a table without borders, and not one that is only a list with wide gaps', async () => {
    expect(await markdownOf(drawn(100) + lines(50, 700, 10, LEFT))).toContain(table.join('\n'))
    const list = ['1.', '2.', '3.', '4.'].map(
      (n, i) => text(60, 600 - i * 20, 10, n) + text(90, 600 - i * 20, 10, 'a step'),
    )
    expect(await markdownOf(list.join(''))).toBe('1. a step\n2. a step\n3. a step\n4. a step\n')
  })

  test('a table whose columns stand close, between lines above and below', async () => {
    const rules = line(55, 613, 175, 613) + line(55, 595, 175, 595) + line(55, 533, 175, 533)
    expect(await markdownOf(rules + drawn(36) + lines(50, 700, 10, LEFT))).toContain(table.join('\n'))
  })
})

describe('images', () => {
  const picture = (width: number, height: number, shift = 0) => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + shift) % 256),
  })

  test('stand in their place and hold their pixels', async () => {
    const content =
      text(50, 700, 10, 'Above it.') + image(0, 50, 500, 120, 90) + text(50, 450, 10, 'Below it.')
    const document = await parsed({ content, images: [picture(40, 30)] })
    expect(document.markdown).toBe('Above it.\n\n[IMAGE_REF: image-1.png]\n\nBelow it.\n')
    const png = decode(document.images[0]!.bytes)
    expect([png.width, png.height, png.channels]).toEqual([40, 30, 3])
    expect(Array.from(png.data)).toEqual(Array.from(picture(40, 30).data))
  })

  test('a scan without text is its images', async () => {
    const scan = (shift: number) => ({ content: image(0, 0, 0, 612, 792), images: [picture(61, 79, shift)] })
    const document = await parsed(scan(0), scan(1))
    expect(document.images).toHaveLength(2)
    expect(marksOf(document)).toEqual(expectedMarks(document))
  })

  test('tiny ones and logos on all pages are left out', async () => {
    const page = (i: number) => ({
      content: lines(50, 600 - i * 30, 10, LEFT) + image(0, 50, 700, 60, 60) + image(1, 300, 700, 5, 5),
      images: [picture(30, 30), picture(20, 20, i)],
    })
    expect((await parsed(page(0), page(1), page(2))).images).toEqual([])
  })

  test('more of them than the limit are refused', async () => {
    const bytes = tinyPdf([{ content: image(0, 0, 0, 600, 600), images: [picture(200, 200)] }])
    await expect(parsePdf(bytes, { unpackedBytes: 100, entries: 10 })).rejects.toThrow(
      'more than 100 bytes of images',
    )
  })
})

describe('files that cannot be read', () => {
  test.each([
    [
      'with a password',
      readFileSync(new URL('../fixtures/extraction/encrypted.pdf', import.meta.url)),
      /encrypted/,
    ],
    ['of something else', Buffer.from('hello'), /not a readable PDF/],
    ['with nothing in it', Buffer.from(tinyPdf([{ content: '' }])), /neither text nor images/],
  ])('%s are refused with the reason', async (_, bytes, reason) => {
    const refused = expect(parsePdf(Uint8Array.from(bytes), LIMITS)).rejects
    await refused.toMatchObject({ name: 'ClaraError', code: 'input', message: expect.stringMatching(reason) })
  })

  test('damage anywhere ends in a result or in one error, and in time', async () => {
    const path = join(scratch, 'damaged.pdf')
    const content =
      lines(50, 700, 10, LEFT) + lines(320, 700, 10, RIGHT) + text(50, 500, 12, 'שלום', 'unicode')
    writeFileSync(path, tinyPdf([{ content }, { content }]))
    const script = fileURLToPath(new URL('../fixtures/extraction/parse-damaged.mjs', import.meta.url))
    const parser = new URL('../../dist/extraction/pdf.js', import.meta.url).href
    const { stdout } = await run(process.execPath, [script, parser, 'parsePdf', path, '75'], {
      timeout: 60_000,
    })
    const outcomes = JSON.parse(stdout)
    expect(Object.keys(outcomes).sort()).toEqual(['parsed', 'refused'])
    expect(outcomes.refused).toBeGreaterThan(5)
  })
})

test('nothing is printed, and no canvas package is needed', async () => {
  const hidden = join(scratch, 'hide-canvas.mjs')
  writeFileSync(
    hidden,
    `import Module from 'node:module'
const load = Module._load
Module._load = (name, ...rest) => {
  if (name.startsWith('@napi-rs/canvas')) throw new Error('not installed')
  return load(name, ...rest)
}`,
  )
  const path = join(scratch, 'plain.pdf')
  writeFileSync(path, tinyPdf([{ content: lines(50, 700, 10, LEFT) }]))
  const script = `import { readFileSync, writeFileSync } from 'node:fs'
const { parsePdf } = await import(${JSON.stringify(new URL('../../dist/extraction/pdf.js', import.meta.url).href)})
const { markdown } = await parsePdf(new Uint8Array(readFileSync(${JSON.stringify(path)})), { unpackedBytes: 1e6, entries: 1 })
writeFileSync(${JSON.stringify(`${path}.md`)}, markdown)`
  for (const args of [[], ['--import', hidden]]) {
    const { stdout, stderr } = await run(process.execPath, [...args, '--input-type=module', '-e', script])
    expect([stdout, stderr]).toEqual(['', ''])
    expect(readFileSync(`${path}.md`, 'utf8')).toBe(`${LEFT.join(' ')}\n`)
  }
})

const real = referenceDocuments('pdf')

test.skipIf(real.length === 0)(
  'real documents score at least 0.88 (skipped without shared/data)',
  async () => {
    const scores = []
    for (const name of real) scores.push(await referenceScore('pdf', name, parsePdf))
    expect(Math.min(...scores)).toBeGreaterThan(0.9)
    expect(scores.reduce((a, b) => a + b) / scores.length).toBeGreaterThanOrEqual(0.88)
  },
)
