import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readDocuments } from '#clara/documents/read-documents.js'
import { isAlive } from '#clara/files/processes.js'
import { converted, startDoclingServer } from '../docling-server.js'
import { type ChatRequest, type LlmReply, type LlmServer, startLlmServer } from '../llm-server.js'
import { collectWithProblems } from '../support/collect.js'
import { PIXEL, p, word } from '../support/word.js'
import { clara, type Outcome, type RunOptions, readRows, workFolder } from './clara.js'

interface Row {
  file_path: string
  filename: string
  content: string
  product_area: string
  extracted_images?: string[]
  source_type?: string
}

const work = workFolder()
let count = 0
/** A folder of files, by their paths in it. */
function folder(files: Record<string, string | Uint8Array>): string {
  const path = join(work, `in-${count++}`)
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}
const output = () => join(work, `out-${count++}.jsonl`)
const extract = (
  input: string,
  to: string,
  flags: string[] = [],
  options: RunOptions = {},
): Promise<Outcome> => clara(['extract', '--input-dir', input, '--output-file', to, ...flags], options)
const state = (to: string) => join(dirname(to), `.${to.slice(dirname(to).length + 1)}.extract`)

const image = (label = '') => `<img alt="${label}" src="data:image/png;base64,${PIXEL.toString('base64')}">`
/** linkedom takes time that grows with the square of the depth: longer than any limit here. */
const ENDLESS = '<div>'.repeat(400_000)

/** None where the system does not say (it is Linux that does). */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : []
}

describe('clara-extract', () => {
  it('writes a row for each file, by name, with the fields of the Python script', async () => {
    const input = folder({
      'b/Handbook.docx': word({ body: p('Word text') }),
      'a.html': `<h1>A</h1><p>x</p>${image()}`,
      'b/c.md': '# C\r\n\r\ntext',
      'b/.hidden.md': 'hidden',
      'b/~$Handbook.docx': 'lock',
      'z.TXT': 'plain',
      'x.xlsx': 'other',
    })
    const [to, images] = [output(), join(work, 'images')]
    const run = await clara([
      'extract',
      '--input_dir',
      input,
      '--output_file',
      to,
      '--image_output_dir',
      images,
      '--extraction_mode',
      'dict',
      '--json',
    ])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toMatchObject({
      files: 4,
      documents: 4,
      failed: 0,
      passed_over: 1,
      passed_over_endings: { '.xlsx': 1 },
      images: 1,
    })
    const saved = join(images, 'a_img_0.png')
    expect(readRows<Row>(to)).toEqual([
      {
        file_path: join(input, 'a.html'),
        filename: 'a.html',
        content: `# A\n\nx\n\n[IMAGE_REF: ${saved}]`,
        product_area: input.slice(work.length + 1),
        extracted_images: [saved],
      },
      {
        file_path: join(input, 'b/Handbook.docx'),
        filename: 'Handbook.docx',
        content: 'Word text',
        product_area: 'b',
        extracted_images: [],
      },
      {
        file_path: join(input, 'b/c.md'),
        filename: 'c.md',
        content: '# C\n\ntext',
        product_area: 'b',
        extracted_images: [],
      },
      {
        file_path: join(input, 'z.TXT'),
        filename: 'z.TXT',
        content: 'plain',
        product_area: input.slice(work.length + 1),
        extracted_images: [],
      },
    ])
    expect(readFileSync(saved)).toEqual(PIXEL)
    expect(existsSync(state(to))).toBe(false)
    const again = await extract(input, to)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--overwrite') })
  })
})

describe('what cannot be done', () => {
  it.each([
    [['--input-dir', join(work, 'missing')], /no such file/],
    [['--vision-model', 'm'], /--image-output-dir/],
    [['--backend', 'docling'], /--docling-url/],
  ])('%j is said at once', async (flags, reason) => {
    const run = await extract(folder({ 'a.md': 'a' }), output(), flags)
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(reason) })
  })
})

