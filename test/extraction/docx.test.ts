import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { parseDocx } from '#clara/extraction/docx.js'
import { numbered, PIXEL, p, type Word, word } from '../support/word.js'

const LIMITS = { unpackedBytes: 8 << 20, entries: 100 }
const parse = (parts: Word) => parseDocx(word(parts), LIMITS)
const markdown = async (body: string, parts: Omit<Word, 'body'> = {}) =>
  (await parse({ ...parts, body })).markdown
const run = (text: string, properties = '') => `<w:r><w:rPr>${properties}</w:rPr><w:t>${text}</w:t></w:r>`

const level = (at: number, format: string, text: string, more = '') =>
  `<w:lvl w:ilvl="${at}"><w:start w:val="1"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${text}"/>${more}</w:lvl>`
const kind = (id: number, ...levels: string[]) =>
  `<w:abstractNum w:abstractNumId="${id}">${levels.join('')}</w:abstractNum>`
const list = (id: number, of: number, more = '') =>
  `<w:num w:numId="${id}"><w:abstractNumId w:val="${of}"/>${more}</w:num>`
const style = (id: string, name: string, properties = '') =>
  `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${properties}</w:style>`

describe('lists and headings', () => {
  it('have the labels that Word shows', async () => {
    const numbering =
      kind(1, level(0, 'decimal', '%1.'), level(1, 'decimal', '%1.%2'), level(2, 'bullet', '·')) +
      kind(2, level(0, 'chineseCounting', '第%1条'), level(1, 'lowerRoman', '(%2)')) +
      list(1, 1) +
      list(2, 2) +
      list(3, 1, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>')
    const items: [number, number, string][] = [
      [1, 0, 'one'],
      [1, 1, 'one one'],
      [1, 2, 'dot'],
      [1, 0, 'two'],
      [2, 0, 'Article'],
      [2, 1, 'clause'],
      [3, 0, 'seven'],
    ]
    const body =
      items.map(([id, at, text]) => p(text, { properties: numbered(id, at) })).join('') +
      p('Between.') +
      p('three', { properties: numbered(1) })
    expect(await markdown(body, { numbering })).toBe(
      [
        '1. one',
        '    - 1.1 one one',
        '        - dot',
        '2. two',
        '',
        '- 第一条 Article',
        '    - (i) clause',
        '',
        '7. seven',
        '',
        'Between.',
        '',
        '8. three',
      ].join('\n'),
    )
  })

  it('are found by style, whatever the style is called, and by outline level', async () => {
    const styles =
      style('berschrift1', 'heading 1', `<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>`) +
      style('Mine', 'My own', '<w:basedOn w:val="berschrift1"/>') +
      style('Titel', 'Title')
    const numbering = kind(1, level(0, 'upperRoman', '%1.')) + list(1, 1)
    const body =
      p('Name', { style: 'Titel' }) +
      p('First', { style: 'berschrift1' }) +
      p('', { style: 'berschrift1' }) +
      p('Second', { style: 'Mine' }) +
      p('Third', { properties: '<w:outlineLvl w:val="2"/>' })
    expect(await markdown(body, { styles, numbering })).toBe(
      '# Name\n\n# I. First\n\n# III. Second\n\n### Third',
    )
  })
})

describe('what mammoth does not read', () => {
  it('formulas become LaTeX, alone or in a line', async () => {
    const r = (text: string) => `<m:r><m:t>${text}</m:t></m:r>`
    const e = (name: string, inner: string) => `<m:${name}>${inner}</m:${name}>`
    const sum = e(
      'nary',
      `<m:naryPr><m:chr m:val="∑"/></m:naryPr>${e('sub', r('k=0'))}${e('sup', r('∞'))}${e('e', r('k'))}`,
    )
    const fraction = e('f', e('num', r('𝜋')) + e('den', e('rad', `<m:deg/>${e('e', r('x'))}`)))
    const math = (inner: string) => `<m:oMath>${inner}</m:oMath>`
    const body =
      p('So ', { more: math(e('sSup', e('e', r('x')) + e('sup', r('2')))) + run(' is it.') }) +
      p('', { more: `<m:oMathPara>${math(sum)}${math(fraction)}</m:oMathPara>` }) +
      p('', {
        more: math(
          e('d', e('e', e('m', e('mr', e('e', r('a')) + e('e', r('b')))))) +
            e('func', e('fName', r('sin')) + e('e', r('α'))),
        ),
      })
    expect(await markdown(body)).toBe(
      'So $x^{2}$ is it.\n\n$$\\sum_{k=0}^{\\infty}k$$\n\n$$\\frac{\\pi}{\\sqrt{x}}$$\n\n$$\\left(\\begin{matrix}a & b\\end{matrix}\\right)\\sin\\alpha$$',
    )
  })

  it('text boxes follow their paragraph, once though they are there twice', async () => {
    const box = (text: string) => `<w:txbxContent>${p(text)}</w:txbxContent>`
    const both = `<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp>${box('Boxed')}</wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape>${box('Boxed')}</v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
    expect(await markdown(p('Host', { more: both }) + p('Next'))).toBe('Host\n\nBoxed\n\nNext')
  })

  it('code by style or by typeface is fenced; prose in that typeface is not', async () => {
    const styles = style('Code', 'Source Code')
    const mono = (text: string) => p('', { more: run(text, '<w:rFonts w:ascii="Courier New"/>') })
    const body =
      p('if a:', { style: 'Code' }) +
      p('    b()', { style: 'Code' }) +
      p('And:') +
      mono('x = f(1);') +
      p('Or.') +
      mono('A plain sentence')
    expect(await markdown(body, { styles })).toBe(
      '```\nif a:\n    b()\n```\n\nAnd:\n\n```\nx = f(1);\n```\n\nOr.\n\nA plain sentence',
    )
  })

  it('hidden, deleted and moved text is not there', async () => {
    const body = p('Seen', {
      more: `${run(' hidden', '<w:vanish/>')}<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:moveFrom>${run('moved')}</w:moveFrom><w:ins>${run(' new')}</w:ins><w:moveTo>${run(' here')}</w:moveTo>`,
    })
    expect(await markdown(body)).toBe('Seen new here')
  })
})

describe('pictures', () => {
  it('are marked where they stand, old ones and those in groups too; pictures elsewhere are not fetched', async () => {
    const drawing = (id: string) =>
      `<w:r><w:drawing><wps:wgp><a:blip r:embed="${id}"/></wps:wgp></w:drawing></w:r>`
    const old = '<w:r><w:pict><v:shape><v:imagedata r:id="b.bin"/></v:shape></w:pict></w:r>'
    const { markdown, images } = await parse({
      body:
        p('a ', { more: drawing('a.png') + run(' b ') + old }) +
        p('', { more: drawing('far') }) +
        p('c', { more: drawing('no.txt') }),
      media: { 'a.png': PIXEL, 'b.bin': Buffer.from('GIF89a…'), 'no.txt': Buffer.from('text') },
      external: { far: 'file:///etc/passwd' },
    })
    expect(markdown).toBe('a [IMAGE_REF: image-1.png] b [IMAGE_REF: image-2.gif]\n\nc')
    expect(images.map(({ name }) => name)).toEqual(['image-1.png', 'image-2.gif'])
  })
})

describe('tables', () => {
  it('keep merged cells, and rows that begin late in their columns', async () => {
    const cell = (text: string, properties = '') => `<w:tc><w:tcPr>${properties}</w:tcPr>${p(text)}</w:tc>`
    const row = (cells: string, properties = '') => `<w:tr><w:trPr>${properties}</w:trPr>${cells}</w:tr>`
    const body = `<w:tbl>${row(cell('A') + cell('B', '<w:vMerge w:val="restart"/>') + cell('C'))}${row(cell('', '<w:vMerge/>') + cell('D'), '<w:gridBefore w:val="1"/>')}${row(cell('E', '<w:gridSpan w:val="3"/>'))}</w:tbl>`
    expect(await markdown(body)).toBe('| A | B | C |\n| --- | --- | --- |\n|  | B | D |\n| E | E | E |')
  })
})

describe('files that are none', () => {
  const bomb = () => zipSync({ 'word/document.xml': new Uint8Array(64 << 20) })
  it.each([
    ['empty', new Uint8Array(), /not a whole archive/],
    ['text', Buffer.from('hello'), /not a whole archive/],
    [
      'an old or encrypted one',
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      /encrypted, or of an Office before 2007/,
    ],
    ['an archive of something else', zipSync({ 'a.xml': Buffer.from('<a/>') }), /no Word document/],
    ['cut off', word({ body: p('x') }).subarray(0, 500), /not a whole archive/],
    ['a bomb', bomb(), /more than 8388608 bytes/],
    [
      'many entries',
      zipSync(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`${i}.xml`, new Uint8Array()]))),
      /more than 100 entries/,
    ],
    ['no XML', zipSync({ 'word/document.xml': Buffer.from('<w:document><w:body><w:p') }), /no Word document/],
  ])('%s', async (_, bytes, reason) => {
    await expect(parseDocx(bytes, LIMITS)).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(reason),
    })
  })
})
