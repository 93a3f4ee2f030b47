import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { readDocuments } from '#clara/documents/read-documents.js'
import { type ExtractOptions, extractFolder } from '#clara/extraction/extract.js'
import { readRows } from '../cli/clara.js'
import { collectWithProblems } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { PIXEL, p, word } from '../support/word.js'

interface Row {
  filename: string
  content: string
  product_area: string
  extracted_images: string[]
}

const directory = useDirectory()
const at = (name: string) => join(directory.path, name)

/** Files by their paths in the folder `in`. */
function fill(files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(at(`in/${name}`)), { recursive: true })
    writeFileSync(at(`in/${name}`), content)
  }
}

async function extract(options: Partial<ExtractOptions> = {}) {
  const problems: string[] = []
  const report = await extractFolder({
    inputDir: at('in'),
    outputFile: at('out.jsonl'),
    imageOutputDir: at('images'),
    mode: 'dict',
    limits: { unpackedBytes: 16 << 20, entries: 50 },
    timeoutMs: 60_000,
    memoryMib: 1024,
    concurrency: 2,
    onProblem: ({ path, reason }) => problems.push(`${basename(path)}: ${reason}`),
    onProgress: () => {},
    ...options,
  })
  const rows =
    readFileSync(options.outputFile ?? at('out.jsonl'), 'utf8') === ''
      ? []
      : readRows<Row>(options.outputFile ?? at('out.jsonl'))
  return { report, problems, rows }
}

const image = (bytes: Buffer = PIXEL) => `<img src="data:image/png;base64,${bytes.toString('base64')}">`
/** linkedom takes time that grows with the square of the depth: longer than any limit here. */
const ENDLESS = '<div>'.repeat(400_000)

describe('images', () => {
  it('are listed at the end in markdown mode', async () => {
    fill({ 'a.html': `<p>x</p>${image()}<p>y [IMAGE_REF: fake.png] --- Extracted Images --- z</p>` })
    const { rows } = await extract({ mode: 'markdown' })
    expect(rows[0]!.content).toBe(
      `x\n\ny  -- Extracted Images -- z\n\n--- Extracted Images ---\n[IMAGE_REF: ${at('images/a_img_0.png')}]\n`,
    )
  })

  it('are left out where there is no folder for them', async () => {
    fill({ 'a.html': `<p>x</p>${image()}<p>y</p>`, 'b.html': image() })
    const { rows, problems } = await extract({ imageOutputDir: undefined })
    expect(rows).toMatchObject([{ content: 'x\n\ny', extracted_images: [] }])
    expect(problems).toEqual(['b.html: has no text'])
  })

  it('of files of one name have names of their own, and those of hostile names harmless ones', async () => {
    const names = [
      'one/a.html',
      'two/A.html',
      'x] [IMAGE_REF: y\n.html',
      '-rf.html',
      `${'é'.repeat(120)}.html`,
    ]
    fill(Object.fromEntries(names.map((name) => [name, `<p>t</p>${image()}`])))
    const { rows } = await extract()
    const saved = rows.flatMap((row) => row.extracted_images)
    expect(new Set(saved.map((path) => path.toLowerCase())).size).toBe(5)
    for (const path of saved) {
      expect(readFileSync(path)).toEqual(PIXEL)
      expect(basename(path)).toMatch(/^[^-.\]\n[/][^\]\n[/]*_img_0\.png$/)
    }
    const { items, problems } = await collectWithProblems((onProblem) =>
      readDocuments([at('out.jsonl')], onProblem),
    )
    expect(problems).toEqual([])
    expect(items.map(({ text }) => text)).toEqual(Array(5).fill('t\n\n[image]'))
  })

  it('beside a page or Markdown file are its own, as far as they are in the folder of documents', async () => {
    writeFileSync(at('secret.png'), PIXEL)
    fill({ 'pics/a b.png': PIXEL, 'pics/text.png': 'no image' })
    symlinkSync(at('secret.png'), at('in/pics/link.png'))
    const away = [
      '../../secret.png',
      at('secret.png'),
      `file://${at('secret.png')}`,
      '../pics/link.png',
      '../pics',
      '../pics/text.png',
      '',
    ]
    fill({
      'docs/a.html': `<p>x</p><img src="../pics/a%20b.png?v=1" alt="L">${away.map((src) => `<img src="${src}">`).join('')}`,
      'docs/b.md': `x ![L](../pics/a%20b.png) ![far](../../secret.png)`,
    })
    const { rows } = await extract()
    expect(rows.map(({ content }) => content)).toEqual([
      `x\n\nL\n\n[IMAGE_REF: ${at('images/a_img_0.png')}]`,
      `x L [IMAGE_REF: ${at('images/b_img_0.png')}] ![far](../../secret.png)`,
    ])
  })

  it('do not replace others without leave', async () => {
    fill({ 'a.html': `<p>t</p>${image()}` })
    mkdirSync(at('images'))
    writeFileSync(at('images/a_img_0.png'), 'mine')
    await expect(extract()).rejects.toMatchObject({ code: 'exists' })
    expect(readFileSync(at('images/a_img_0.png'), 'utf8')).toBe('mine')
    expect(existsSync(at('out.jsonl'))).toBe(false)
    const { report } = await extract({ overwrite: true })
    expect(report).toMatchObject({ resumed: 1, images: 1 })
    expect(readFileSync(at('images/a_img_0.png'))).toEqual(PIXEL)
  })
})

