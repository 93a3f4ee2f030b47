import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { clara, example, readRows, shell, workFolder } from './clara.js'

const work = workFolder()
const corpus = example('raw_knowledge.jsonl')

const build = (input: string, out: string, ...flags: string[]) =>
  clara(['index', 'build', '--input-file', input, '--output-dir', join(work, out), '--force', ...flags])

describe('usage errors exit with 2 and point to the mistake', () => {
  it.each([
    [['index', 'build', '--output-dir', 'x'], "required option '--input-file"],
    [
      ['index', 'build', '--input-file', corpus, '--output-dir', join(work, 'u'), '--chunk-overlap', '200'],
      '--chunk-overlap 200 must be less than half',
    ],
    [
      ['index', 'build', '--input-file', corpus, '--output-dir', join(work, 'u'), '--chunk-tokens', 'many'],
      'expected a whole number',
    ],
    [
      ['index', 'build', '--input-file', corpus, '--output-dir', join(work, 'u'), '--device', 'tpu'],
      '--device tpu: expected auto, cpu, cuda',
    ],
    [
      ['index', 'build', '--input-file', corpus, '--output-dir', join(work, 'u'), '--embedder', 'bge-huge'],
      'no model bge-huge',
    ],
    [['index', 'search', work], 'one of --query TEXT and --queries FILE'],
    [['index', 'search', work, '--query', 'x'], 'manifest.json is missing'],
    [
      ['mine', '--index', 'x', '--qa-file', 'y', '--output-dir', 'z', '--target-top-k', '0'],
      'from 1 to 1000',
    ],
    [['synth', '--output-dir', 'x'], 'one of --input-file and --index'],
    [['synth', '--output-dri', 'x'], "unknown option '--output-dri'\n(Did you mean --output-dir?)"],
    [['synth', '--api-key', 'sk-secret'], '--api-key is not taken'],
    [
      ['synth', '--index', corpus, '--output-dir', join(work, 'u'), '--base-url', 'http://x'],
      'the directory of an index was expected',
    ],
    [
      [
        'synth',
        '--input-file',
        corpus,
        '--output-dir',
        'x',
        '--reranker',
        'minilm-l6-reranker',
        '--margin',
        '1',
      ],
      'without --local-embeddings or --use-embeddings nothing is done with --reranker, --margin',
    ],
    [
      ['synth', '--input-file', corpus, '--output-dir', 'x', '--embedding-model', 'm'],
      'without --use-embeddings nothing is done with --embedding-model',
    ],
    [
      ['extract', '--input-dir', work, '--output-file', 'x', '--budget-usd', '1'],
      'without --vision-model nothing is done with --budget-usd',
    ],
    [['pack', '--input-dir', work, '--output-file', 'x.zip'], 'expected a name ending in .tar.gz'],
    [['synth', '--output-dir', 'x', '--input-file', corpus], 'no API key'],
    [['validate', '--input-file', join(work, 'missing.jsonl')], 'no such file'],
    [['index', 'bild'], 'Did you mean build?'],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await clara(args)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('this is a bug')
    expect(code).toBe(2)
    expect(stdout).toBe('')
  })
})

describe('a corpus with faults', () => {
  it('names each bad line, indexes the rest and exits with 1', async () => {
    const file = join(work, 'faults.jsonl')
    const lines = [
      '{"_id": "a", "text": "The first good passage."}',
      '{"_id": "b", "text": ',
      '{"_id": "c"}',
      '["a list"]',
      '{"_id": "a", "text": "The same id again."}',
      '{"filename": "x.md", "content": "   "}',
      '',
      '{"filename": "y.md", "content": "The second good passage."}',
    ]
    writeFileSync(file, lines.join('\n'))
    const { code, stderr, stdout } = await build(file, 'faults', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ documents: 2, bad_records: 5 })
    for (const [line, reason] of [
      [2, 'not JSON'],
      [3, 'no text: expected one of "text"'],
      [4, 'not a JSON object'],
      [5, 'was there before'],
      [6, 'has no text'],
    ]) {
      expect(stderr).toContain(`${file}:${line}: `)
      expect(stderr).toContain(reason)
    }
  })

  it.each([
    ['an empty file', (path: string) => writeFileSync(path, ''), '.jsonl:1: the file holds no record'],
    ['a missing file', () => {}, 'no such file'],
  ])('%s leaves nothing behind', async (name, make, message) => {
    const file = join(work, `${name}.jsonl`)
    make(file)
    const { code, stderr } = await build(file, `${name}-index`)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(readdirSync(work).filter((entry) => entry.includes(`${name}-index`))).toEqual([])
  })

  it('prints no control characters of a file', async () => {
    const file = join(work, 'escape.jsonl')
    writeFileSync(file, '{"_id": "\\u001b[31mred", "text": ""}\n{"_id": "z", "text": "good"}')
    const { stderr } = await build(file, 'escape')
    expect(stderr).toContain('has no text')
    expect(stderr).not.toContain('\u001b[31m')
  })
})

