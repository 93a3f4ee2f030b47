/** Every flag of the Python scripts, typed at the command that takes the script's place: taken, or refused with what to do. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { runArguments } from '#clara/cli/run-cli.js'
import { PIXEL } from '../support/word.js'
import { clara, example, readRows, workFolder } from './clara.js'
import { serve } from './synth-run.js'

const work = workFolder()
const corpus = example('raw_knowledge.jsonl')
const documents = join(work, 'raw_documents')
const samples = join(work, 'end_to_end_data.jsonl')
let next = 0
const fresh = () => join(work, `out-${next++}`)
const SECRET = 'sk-typed-7f3e2b9a5d1c'

beforeAll(() => {
  mkdirSync(documents)
  writeFileSync(join(documents, 'a.md'), 'Pumps are checked each week.')
  const row = { question: 'Q?', docs: ['one'], gold_answer: 'one', answer: 'one', pos_index: [0] }
  writeFileSync(samples, `${JSON.stringify(row)}\n`)
})

/** What a script needs besides, so that the flag alone decides. */
const COMMANDS: Record<string, () => string[]> = {
  extract: () => ['extract', '--input_dir', documents, '--output_file', fresh()],
  synth: () => ['synth', '--input_file', corpus, '--output_dir', fresh(), '--dry-run'],
  validate: () => ['validate', '--input_file', samples, '--expected-top-k', '1'],
  'index build': () => ['index', 'build', '--input_file', documents, '--output_dir', fresh(), '--force'],
}

/** In this process: what the command says in place of doing anything. */
const refusal = (args: string[]): Promise<Error> =>
  runArguments(args).then(
    () => new Error('nothing was refused'),
    (error) => error,
  )

/** Script, the command in its place, the flag as its guides have it, and what to use instead; none: the flag is taken. */
const FLAGS: [string, keyof typeof COMMANDS, string[], RegExp?][] = [
  ['extract_with_docling.py', 'extract', ['--input_dir', documents]],
  ['extract_with_docling.py', 'extract', ['--output_file', join(work, 'docling.jsonl')]],
  ['extract_with_docling.py', 'extract', ['--image_output_dir', join(work, 'assets')]],
  ['extract_with_docling.py', 'extract', ['--extraction_mode', 'markdown']],
  ['extract_raw_data.py', 'extract', ['--image_output_dir=./extracted_assets']],
  ['extract_images.py', 'extract', ['--api_key', SECRET], /--api-key-file FILE/],
  ['extract_images.py', 'extract', [`--api_key=${SECRET}`], /--api-key-file FILE/],
  ['extract_images.py', 'extract', ['--api_key'], /--api-key-file FILE/],
  ['extract_images.py', 'extract', ['--base_url', 'https://dashscope.example/v1'], /without --vision-model/],
  ['extract_images.py', 'extract', ['--model', 'qwen-vl-max'], /--image-output-dir DIR/],
  ['extract_images.py', 'extract', ['--max_retries', '5'], /--vision-timeout/],
  ['synthesize_data.py', 'synth', ['--api_key', SECRET], /--api-key-file FILE/],
  ['synthesize_data.py', 'synth', ['--base_url', 'https://dashscope.example/v1']],
  ['synthesize_data.py', 'synth', ['--model', 'qwen-turbo']],
  ['synthesize_data.py', 'synth', ['--chunk_size', '1000'], /--chunk-tokens N/],
  ['synthesize_data.py', 'synth', ['--chunk_size=1000'], /--chunk-tokens N/],
  ['synthesize_data_topk.py', 'synth', ['--target_top_k', '5']],
  ['synthesize_data_topk.py', 'synth', ['--use_embeddings']],
  ['synthesize_data_topk.py', 'synth', ['--max_retries', '3'], /--timeout/],
  ['validate_topk_data.py', 'validate', ['--expected_top_k', '1']],
  ['validate_topk_data.py', 'validate', ['--verbose']],
  ['ingest_knowledge.py', 'index build', ['--model_path', 'checkpoints/clara_stage2'], /--embedder/],
  ['ingest_knowledge.py', 'index build', ['--output_file', 'vectors.jsonl'], /--output-dir DIR/],
  ['ingest_knowledge.py', 'index build', ['--compress_rate', '32'], /leave it out/],
  ['ingest_knowledge.py', 'index build', ['--quantization', 'int4'], /--precision/],
]