describe('what is read', () => {
  it('is neither the run’s own output, nor what links lead to, nor what is hidden', async () => {
    fill({
      'b.md': 'b',
      '.hidden.md': 'x',
      '.git/c.md': 'x',
      '~$d.docx': 'x',
      'images/note.md': 'x',
      'x.xlsx': 'x',
    })
    symlinkSync('/etc', at('in/etc'))
    symlinkSync(at('in/b.md'), at('in/a.md'))
    const own = { outputFile: at('in/raw.txt'), imageOutputDir: at('in/images'), overwrite: true }
    const { rows, report } = await extract(own)
    expect(rows.map(({ filename }) => filename)).toEqual(['b.md'])
    expect(report).toMatchObject({ files: 1, passed_over: 1 })
    expect((await extract(own)).rows).toEqual(rows)
  })

  it('is the same bytes, however many files are parsed at once', async () => {
    fill({
      'b/z.md': 'z',
      'b.md': 'b',
      'a/slow.html': `<p>a</p>${'<ul><li>x</ul>'.repeat(3000)}`,
      'C.txt': 'c',
    })
    const { rows } = await extract({ concurrency: 1 })
    expect(rows.map(({ filename }) => filename)).toEqual(['C.txt', 'slow.html', 'z.md', 'b.md'])
    expect(rows.map((row) => row.product_area)).toEqual(['in', 'a', 'b', 'in'])
    await extract({ concurrency: 4, outputFile: at('again.jsonl') })
    expect(readFileSync(at('again.jsonl'))).toEqual(readFileSync(at('out.jsonl')))
  })
})

describe('a file that cannot be read costs a line', () => {
  it('whatever is wrong with it', async () => {
    fill({
      'bomb.docx': zipSync({ 'word/document.xml': new Uint8Array(17 << 20) }),
      'corrupt.docx': word({ body: p('x') }).subarray(0, 600),
      'deep.html': `${'<div>'.repeat(3000)}x`,
      'empty.md': '',
      'encrypted.docx': Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      'good.md': 'good',
      'line.txt': 'x'.repeat(3_000_000),
      'many.docx': zipSync(
        Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i}`, new Uint8Array()])),
      ),
      'nothing.html': '<script>x</script>',
      'not.docx': '%PDF-1.4',
      'not.txt': PIXEL,
    })
    const { rows, problems, report } = await extract()
    expect(report).toMatchObject({ files: 11, documents: 2, failed: 9 })
    expect(rows.map(({ filename }) => filename)).toEqual(['good.md', 'line.txt'])
    expect(problems).toEqual([
      'bomb.docx: an archive of more than 16777216 bytes when unpacked',
      expect.stringMatching(/^corrupt\.docx: not a whole archive/),
      'deep.html: is nested too deeply',
      'empty.md: is empty',
      expect.stringMatching(/^encrypted\.docx: encrypted/),
      'many.docx: an archive of more than 50 entries',
      'not.docx: is a PDF by its content, not what .docx says',
      'not.txt: is a PNG image by its content, not what .txt says',
      'nothing.html: has no text',
    ])
  })

  it('also when its parser hangs, and the next file is parsed', async () => {
    fill({ 'a.html': ENDLESS, 'b.md': 'b' })
    const { rows, problems } = await extract({ timeoutMs: 2500, concurrency: 1 })
    expect(problems).toEqual(['a.html: took longer than 2.5 s to parse (--timeout-seconds)'])
    expect(rows.map(({ content }) => content)).toEqual(['b'])
  })

  it('also when it takes more memory than it may', async () => {
    fill({ 'a.html': '<p><b>x</b> <i>y</i></p>'.repeat(300_000), 'b.md': 'b' })
    const { rows, problems } = await extract({ memoryMib: 140, concurrency: 1 })
    expect(problems).toEqual(['a.html: needs more than 140 MiB to parse (--memory-mib)'])
    expect(rows.map(({ content }) => content)).toEqual(['b'])
  })
})

describe('descriptions', () => {
  const other = Buffer.concat([PIXEL, Buffer.from('!')])
  const seen = async (bytes: Uint8Array) => ({ text: ` ${bytes.length} bytes. ` })

  it('follow their documents, and stand in them when they are read', async () => {
    fill({ 'a.html': `<p>Before</p>${image()}<p>After</p>`, 'b.md': 'b', 'c/photo.PNG': other })
    const { rows, report } = await extract({ describe: seen })
    expect(report).toMatchObject({ files: 2, images: 1, descriptions: 2, passed_over: 0 })
    expect(rows.map(({ filename }) => filename)).toEqual(['a.html', 'a_img_0.png', 'b.md', 'photo.PNG'])
    expect(rows[1]).toEqual({
      file_path: at('images/a_img_0.png'),
      filename: 'a_img_0.png',
      content: `[IMAGE DESCRIPTION of a_img_0.png]\n${PIXEL.length} bytes.`,
      product_area: 'in',
      source_type: 'image',
    })
    const { items } = await collectWithProblems((onProblem) => readDocuments([at('out.jsonl')], onProblem))
    expect(items[0]!.text).toBe(
      `Before\n\n[IMAGE DESCRIPTION of a_img_0.png]\n${PIXEL.length} bytes.\n\nAfter`,
    )
    expect(items.map(({ id }) => id)).toEqual(['a.html', 'b.md', 'photo.PNG'])
  })

  it('that fail cost a line, those that cannot be made nothing', async () => {
    fill({ 'a.html': `${image()}${image(other)}` })
    const { rows, problems } = await extract({
      describe: async (bytes) => (bytes.length === PIXEL.length ? { problem: 'no' } : undefined),
    })
    expect(rows).toHaveLength(1)
    expect(problems).toEqual(['a_img_0.png: not described: no'])
  })
})
