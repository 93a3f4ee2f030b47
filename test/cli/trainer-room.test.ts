/** What is cut for the trainer, in the commands: building, adding, mining and validating. */
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { openTrainerTokenizer } from '#clara/inference/trainer-tokenizer.js'
import { clara, readRows, workFolder } from './clara.js'

const work = workFolder()
const at = (name: string) => join(work, name)
const model = fileURLToPath(new URL('../../models/mistral-7b-tokenizer/tokenizer.model', import.meta.url))

/** 12 documents, more tokens for the trainer than for the embedder; each ends with what is asked about. */
const FISH = [
  'herring',
  'sprat',
  'capelin',
  'sand eel',
  'cod',
  'haddock',
  'whiting',
  'saithe',
  'ling',
  'hake',
  'plaice',
  'sole',
]
const THINGS = [
  'violin',
  'volcano',
  'railway',
  'parliament',
  'virus',
  'cathedral',
  'tractor',
  'desert',
  'novel',
  'football',
  'wheat',
  'comet',
]
const SYLLABLES = [
  'tū',
  'ī',
  'kā',
  'pō',
  'wē',
  'ao',
  'ré',
  'ñu',
  'lö',
  'šé',
  'ći',
  'żu',
  'dă',
  'ğo',
  'mů',
  'hy',
  'va',
  'ŋe',
  'øl',
]
/** Words of its own for each document: else they were near duplicates. */
const word = (n: number, i: number) =>
  [n * 7 + i * 3, n * 11 + i * 5 + 1, n + i * i].map((at) => SYLLABLES[at % SYLLABLES.length]).join('')
const written = (n: number) =>
  `${Array.from({ length: 18 }, (_, i) => `The ${THINGS[n]} ${Array.from({ length: 6 }, (_, j) => word(n, 6 * i + j)).join(' ')}.`).join(' ')} In the end the keepers of the ${THINGS[n]} lived on ${FISH[n]}.`
const documents = FISH.map((_, n) => ({ _id: `island-${n}`, title: `The ${THINGS[n]}`, text: written(n) }))
const jsonl = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

interface Chunk {
  title: string
  text: string
}

const build = (output: string, ...more: string[]) =>
  clara(['index', 'build', '--input-file', at('docs.jsonl'), '--output-dir', at(output), '--json', ...more])
const manifestOf = (index: string) => JSON.parse(readFileSync(join(at(index), 'manifest.json'), 'utf8'))

async function longest(index: string, name = 'mistral'): Promise<number> {
  const trainer = await openTrainerTokenizer(name)
  const file = manifestOf(index).files.chunks.name
  const passages = readRows<Chunk>(join(at(index), file)).map(({ title, text }) => `${title} ${text}`)
  const counts = await trainer.countTokens(passages)
  await trainer.close()
  return Math.max(...counts)
}

beforeAll(async () => {
  writeFileSync(at('docs.jsonl'), jsonl(documents.slice(0, 10)))
  writeFileSync(at('more.jsonl'), jsonl(documents.slice(10)))
  const qa = FISH.slice(0, 10).map((fish, n) => ({
    question: `What did the keepers of the ${THINGS[n]} live on in the end?`,
    answer: fish,
    doc_id: `island-${n}`,
  }))
  writeFileSync(at('qa.jsonl'), jsonl(qa))
  expect((await build('index')).code).toBe(0)
  expect((await build('whole', '--no-chunk')).code).toBe(0)
  expect((await build('narrow', '--trainer', 'none')).code).toBe(0)
})

