import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { encode } from 'fast-png'
import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { parsePptx } from '#clara/extraction/pptx.js'
import { LIMITS, referenceDocuments, referenceScore } from './documents.js'
import {
  box,
  frame,
  paragraph,
  picture,
  placeholder,
  type TinySlide,
  tinyPptx,
  transform,
} from './tiny-pptx.js'

const PNG = encode({ width: 2, height: 2, data: Uint8Array.of(1, 2, 3, 4), channels: 1 })

const parsed = (slides: readonly TinySlide[], parts?: Record<string, string | Uint8Array>) =>
  parsePptx(tinyPptx(slides, parts), LIMITS)
const markdownOf = async (shapes: string) => (await parsed([{ shapes }])).markdown

test('slides come in the order of the show, not of their names', async () => {
  const slides = ['one', 'two', 'three'].map((words) => ({ shapes: box(paragraph(words)) }))
  const { markdown } = await parsePptx(tinyPptx(slides, {}, [2, 0, 1]), LIMITS)
  expect(markdown).toBe('three\n\none\n\ntwo\n')
})

test('the title comes first, the rest from top to bottom and left to right; what the layout places stands there', async () => {
  const got = await markdownOf(
    box(paragraph('low'), { x: 0, y: 20 }) +
      box(paragraph('right'), { x: 9, y: 8 }) +
      box(paragraph('left, a little lower'), { x: 1, y: 8.5 }) +
      placeholder('body', paragraph('of the layout'), undefined, 1) +
      placeholder('ctrTitle', paragraph('The title')),
  )
  expect(got).toBe('# The title\n\n- of the layout\n\nleft, a little lower\n\nright\n\nlow\n')
})

test('shapes of a group are read together', async () => {
  const group = `<p:grpSp><p:nvGrpSpPr/><p:grpSpPr>${transform({ x: 0, y: 4 })}</p:grpSpPr>${
    box(paragraph('second'), { x: 0, y: 90 }) + box(paragraph('first'), { x: 0, y: 80 })
  }</p:grpSp>`
  expect(await markdownOf(box(paragraph('last'), { x: 0, y: 10 }) + group)).toBe('first\n\nsecond\n\nlast\n')
})

test('lists have levels, numbers count on, and paragraphs without bullets end them', async () => {
  const number = '<a:buAutoNum type="arabicPeriod"/>'
  const body = [
    paragraph('fruit'),
    paragraph('apples', '<a:pPr lvl="1"/>'),
    paragraph('not in the list', '<a:pPr><a:buNone/></a:pPr>'),
    paragraph('one', `<a:pPr>${number}</a:pPr>`),
    paragraph('below', '<a:pPr lvl="1"/>'),
    paragraph('two', `<a:pPr>${number}</a:pPr>`),
    paragraph('three', '<a:pPr><a:buAutoNum type="romanLcParenR" startAt="3"/></a:pPr>'),
  ]
  expect(await markdownOf(placeholder('body', body.join(''), undefined, 1))).toBe(
    '- fruit\n   - apples\n\nnot in the list\n\n1. one\n   - below\n2. two\niii) three\n',
  )
})

test('text of runs, breaks, fields and entities is one line', async () => {
  const runs =
    '<a:p><a:r><a:t>Fish &amp; </a:t></a:r><a:r><a:t>chips</a:t></a:r><a:br/><a:fld><a:t>today</a:t></a:fld></a:p>'
  expect(await markdownOf(box(runs))).toBe('Fish & chips today\n')
})

test('tables repeat merged cells, and keep bars out of the way', async () => {
  const cell = (words: string, merged = '') =>
    `<a:tc ${merged}><a:txBody>${paragraph(words)}</a:txBody></a:tc>`
  const rows = [
    cell('a', 'gridSpan="2"') + cell('', 'hMerge="1"') + cell('b|c'),
    cell('d', 'rowSpan="2"') + cell('e') + cell('f'),
    cell('', 'vMerge="1"') + cell('g') + cell('h'),
  ]
  const table = `<a:tbl>${rows.map((row) => `<a:tr>${row}</a:tr>`).join('')}</a:tbl>`
  expect(await markdownOf(frame(table, { x: 0, y: 0 }))).toBe(
    '| a | a | b\\|c |\n| --- | --- | --- |\n| d | e | f |\n| d | g | h |\n',
  )
})

