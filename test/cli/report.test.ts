import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clara, example, workFolder } from './clara.js'
import { serve, synthFolder } from './synth-run.js'

const work = workFolder()
const path = (name: string) => join(work, name)
const report = (...flags: string[]) => clara(flags, { bin: 'clara-report', cwd: work })

let printed = ''

beforeAll(async () => {
  const built = ['--input-file', example('raw_knowledge.jsonl'), '--output-dir', path('index')]
  await clara(['index', 'build', ...built, '--force', '--quiet'])
  const mined = ['--index', path('index'), '--qa-file', example('qa.jsonl'), '--output-dir', path('mined')]
  printed = (await clara(['mine', ...mined, '--force', '--json', '--target-top-k', '4'])).stdout
})

interface ScoredDoc {
  role: string
  embedder_score: number
  standard_score: number
}

describe('clara report', () => {
  it('says what a run of clara-mine says of itself', async () => {
    const before = readFileSync(path('mined/report.json'), 'utf8')
    const { code, stdout, stderr } = await report('--input-dir', 'mined', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const numbers = JSON.parse(stdout)
    const own = JSON.parse(before)
    expect(numbers).toMatchObject({
      output: join('mined', 'report.html'),
      samples: own.samples,
      top_k: 4,
      embedder: own.embedder,
      docs: { positive: 80, hard: own.hard_negatives, random: own.random_negatives },
      positive_first: own.positive_first,
      bad_records: 0,
    })
    expect(Object.fromEntries(numbers.passed_over.map(({ name, count }: Counted) => [name, count]))).toEqual(
      own.excluded,
    )
    const { positive, hard } = numbers.embedder_scores
    // The plot has the embedder's own scores, the run's report standard ones.
    const lines = readFileSync(path('mined/end_to_end_data.provenance.jsonl'), 'utf8').trim().split('\n')
    const docs = lines.flatMap((line): ScoredDoc[] => JSON.parse(line).docs)
    const meanOf = (role: string, score: 'embedder_score' | 'standard_score') => {
      const scores = docs.filter((doc) => doc.role === role).map((doc) => doc[score])
      return scores.reduce((sum, each) => sum + each, 0) / scores.length
    }
    expect(positive.mean).toBeCloseTo(meanOf('positive', 'embedder_score'), 5)
    expect(hard.mean).toBeCloseTo(meanOf('hard negative', 'embedder_score'), 5)
    expect(own.scores.positive.mean).toBeCloseTo(meanOf('positive', 'standard_score'), 5)
    expect(numbers.tokens.docs.positive.p50).toBeGreaterThan(50)
  })

  it('gives the same bytes in another process, to the same place or another', async () => {
    const first = readFileSync(path('mined/report.html'))
    const { code, stdout } = await report('--input_dir', 'mined', '--output_file', 'new folder/r.html')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^output +new folder\/r\.html\nsamples +80\n/)
    expect(readFileSync(path('new folder/r.html')).equals(first)).toBe(true)
    expect(readdirSync(path('new folder'))).toEqual(['r.html'])
  })

  it('takes texts and hashes from an index, and times from what the run printed', async () => {
    writeFileSync(path('printed.json'), printed)
    const { code, stdout } = await report(
      ...['--input-dir', 'mined', '--index', 'index', '--result-file', 'printed.json'],
      ...['--output-file', 'full.html', '--samples', '3', '--json'],
    )
    expect(code).toBe(0)
    const numbers = JSON.parse(stdout)
    expect(numbers.corpus.chunks).toBe(72)
    expect(numbers.saved.basis).toBe('corpus')
    const page = readFileSync(path('full.html'), 'utf8')
    expect(page).toContain(numbers.index.embedder.sha256.slice(0, 16))
    expect(page).toContain('seconds.search')
    expect(page.split('<details class="sample"')).toHaveLength(4)
    expect(page).not.toContain('Its text is in no sample of this run')
  })

  it('reports on clara-synth: who wrote, what it cost, what was rejected', async () => {
    const folder = synthFolder(12)
    const { url, requests } = await serve((_, index) => (index % 4 === 1 ? { content: WRONG } : {}))
    const flags = [
      '--base-url',
      url,
      '--local-embeddings',
      '--force',
      '--target-top-k',
      '3',
      '--split',
      '0.8/0.2',
    ]
    await folder.synth('out', flags, { env: { OPENAI_API_KEY: 'sk-canary-0123456789' } })
    const out = folder.path('out')
    const { code, stdout } = await report('--input-dir', out, '--json')
    expect(code).toBe(0)
    const numbers = JSON.parse(stdout)
    const own = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))
    expect(numbers).toMatchObject({ samples: own.samples, split: own.split, missing: [] })
    expect(numbers.pairs.pairs).toBe(own.questions.kept)
    expect(
      Object.fromEntries(numbers.rejected.reasons.map(({ name, count }: Counted) => [name, count])),
    ).toEqual(own.questions.rejected)
    expect(numbers.corpus.chunks).toBe(12)
    expect(numbers.replies).toBe(requests.length)
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    expect(page).toContain('gpt-4o-mini')
    expect(page).toContain('Refused pairs, by fault')
    expect(page).not.toContain('sk-canary')
  })

  it('reports on what is left of a damaged run, with exit code 1', async () => {
    cpSync(path('mined'), path('damaged'), { recursive: true })
    appendFileSync(path('damaged/end_to_end_data.jsonl'), '{"question": "cut o')
    const { code, stdout, stderr } = await report('--input-dir', 'damaged')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^damaged\/end_to_end_data\.jsonl:81: not JSON/)
    expect(stdout).toMatch(/bad_records +2\n/) // the line, and the provenance that ends before it
    expect(readFileSync(path('damaged/report.html'), 'utf8')).toContain('2 bad records were passed over')
  })

  it('stops at what is no run, with exit code 2 and no file', async () => {
    mkdirSync(path('empty'))
    mkdirSync(path('foreign'))
    writeFileSync(path('foreign/photo.txt'), 'x')
    for (const name of ['empty', 'foreign', 'nowhere', 'printed.json', 'index']) {
      const { code, stdout, stderr } = await report('--input-dir', name, '--output-file', 'none.html')
      expect([name, code, stdout]).toEqual([name, 2, ''])
      expect(stderr).toMatch(new RegExp(`^error: ${name}: `))
    }
    expect(readdirSync(work)).not.toContain('none.html')
  })
})

interface Counted {
  name: string
  count: number
}

const WRONG = JSON.stringify({
  summary: '',
  pairs: [{ type: 'fact', question: 'What does the document say?', answer: '12345', quotes: ['none'] }],
})