describe('an interrupted run', () => {
  const files = {
    'a.html': `<p>a</p>${image()}`,
    'b.docx': word({ body: p('b') }),
    'c.md': 'c',
    'd.html': ENDLESS,
    'e.md': 'e',
  }
  const flags = (images: string) => [
    '--image-output-dir',
    join(work, images),
    '--timeout-seconds',
    '3',
    '--concurrency',
    '1',
    '--json',
  ]

  const input = folder(files)
  let undisturbed: string | undefined
  const whole = async () => {
    if (undisturbed) return undisturbed
    undisturbed = output()
    await extract(input, undisturbed, flags('same'))
    return undisturbed
  }

  it.each(['SIGKILL', 'SIGINT'] as const)('by %s goes on, to the same bytes', async (signal) => {
    const to = output()
    const journal = join(state(to), 'journal.jsonl')
    let parsers: number[] = []
    const stopped = await extract(input, to, flags('same'), {
      async onStart(child) {
        while (!existsSync(journal) || readFileSync(journal, 'utf8').split('\n').length < 4) await sleep(20)
        parsers = childrenOf(child.pid!)
        child.kill(signal)
      },
    })
    for (const pid of parsers) await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000) // though it hangs
    if (signal === 'SIGKILL') expect(stopped.signal).toBe('SIGKILL')
    else
      expect(stopped).toMatchObject({
        code: 130,
        stderr: expect.stringContaining('run the same command again'),
      })
    expect(existsSync(to)).toBe(false)
    const again = await extract(input, to, flags('same'))
    expect(again.code).toBe(1)
    expect(JSON.parse(again.stdout)).toMatchObject({ resumed: 3, documents: 4, failed: 1 })
    expect(readFileSync(to)).toEqual(readFileSync(await whole()))
    expect(readdirSync(work).filter((name) => name.startsWith(`.${to.slice(work.length + 1)}`))).toEqual([])
  })
})

describe('a vision model', () => {
  let server: LlmServer | undefined
  afterEach(async () => {
    await server?.close()
    server = undefined
  })
  const KEY = { env: { OPENAI_API_KEY: 'sk-test-0123456789' } }
  const serve = async (behave: (index: number, body: ChatRequest) => LlmReply) => {
    server = await startLlmServer({ behave: (body, index) => behave(index, body) })
    return ['--vision-model', 'see-1', '--base-url', server.url, '--json']
  }
  const other = Buffer.concat([PIXEL, Buffer.from('!')])

  it('describes each image once, and what it says stands in the documents', async () => {
    const input = folder({
      'a.html': `<p>Before</p>${image()}<p>After</p>`,
      'b.html': `<p>Again</p>${image()}`,
      'photo.png': other,
      'drawing.docx': word({
        body: p('x', { more: '<w:r><w:pict><v:imagedata r:id="a"/></w:pict></w:r>' }),
        media: { a: Buffer.from('BM old') },
      }),
    })
    const flags = await serve((index) => ({ content: ` A chart, number ${index}. ` }))
    const [to, images] = [output(), join(work, 'seen')]
    const run = await extract(
      input,
      to,
      [...flags, '--image-output-dir', images, '--vision-concurrency', '1'],
      KEY,
    )
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toMatchObject({
      images: 3,
      descriptions: 3,
      vision: { calls: 2, from_journal: 1 },
    })
    const [message] = server!.requests[0]!.messages as unknown as {
      content: { type: string; image_url?: { url: string } }[]
    }[]
    expect(message!.content[1]!.image_url!.url).toBe(`data:image/png;base64,${PIXEL.toString('base64')}`)
    const rows = readRows<Row>(to)
    expect(rows.map(({ filename, source_type }) => [filename, source_type])).toEqual([
      ['a.html', undefined],
      ['a_img_0.png', 'image'],
      ['b.html', undefined],
      ['b_img_0.png', 'image'],
      ['drawing.docx', undefined],
      ['photo.png', 'image'],
    ])
    expect(rows[1]!.content).toBe('[IMAGE DESCRIPTION of a_img_0.png]\nA chart, number 0.')
    const { items } = await collectWithProblems((onProblem) => readDocuments([to], onProblem))
    expect(items[0]!.text).toBe('Before\n\n[IMAGE DESCRIPTION of a_img_0.png]\nA chart, number 0.\n\nAfter')
    expect(items.map(({ id }) => id)).toEqual(['a.html', 'b.html', 'drawing.docx', 'photo.png'])

    const again = await extract(input, to, [...flags, '--image-output-dir', images, '--overwrite'], KEY)
    expect(JSON.parse(again.stdout)).toMatchObject({ descriptions: 3, vision: { calls: 0, from_journal: 3 } })
    expect(readRows<Row>(to)).toEqual(rows)
  })

  it('keeps to a budget, and goes on with a larger one', async () => {
    const input = folder({ 'a.html': `<p>a</p>${image()}`, 'photo.png': other })
    const flags = await serve(() => ({ content: 'A photo.' }))
    const [to, images] = [output(), join(work, 'budget')]
    const price = ['--price-input', '1', '--price-output', '0', '--image-output-dir', images]
    const stopped = await extract(input, to, [...flags, ...price, '--budget-usd', '0.05'], KEY)
    expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining('the budget is $0.0500') })
    expect(server!.requests).toHaveLength(0)
    const { code, stdout } = await extract(input, to, [...flags, ...price, '--budget-usd', '0.2'], KEY)
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      vision: { calls: 2, usd: 0.0002, total_usd: 0.0002 },
    })
  })

  it('that fails on an image costs a line; one that will answer nothing stops the run, which can go on', async () => {
    const input = folder({ 'a.html': `<p>a</p>${image()}`, 'photo.png': other })
    const pixel = `${PIXEL.toString('base64')}"`
    const refused = await serve((_, body) =>
      JSON.stringify(body).includes(pixel)
        ? { refusal: 'I will not', content: null }
        : { content: 'A photo.' },
    )
    const to = output()
    const rest = ['--image-output-dir', join(work, 'fail'), '--vision-concurrency', '1']
    const one = await extract(input, to, [...refused, ...rest], KEY)
    expect(one).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a_img_0\.png: not described: the model refused: I will not/),
    })
    expect(readRows<Row>(to).map(({ filename }) => filename)).toEqual(['a.html', 'photo.png'])
    await server!.close()

    const unauthorised = await serve(() => ({
      status: 401,
      error: { message: `bad key ${KEY.env.OPENAI_API_KEY}` },
    }))
    const second = output()
    const none = await extract(input, second, [...unauthorised, ...rest], KEY)
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/check the API key/) })
    expect(none.stderr).not.toContain(KEY.env.OPENAI_API_KEY)
    expect(existsSync(second)).toBe(false)
    expect(existsSync(state(second))).toBe(true)
  })
})