describe('a model with faults', () => {
  const models = fileURLToPath(new URL('../../models/all-minilm-l6-v2', import.meta.url))
  it.each([
    ['a missing file', (dir: string) => rmSync(join(dir, 'model.onnx')), 'model.onnx: cannot be read'],
    [
      'a flipped byte',
      (dir: string) => {
        const bytes = readFileSync(join(dir, 'tokenizer.json'))
        bytes[1000]! ^= 1
        writeFileSync(join(dir, 'tokenizer.json'), bytes)
      },
      'tokenizer.json: does not have the',
    ],
    ['a card that is no JSON', (dir: string) => writeFileSync(join(dir, 'card.json'), '{'), 'card.json'],
  ])('%s', async (name, harm, message) => {
    const dir = join(work, name)
    cpSync(models, dir, { recursive: true })
    harm(dir)
    const { code, stderr } = await build(corpus, `${name} index`, '--embedder', dir)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(existsSync(join(work, `${name} index`))).toBe(false)
  })
})

describe('writing fails', () => {
  it('at every size limit the old index stays and nothing half-written does', async () => {
    const target = join(work, 'limited')
    await build(corpus, 'limited', '--quiet')
    const before = readFileSync(join(target, 'manifest.json'))
    for (const blocks of [0, 8, 32, 60, 100]) {
      // EFBIG at the limit: the signal that would end the process is ignored, as the shell passes on
      const { code, signal, stderr } = await shell(
        `trap '' XFSZ; ulimit -f ${blocks}; clara index build --input-file '${corpus}' --output-dir '${target}' --overwrite --force --quiet`,
      )
      expect({ blocks, code, signal }).toEqual({ blocks, code: 2, signal: null })
      expect(stderr).toMatch(/^error: /)
      expect(stderr).not.toContain('this is a bug')
      expect(readFileSync(join(target, 'manifest.json')).equals(before)).toBe(true)
      expect(readdirSync(work).filter((entry) => entry.startsWith('.limited'))).toEqual([])
    }
    expect((await clara(['index', 'verify', target])).code).toBe(0)
  })

  it('into a place that is no directory', async () => {
    const file = join(work, 'a-file')
    writeFileSync(file, 'x')
    const { code, stderr } = await build(corpus, join('a-file', 'index'))
    expect(code).toBe(2)
    expect(stderr).toContain('a-file')
    expect(readFileSync(file, 'utf8')).toBe('x')
  })
})

describe('a build that is stopped', () => {
  it.each(['SIGKILL', 'SIGINT'] as const)(
    'by %s leaves no index, and goes on when it is run again',
    async (signal) => {
      const file = join(work, 'many.jsonl')
      const texts = readRows(corpus).flatMap((record, i) =>
        Array.from({ length: 8 }, (_, n) => ({ _id: `${i}-${n}`, text: `${n} ${record.content}` })),
      )
      writeFileSync(file, texts.map((record) => JSON.stringify(record)).join('\n'))
      const target = join(work, `stopped by ${signal}`)
      const journal = join(target, '.work/progress.jsonl')
      const checkpoints = () =>
        existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 2 : 0
      const args = ['index', 'build', '--input-file', file, '--output-dir', target, '--force']
      const outcome = await clara(args, {
        onStart: async (child) => {
          while (checkpoints() < 1 && child.exitCode === null) await sleep(5)
          child.kill(signal)
        },
      })
      expect(existsSync(join(target, 'manifest.json'))).toBe(false)
      if (signal === 'SIGKILL') expect(outcome.signal).toBe('SIGKILL')
      else {
        expect(outcome.code).toBe(130)
        expect(outcome.stderr).toMatch(/interrupted: .* kept: run the same command again/)
        expect(readdirSync(target)).toEqual(['.work'])
      }
      const info = await clara(['index', 'info', target, '--json'])
      expect(JSON.parse(info.stdout).unfinished).toMatch(/^build: \d+ documents, \d+ chunks embedded/)
      const search = await clara(['index', 'search', target, '--query', 'x'])
      expect(search.code).toBe(2)
      expect(search.stderr).toMatch(
        /no index here yet .*, \d+ documents and \d+ chunks are embedded; its build was interrupted: run the same clara-index build/,
      )

      const other = await build(corpus, `stopped by ${signal}`, '--quiet')
      expect(other.code).toBe(2)
      expect(other.stderr).toContain('of other documents')
      const again = await clara([...args, '--json'])
      expect(again.code).toBe(0)
      expect(again.stderr).toMatch(/\d+ chunks are embedded already: going on after them/)
      expect(JSON.parse(again.stdout)).toMatchObject({ documents: texts.length, chunks: texts.length })
      expect((await clara(['index', 'verify', target])).code).toBe(0)
    },
  )

  it('before its first checkpoint leaves nothing', async () => {
    const target = join(work, 'stopped at once')
    const outcome = await clara(
      ['index', 'build', '--input-file', corpus, '--output-dir', target, '--force'],
      {
        onStart: async (child) => {
          while (!existsSync(join(target, '.work/progress.jsonl')) && child.exitCode === null) await sleep(1)
          child.kill('SIGINT')
        },
      },
    )
    if (outcome.code === 130) expect(existsSync(target)).toBe(false) // else it was the faster one
  })
})