test('charts are their title and numbers, diagrams their texts', async () => {
  const points = (values: string[]) =>
    values.map((v, i) => `<c:pt idx="${i}"><c:v>${v}</c:v></c:pt>`).join('')
  const chart = `<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich>${paragraph('Sales')}</c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser><c:tx>${points(['2024'])}</c:tx><c:cat>${points(['North', 'South'])}</c:cat><c:val>${points(['3', '4'])}</c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`
  const diagram = `<d:dataModel xmlns:d="d" xmlns:a="a"><d:ptLst>${['plan', 'do'].map((w) => `<d:pt><d:t>${paragraph(w)}</d:t></d:pt>`).join('')}<d:pt/></d:ptLst></d:dataModel>`
  const { markdown } = await parsed(
    [
      {
        shapes:
          frame('<c:chart xmlns:c="c" r:id="c1"/>', { x: 0, y: 0 }) +
          frame('<d:relIds xmlns:d="d" r:dm="d1" r:lo="d2"/>', { x: 0, y: 9 }),
        relations: { c1: ['chart', '../charts/chart1.xml'], d1: ['diagramData', '../diagrams/data1.xml'] },
      },
    ],
    { 'ppt/charts/chart1.xml': chart, 'ppt/diagrams/data1.xml': diagram },
  )
  expect(markdown).toBe('Sales\n\n|  | 2024 |\n| --- | --- |\n| North | 3 |\n| South | 4 |\n\n- plan\n- do\n')
})

test('headers, footers, numbers and speakers\u2019 notes are left out', async () => {
  const { markdown } = await parsed(
    [
      {
        shapes:
          ['dt', 'ftr', 'sldNum'].map((type) => placeholder(type, paragraph(type))).join('') +
          box(paragraph('text')),
        relations: { n: ['notesSlide', '../notesSlides/notesSlide1.xml'] },
      },
    ],
    {
      'ppt/notesSlides/notesSlide1.xml': `<p:notes><p:cSld><p:spTree>${box(paragraph('a note'))}</p:spTree></p:cSld></p:notes>`,
    },
  )
  expect(markdown).toBe('text\n')
})

test('a picture has its mark wherever it is shown, and its bytes once; vector and missing ones are left out', async () => {
  const { markdown, images } = await parsed(
    [
      {
        shapes:
          box(paragraph('above'), { x: 0, y: 0 }) +
          picture('good', { x: 0, y: 4 }) +
          picture('vector', { x: 0, y: 5 }) +
          picture('missing', { x: 0, y: 6 }) +
          picture('nowhere', { x: 0, y: 7 }) +
          box(paragraph('below'), { x: 0, y: 8 }) +
          picture('good', { x: 0, y: 9 }),
        relations: {
          good: ['image', '../media/image7.jpeg'],
          vector: ['image', '../media/image8.emf'],
          missing: ['image', '../media/image9.png'],
        },
      },
    ],
    { 'ppt/media/image7.jpeg': PNG, 'ppt/media/image8.emf': Uint8Array.of(1, 0, 0, 0, 88, 0, 0, 0) },
  )
  const mark = '[IMAGE_REF: image-1.png]'
  expect(markdown).toBe(`above\n\n${mark}\n\nbelow\n\n${mark}\n`)
  expect(images.map(({ name }) => name)).toEqual(['image-1.png'])
  expect(Buffer.from(images[0]!.bytes).equals(PNG)).toBe(true)
})

test.each([
  ['what is encrypted', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 1, 2, 3), /encrypted/],
  ['what is no archive', strToU8('hello'), /not a whole archive/],
  ['other archives', zipSync({ 'a.txt': strToU8('hello') }), /no office document/],
  ['a slide that is missing', tinyPptx([{ shapes: '' }], {}, [0, 1]), /slide rId1 is nowhere/],
  ['XML nested too deep', tinyPptx([{ shapes: '<a>'.repeat(5000) }]), /nested deeper/],
])('%s is refused with the reason', async (_, bytes, reason) => {
  await expect(parsePptx(bytes, LIMITS)).rejects.toMatchObject({
    name: 'ClaraError',
    code: 'input',
    message: expect.stringMatching(reason),
  })
})

test('limits hold for what is unpacked', async () => {
  const bytes = tinyPptx([{ shapes: box(paragraph('long '.repeat(100_000))) }])
  await expect(parsePptx(bytes, { ...LIMITS, unpackedBytes: 10_000 })).rejects.toThrow(
    'more than 10000 bytes',
  )
})

test('damage anywhere ends in a result or in one error', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'clara-pptx-'))
  try {
    const path = join(scratch, 'damaged.pptx')
    writeFileSync(
      path,
      tinyPptx([{ shapes: placeholder('title', paragraph('Title')) + box(paragraph('text')) }]),
    )
    const script = fileURLToPath(new URL('../fixtures/extraction/parse-damaged.mjs', import.meta.url))
    const parser = new URL('../../dist/extraction/pptx.js', import.meta.url).href
    const { stdout } = await promisify(execFile)(process.execPath, [script, parser, 'parsePptx', path, '500'])
    expect(Object.keys(JSON.parse(stdout)).sort()).toEqual(['parsed', 'refused'])
  } finally {
    rmSync(scratch, { recursive: true })
  }
})

const real = referenceDocuments('pptx')

test.skipIf(real.length === 0)(
  'real presentations score at least 0.92 (skipped without shared/data)',
  async () => {
    const scores = []
    for (const name of real) scores.push(await referenceScore('pptx', name, parsePptx))
    expect(scores.reduce((a, b) => a + b) / scores.length).toBeGreaterThanOrEqual(0.92)
  },
)
