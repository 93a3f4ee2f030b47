import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, readRows, workFolder } from './clara.js'

interface Row {
  question: string
  docs: string[]
  gold_answer: string
  answer: string
  pos_index: number[]
}

const work = workFolder()
const index = join(work, 'index')
const corpus = example('raw_knowledge.jsonl')
const qa = example('qa.jsonl')

beforeAll(async () => {
  const built = await clara([
    'index',
    'build',
    '--input-file',
    corpus,
    '--output-dir',
    index,
    '--force',
    '--json',
  ])
  expect(built.stderr).not.toContain('error')
  expect(built.code).toBe(0)
  expect(JSON.parse(built.stdout)).toMatchObject({ documents: 72, chunks: 72, dims: 384, bad_records: 0 })
})

const mine = (out: string, ...flags: string[]) =>
  clara([
    ...['mine', '--index', index, '--qa-file', qa, '--output-dir', join(work, out), '--force', '--quiet'],
    ...flags,
  ])

describe('clara mine', () => {
  it('gives every question exactly k documents, the positive among them', async () => {
    expect((await mine('k5')).code).toBe(0)
    const rows = readRows<Row>(join(work, 'k5', 'end_to_end_data.jsonl'))
    const questions = readRows(qa)
    const passages = new Map(readRows(corpus).map((record) => [record.filename, record.content]))
    expect(rows).toHaveLength(80)
    rows.forEach((row, i) => {
      expect(Object.keys(row)).toEqual(['question', 'docs', 'gold_answer', 'answer', 'pos_index'])
      expect(new Set(row.docs).size).toBe(5)
      expect(row.question).toBe(questions[i]?.question)
      expect([row.gold_answer, row.answer]).toEqual([questions[i]?.answer, questions[i]?.answer])
      expect(row.pos_index.map((p) => row.docs[p])).toEqual([passages.get(questions[i]?.doc_id)])
    })
    const provenance = readRows(join(work, 'k5', 'end_to_end_data.provenance.jsonl'))
    expect(provenance).toHaveLength(80)
  })

  it('writes the same bytes again, at any number of threads', async () => {
    await mine('one', '--threads', '1', '--no-score-cache')
    await mine('two', '--threads', '2', '--no-score-cache')
    for (const file of readdirSync(join(work, 'one'))) {
      expect(readFileSync(join(work, 'two', file)).equals(readFileSync(join(work, 'one', file))), file).toBe(
        true,
      )
    }
    await mine('seed', '--seed', '7')
    expect(
      readFileSync(join(work, 'seed', 'end_to_end_data.jsonl')).equals(
        readFileSync(join(work, 'one', 'end_to_end_data.jsonl')),
      ),
    ).toBe(false)
  })

  it.each([2, 10])('fills k = %i, and clara-validate agrees', async (k) => {
    await mine(`k-${k}`, '--target_top_k', String(k))
    const file = join(work, `k-${k}`, 'end_to_end_data.jsonl')
    const right = await clara(['--input_file', file, '--expected-top-k', String(k), '--strict'], {
      bin: 'clara-validate',
    })
    expect(right.stdout).toContain(`OK: 80 samples, ${k} docs each`)
    expect(right.code).toBe(0)
    const wrong = await clara(['validate', '--input-file', file, '--expected-top-k', String(k + 1)])
    expect(wrong.code).toBe(1)
  })

  it('refuses an output directory that is in use, and replaces it when told to', async () => {
    await mine('taken')
    const again = await mine('taken')
    expect(again).toMatchObject({ code: 2 })
    expect(again.stderr).toContain('exists and is not empty')
    expect((await mine('taken', '--overwrite', '--target-top-k', '3')).code).toBe(0)
    expect(readRows<Row>(join(work, 'taken', 'end_to_end_data.jsonl'))[0]?.docs).toHaveLength(3)
  })

  it('names the line of every bad record, keeps the good ones and exits with 1', async () => {
    const file = join(work, 'bad-qa.jsonl')
    const good = readFileSync(qa, 'utf8').split('\n')[0]
    const bad = [
      '{"question": "Q?", "answer": "A"}',
      'not json',
      '{"question": "Q?", "answer": "A", "doc_id": "nowhere"}',
    ]
    writeFileSync(file, [good, ...bad].join('\n'))
    const { code, stderr } = await clara([
      'mine',
      '--index',
      index,
      '--qa-file',
      file,
      '--output-dir',
      join(work, 'some'),
    ])
    expect(code).toBe(1)
    expect(stderr).toContain(`${file}:2: "doc_id" or "positive" is needed`)
    expect(stderr).toContain(`${file}:3: not JSON`)
    expect(stderr).toContain(`${file}:4: doc_id "nowhere" is not in the index`)
    expect(readRows(join(work, 'some', 'end_to_end_data.jsonl'))).toHaveLength(1)
  })

  it('stops without output when no record is good', async () => {
    const file = join(work, 'empty.jsonl')
    writeFileSync(file, '')
    const out = join(work, 'none')
    const { code, stderr } = await clara(['mine', '--index', index, '--qa-file', file, '--output-dir', out])
    expect(code).toBe(2)
    expect(stderr).toContain('holds no usable question')
    expect(existsSync(out)).toBe(false)
  })

  it('accepts a BEIR folder and says that its samples have no answers', async () => {
    const beir = join(work, 'beir')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(join(beir, 'qrels'), { recursive: true })
    writeFileSync(
      join(beir, 'queries.jsonl'),
      '{"_id": "a", "text": "Which value scales dot-product attention?"}\n',
    )
    writeFileSync(
      join(beir, 'qrels', 'test.tsv'),
      'query-id\tcorpus-id\tscore\na\tscaled-dot-product-attention.md\t1\n',
    )
    const { code, stderr } = await clara([
      'mine',
      '--index',
      index,
      '--qa-file',
      beir,
      '--output-dir',
      join(work, 'from-beir'),
    ])
    expect(code).toBe(0)
    expect(stderr).toContain('1 samples have no answer')
  })
})