describe('a flag of the scripts', () => {
  it.each(FLAGS.filter(([, , , instead]) => !instead))('%s -> clara %s %j', async (_, command, flag) => {
    const { code, stderr } = await clara([...COMMANDS[command]!(), ...flag])
    expect({ code, stderr }).toMatchObject({ code: 0 })
  })

  it.each(FLAGS.filter(([, , , instead]) => instead))(
    '%s -> clara %s %j is refused',
    async (_, command, flag, instead) => {
      const error = await refusal([...COMMANDS[command]!(), ...flag])
      expect(error).toMatchObject({
        name: 'ClaraError',
        code: 'usage',
        message: expect.stringMatching(instead!),
      })
      expect(error.message).not.toContain(SECRET)
    },
  )

  it('that is refused ends the command with code 2, and its value is not shown', async () => {
    for (const [, command, flag, instead] of [FLAGS[5]!, FLAGS[15]!, FLAGS[22]!]) {
      const { code, stdout, stderr } = await clara([...COMMANDS[command]!(), ...flag])
      expect({ code, stdout, stderr }).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(instead!),
      })
      expect(stderr).not.toContain(SECRET)
    }
  })

  it('is in no help', async () => {
    const helps = await Promise.all(['extract', 'synth'].map((name) => clara([name, '--help'])))
    for (const { stdout } of helps) expect(stdout).not.toMatch(/--(?:api-key|max-retries|chunk-size) /)
  })

  it('--model of extract_images.py is --vision-model', async () => {
    const { url, requests } = await serve(() => ({ content: 'A dot.' }))
    const [to, input] = [fresh(), join(work, 'pictures')]
    mkdirSync(input)
    const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII='
    writeFileSync(join(input, 'dot.png'), Buffer.from(dot, 'base64'))
    const flags = ['--model=eye-1', '--base_url', url, '--image_output_dir', fresh()]
    const { code, stderr } = await clara(['extract', '--input_dir', input, '--output_file', to, ...flags])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(requests.map(({ model }) => model)).toEqual(['eye-1'])
    expect(readRows(to)[0]).toMatchObject({ filename: 'dot.png', source_type: 'image' })
  })

  it('--verbose names every finding', async () => {
    const file = join(work, 'instruction_data.jsonl')
    const bad = { question: '', docs: ['one'], gold_answer: 'one', answer: 'one' }
    writeFileSync(file, `${JSON.stringify(bad)}\n`.repeat(50))
    const lines = async (...flags: string[]) => {
      const { stderr } = await clara(['validate', '--input_file', file, ...flags])
      return new Set([...stderr.matchAll(/jsonl:(\d+): question/g)].map(([, line]) => line)).size
    }
    expect(await lines()).toBe(20)
    expect(await lines('--verbose')).toBe(50)
  })
})