describe('a docling server', () => {
  it('parses what it reads; text is read here', async () => {
    const server = await startDoclingServer((response) => converted(response, '# By docling'))
    const input = folder({ 'a.pdf': '%PDF-1.4', 'b.md': 'own' })
    const to = output()
    const run = await extract(input, to, ['--backend', 'docling', '--docling-url', server.url, '--json'])
    await server.close()
    expect(run.code).toBe(0)
    expect(readRows<Row>(to).map(({ content }) => content)).toEqual(['# By docling', 'own'])
    expect(server.calls).toHaveLength(1)
    const gone = await extract(input, output(), ['--backend', 'docling', '--docling-url', server.url])
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringMatching(/check --docling-url/) })
  })
})

it('lists every file that failed, beside the output and in --json, until none fails', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `broken ${String(i).padStart(2, '0')}.pdf`)
  const input = folder(Object.fromEntries([['good.md', 'text'], ...names.map((name) => [name, 'no PDF'])]))
  const to = output()
  const list = `${to}.failed`
  const run = await clara(['extract', '--input-dir', input, '--output-file', to])
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('… and 10 more like these')
  expect(run.stderr).toContain(`what could not be read is listed in ${list}`)
  const failures = readRows<{ path: string; reason: string }>(list)
  expect(failures.map(({ path }) => path)).toEqual(names.map((name) => join(input, name)))
  expect(run.stderr).toContain(`${failures[0]!.path}: ${failures[0]!.reason}`)
  const again = await clara([
    'extract',
    '--input-dir',
    input,
    '--output-file',
    to,
    '--overwrite',
    '--json',
    '--quiet',
  ])
  expect(JSON.parse(again.stdout)).toMatchObject({ failed: 30, failures, failures_file: list })
  for (const name of names) rmSync(join(input, name))
  const mended = await clara(['extract', '--input-dir', input, '--output-file', to, '--overwrite', '--json'])
  expect(JSON.parse(mended.stdout)).toMatchObject({ failed: 0, failures: [], failures_file: null })
  expect(existsSync(list)).toBe(false)
})