describe('a small corpus', () => {
  const build = async (name: string, texts: string[]) => {
    const file = join(work, `${name}.jsonl`)
    writeFileSync(file, texts.map((text, i) => JSON.stringify({ _id: `d${i}`, text })).join('\n'))
    await clara(['index', 'build', '--input-file', file, '--output-dir', join(work, name), '--quiet'])
    const questions = join(work, `${name}-qa.jsonl`)
    writeFileSync(questions, '{"question": "What is text 0?", "answer": "text 0", "doc_id": "d0"}\n')
    return clara([
      'mine',
      '--index',
      join(work, name),
      '--qa-file',
      questions,
      '--output-dir',
      join(work, `${name}-out`),
    ])
  }

  it('stops with fewer than k distinct chunks and says what would fit', async () => {
    const { code, stderr } = await build('four', [
      'text 0',
      'text 1',
      'text 2',
      'text 3',
      'TEXT  1',
      'text 2',
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('4 distinct chunks')
    expect(stderr).toContain('--target-top-k 4')
    expect(existsSync(join(work, 'four-out'))).toBe(false)
  })

  it('warns with fewer than 3k, with the largest k that fits', async () => {
    const { code, stderr } = await build(
      'nine',
      Array.from({ length: 9 }, (_, i) => `text ${i}`),
    )
    expect(code).toBe(0)
    expect(stderr).toContain('warning')
    expect(stderr).toContain('--target-top-k 3, the largest that fits')
  })
})

describe('clara index', () => {
  it('finds the passage and prints it, as text and as JSON', async () => {
    const query = ['--query', 'Why are inner products divided in scaled dot-product attention?']
    const text = await clara(['search', index, ...query, '-k', '3'], { bin: 'clara-index' })
    expect(text.stdout.split('\n')[0]).toContain('scaled-dot-product-attention.md#0')
    const json = await clara(['index', 'search', index, ...query, '-k', '3', '--json'])
    expect(JSON.parse(json.stdout).results[0].hits).toHaveLength(3)
  })

  it('writes a TREC run, the same exactly and by the graph', async () => {
    const queries = join(work, 'queries.jsonl')
    writeFileSync(
      queries,
      readRows(qa)
        .map(({ question }, i) => JSON.stringify({ _id: `q${i}`, text: question }))
        .join('\n'),
    )
    const run = async (name: string, ...flags: string[]) => {
      const file = join(work, name)
      expect(
        (await clara(['index', 'search', index, '--queries', queries, '--trec', file, ...flags])).code,
      ).toBe(0)
      return readFileSync(file, 'utf8')
    }
    const graph = await run('graph.trec')
    expect(graph).toBe(await run('exact.trec', '--exact'))
    const lines = graph.trimEnd().split('\n')
    expect(lines).toHaveLength(800)
    for (const line of lines) expect(line).toMatch(/^q\d+ Q0 \S+#0 \d+ -?\d\.\d{6} clara$/)
  })

  it('replaces a run file only where it is told to, and makes its folder', async () => {
    const file = join(work, 'runs', 'one.trec')
    const search = (...flags: string[]) =>
      clara(['index', 'search', index, '--query', 'What is a hard negative?', ...flags])
    expect((await search('--overwrite')).stderr).toContain('without --trec nothing is done with --overwrite')
    expect((await search('--trec', file, '-k', '2')).code).toBe(0)
    const again = await search('--trec', file, '-k', '3')
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('--overwrite')
    const early = await clara(['index', 'search', join(work, 'no-index'), '--query', 'Who?', '--trec', file])
    expect(early.stderr).toContain('--overwrite') // before an index is opened
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3)
    expect((await search('--trec', file, '-k', '3', '--overwrite')).code).toBe(0)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4)
  })

  it('reports what it holds, and a damaged file by name', async () => {
    const info = JSON.parse((await clara(['index', 'info', index, '--json'])).stdout)
    expect(info).toMatchObject({
      embedder: 'multilingual-e5-small-en-zh',
      chunks: 72,
      distinct_chunks: 72,
      chunk_tokens: 256,
    })
    expect((await clara(['index', 'verify', index])).code).toBe(0)
    const { cpSync } = await import('node:fs')
    cpSync(index, join(work, 'damaged'), { recursive: true })
    const file = join(work, 'damaged', 'index.usearch')
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 4
    writeFileSync(file, bytes)
    for (const args of [
      ['verify', join(work, 'damaged')],
      ['search', join(work, 'damaged'), '--query', 'x'],
    ]) {
      const { code, signal, stderr } = await clara(['index', ...args])
      expect({ code, signal }).toEqual({ code: 2, signal: null })
      expect(stderr).toContain('index.usearch')
    }
  })

  it('builds from a folder of Markdown and text, chunked and whole', async () => {
    const { mkdirSync } = await import('node:fs')
    const folder = join(work, 'docs')
    mkdirSync(join(folder, 'deep'), { recursive: true })
    const paragraph = 'A sentence about indexes and the chunks that they hold. '.repeat(12)
    writeFileSync(join(folder, 'long.md'), `# Title\n\n${paragraph}\n\n${paragraph}\n\n${paragraph}`)
    writeFileSync(join(folder, 'deep', '中文.txt'), '向量索引保存每个段落的向量。')
    const cut = JSON.parse(
      (
        await clara([
          'index',
          'build',
          '--input-file',
          folder,
          '--output-dir',
          join(work, 'cut'),
          '--force',
          '--json',
        ])
      ).stdout,
    )
    expect(cut).toMatchObject({ documents: 2, truncated_chunks: 0 })
    expect(cut.chunks).toBeGreaterThan(2)
    const whole = JSON.parse(
      (
        await clara([
          'index',
          'build',
          '--input-file',
          folder,
          '--output-dir',
          join(work, 'whole'),
          '--force',
          '--embedder',
          'all-minilm-l6-v2',
          '--no-chunk',
          '--json',
        ])
      ).stdout,
    )
    expect(whole).toMatchObject({ documents: 2, chunks: 2, truncated_chunks: 1 })
  })
})