describe('clara-index', () => {
  it('cuts chunks for the embedder and the trainer, and keeps which trainer it was', async () => {
    expect(manifestOf('index').chunking.trainer).toMatchObject({ name: 'mistral', tokens: 256 })
    expect(manifestOf('index').chunking.trainer.sha256).toMatch(/^dadfd56d/)
    expect(await longest('index')).toBeLessThanOrEqual(256)
    expect(await longest('narrow')).toBeGreaterThan(256) // it needed it
    expect(manifestOf('narrow').chunking).toEqual({ tokens: 256, overlap: 0, split: true })
    expect(manifestOf('whole').chunking).toEqual({ tokens: 256, overlap: 0, split: false })
  })

  it('shows the trainer, and adds as it was built', async () => {
    const { stdout } = await clara(['index', 'info', at('index')])
    expect(stdout).toContain('mistral, 256 tokens')
    const added = await clara(['index', 'add', at('index'), '--input-file', at('more.jsonl'), '--json'])
    expect(added.code).toBe(0)
    expect(await longest('index')).toBeLessThanOrEqual(256)
    const without = ['index', 'add', at('narrow'), '--input-file', at('more.jsonl')]
    const asked = await clara([...without, '--trainer', 'mistral'])
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain('was built without a trainer')
    expect((await clara(without)).code).toBe(0)
    expect(await longest('narrow')).toBeGreaterThan(256)
  })

  it('needs the same tokenizer again, wherever it lies', async () => {
    copyFileSync(model, at('own.model'))
    expect((await build('own', '--trainer', at('own.model'), '--doc-max-length', '128')).code).toBe(0)
    expect(await longest('own')).toBeLessThanOrEqual(128)
    renameSync(at('own.model'), at('moved.model'))
    const add = ['index', 'add', at('own'), '--input-file', at('more.jsonl')]
    const gone = await clara(add)
    expect(gone.code).toBe(2)
    expect(gone.stderr).toContain('own.model: no tokenizer there')
    expect(gone.stderr).toContain('pass it as --trainer where it lies now')
    const other = await clara([...add, '--trainer', 'qwen3'])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('qwen3 (estimated) is another')
    expect((await clara([...add, '--trainer', at('moved.model')])).code).toBe(0)
    expect(await longest('own')).toBeLessThanOrEqual(128)
  })

  it('says where --chunk-tokens asks for more than the trainer reads', async () => {
    const { code, stderr } = await build('wide', '--chunk-tokens', '300', '--trainer', 'qwen3')
    expect(code).toBe(0)
    expect(stderr).toContain('at most 256 tokens of the trainer (qwen3)')
    expect(manifestOf('wide').chunking.trainer).toEqual({ name: 'qwen3', sha256: null, tokens: 256 })
    expect(await longest('wide', 'qwen3')).toBeLessThanOrEqual(256)
  })

  it('takes no trainer that is none', async () => {
    const { code, stderr } = await build('no', '--trainer', at('nowhere'))
    expect(code).toBe(2)
    expect(stderr).toContain(
      'no tokenizer there: expected mistral, qwen3, none, tokenizer.json or tokenizer.model',
    )
  })
})

describe('what the trainer would cut', () => {
  const mine = (index: string, output: string, ...more: string[]) =>
    clara([
      ...['mine', '--index', at(index), '--qa-file', at('qa.jsonl'), '--output-dir', at(output)],
      ...['--target-top-k', '3', '--reranker', 'none', ...more],
    ])
  const validate = (output: string, ...more: string[]) =>
    clara(['validate', '--input-file', join(at(output), 'end_to_end_data.jsonl'), ...more])

  it('clara-mine counts rows of an index of whole documents, clara-validate finds the lost answers', async () => {
    const { code, stderr } = await mine('whole', 'out-whole')
    expect(code).toBe(0)
    expect(stderr).toContain(
      'warning: 10 of 10 rows have a document over the 256 tokens of mistral that the trainer reads, 10 of them a positive',
    )
    const checked = await validate('out-whole')
    expect(checked.code).toBe(1)
    expect(checked.stdout).toMatch(/over 256 tokens of mistral: 30 of 30 docs, the longest has \d+/)
    expect(checked.stdout).toContain('10 of 10 rows lose their answer to the cut')
    expect((await validate('out-whole', '--trainer', 'none')).stdout).not.toContain('lose')
    expect((await validate('out-whole', '--doc-max-tokens', '4096')).stdout).toContain(
      'over 4096 tokens of mistral: 0',
    )
    expect((await validate('out-whole', '--tokenizer', model)).code).toBe(1)
    expect((await validate('out-whole', '--trainer', 'qwen3')).stdout).toContain(
      'over 256 tokens of qwen3 (estimated): 30',
    )
  })

  it('nothing is said of chunks that fit, or without a trainer', async () => {
    const fitting = await mine('index', 'out')
    expect(fitting.code).toBe(0)
    expect(fitting.stderr).not.toContain('that the trainer reads')
    expect((await validate('out')).stdout).toContain('over 256 tokens of mistral: 0 of 30 docs')
    expect((await mine('whole', 'out-none', '--trainer', 'none')).stderr).not.toContain(
      'that the trainer reads',
    )
    expect((await mine('whole', 'out-long', '--doc-max-length', '4096')).stderr).not.toContain(
      'that the trainer reads',
    )
  })

  it('flags that contradict each other are refused', async () => {
    const both = await validate('out', '--trainer', 'mistral', '--tokenizer', model)
    expect(both.code).toBe(2)
    expect(both.stderr).toContain('--tokenizer and --trainer name the same thing')
    const none = await validate('out', '--trainer', 'none', '--doc-max-tokens', '9')
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('count the trainer’s tokens')
  })
})