describe('a variable of the scripts', () => {
  const output = ['extract', '--quiet', '--output-file']

  it('RAW_DATA_DIR, EXTRACTED_ASSETS_DIR, EXTRACTION_MODE stand in for flags, from the environment or .env', async () => {
    const cwd = join(work, 'dot-env')
    mkdirSync(join(cwd, 'raw_data'), { recursive: true })
    writeFileSync(join(cwd, 'raw_data', 'a.html'), '<p>Text</p><img src="a.png">')
    writeFileSync(join(cwd, 'raw_data', 'a.png'), PIXEL)
    writeFileSync(
      join(cwd, '.env'),
      'RAW_DATA_DIR=./raw_data\r\nEXTRACTED_ASSETS_DIR="assets" # here\r\nEXTRACTION_MODE=markdown\r\n',
    )
    const to = fresh()
    expect(await clara([...output, to], { cwd })).toMatchObject({ code: 0 })
    expect(readRows(to)[0]).toMatchObject({
      content: 'Text\n\n--- Extracted Images ---\n[IMAGE_REF: assets/a_img_0.png]\n',
    })
    const [other, env] = [fresh(), { EXTRACTION_MODE: 'dict' }]
    expect(await clara([...output, other], { cwd, env })).toMatchObject({ code: 0 })
    expect(readRows<{ content: string }>(other)[0]!.content).not.toContain('Extracted Images')
    const third = fresh()
    const flags = ['--extraction-mode', 'dict', '--input-dir', documents, '--image-output-dir', fresh()]
    expect(await clara([...output, third, ...flags], { cwd })).toMatchObject({ code: 0 })
    expect(readRows(third)[0]).toMatchObject({ filename: 'a.md' })
  })

  it.each(['RAW_DATA_DIR=~/raw', 'RAW_DATA_DIR=$HOME/raw', `EXTRACTED_ASSETS_DIR=\${PROJECT_ROOT}/assets`])(
    'of a .env that wants a shell makes no folder of that name: %s',
    async (line) => {
      const cwd = fresh()
      mkdirSync(join(cwd, 'raw'), { recursive: true })
      writeFileSync(join(cwd, 'raw', 'a.md'), 'Text')
      writeFileSync(join(cwd, '.env'), `PROJECT_ROOT=$(pwd)\nRAW_DATA_DIR=raw\n${line}\n`)
      const { code, stderr } = await clara([...output, fresh()], { cwd })
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('write it out') })
      expect(readdirSync(cwd).sort()).toEqual(['.env', 'raw'])
    },
  )

  it.each<[Record<string, string>, string[], RegExp]>([
    [{}, [], /--input-dir is missing: .*RAW_DATA_DIR/],
    [{ RAW_DATA_DIR: '' }, [], /--input-dir is missing/],
    [
      { EXTRACTION_MODE: 'precise' },
      ['--input-dir', '.'],
      /EXTRACTION_MODE is "precise", expected dict or markdown/,
    ],
    [{ VISION_MODEL: 'qwen-vl-max' }, ['--input-dir', '.'], /--image-output-dir DIR, or --vision-model none/],
  ])('%j is refused where it does not do', async (env, flags, reason) => {
    const run = await clara([...output, fresh(), ...flags], { cwd: documents, env })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(reason) })
  })

  it('VISION_MODEL has images described, and --vision-model goes before it; none is none', async () => {
    const { url, requests, headers } = await serve(() => ({ content: 'A dot.' }))
    const cwd = join(work, 'vision')
    mkdirSync(join(cwd, 'raw'), { recursive: true })
    writeFileSync(join(cwd, 'raw', 'a.png'), PIXEL)
    writeFileSync(join(cwd, 'raw', 'a.md'), 'Text')
    writeFileSync(
      join(cwd, '.env'),
      `OPENAI_API_KEY=${SECRET}\nBASE_URL=${url}\nVISION_MODEL=qwen-vl-max    # images\n`,
    )
    const see = (...flags: string[]) =>
      clara(
        ['extract', '--input-dir', 'raw', '--output-file', fresh(), '--image-output-dir', 'i', ...flags],
        { cwd },
      )
    const run = await see()
    expect(run).toMatchObject({ code: 0 })
    expect(run.stderr).toMatch(/--vision-model qwen-vl-max: VISION_MODEL of \.env in this folder/)
    expect(run.stderr).toContain(`endpoint from .env: ${url}`)
    expect([requests[0]!.model, headers[0]!.authorization]).toEqual(['qwen-vl-max', `Bearer ${SECRET}`])
    expect(await see('--vision-model', 'eye-2')).toMatchObject({ code: 0 })
    expect(requests[1]!.model).toBe('eye-2')
    expect(await see('--vision-model', 'none')).toMatchObject({ code: 0 })
    expect(requests).toHaveLength(2)
    // Images leave by a variable that may be forgotten: that is no mere remark.
    const { stdout, stderr } = await see('--quiet', '--json')
    expect(stderr).toBe('--vision-model qwen-vl-max: VISION_MODEL of .env in this folder\n')
    expect(JSON.parse(stdout)).toMatchObject({ vision: { model: 'qwen-vl-max', calls: 1 } })
  })
})

it('marks of images in old samples are found, and the line of the guide takes them out', async () => {
  const cwd = fresh()
  mkdirSync(cwd)
  const mark = '[IMAGE_REF: example/extracted_assets/a_img_0.png]'
  const old = [
    ['one', `See ${mark} for it.`],
    ['one', `two\n\n--- Extracted Images ---\n${mark}\n${mark}\n`],
    ['one', 'An image, and no mark: [image].'],
  ].map((docs, i) => ({ question: `Q${i}?`, docs, gold_answer: 'one', answer: 'one', pos_index: [0] }))
  writeFileSync(join(cwd, 'old.jsonl'), old.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const marks = async (file: string) => {
    const { stdout, stderr } = await clara(['validate', '--input_file', file, '--json'], { cwd })
    return [JSON.parse(stdout).findings.find(({ kind }: { kind: string }) => kind === 'image-mark'), stderr]
  }
  const [finding, stderr] = await marks('old.jsonl')
  expect(finding).toMatchObject({ level: 'warning', count: 2 })
  expect(stderr).toContain(`old.jsonl:1: warning: docs[1] holds ${mark}`)
  expect(stderr).toContain('old.jsonl:2: warning: docs[1] holds --- Extracted Images ---')
  const guide = readFileSync(fileURLToPath(new URL('../../docs/migration.md', import.meta.url)), 'utf8')
  const [sed] = /^sed .*$/m.exec(guide)!
  expect(await clara([], { command: ['bash', '-c', sed], cwd })).toMatchObject({ code: 0 })
  expect((await marks('clean.jsonl'))[0]).toBeUndefined()
  expect(readRows<{ docs: string[] }>(join(cwd, 'clean.jsonl')).map(({ docs }) => docs[1])).toEqual([
    'See [image] for it.',
    'two',
    'An image, and no mark: [image].',
  ])
})
