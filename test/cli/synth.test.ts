import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type LlmServer, type LlmServerOptions, passageIn, startLlmServer } from '../llm-server.js'
import { clara, example, readRows, workFolder } from './clara.js'

interface Row {
  question: string
  docs: string[]
  answer: string
  pos_index: number[]
}

const KEY = 'sk-canary-7f3e2b9a5d1c'
const work = workFolder()
const corpus = join(work, 'corpus.jsonl')
let server: LlmServer | undefined

beforeAll(() => {
  const lines = readFileSync(example('raw_knowledge.jsonl'), 'utf8').split('\n').slice(0, 20)
  writeFileSync(corpus, lines.join('\n'))
})

afterEach(async () => {
  await server?.close()
  server = undefined
})

const start = async (options?: LlmServerOptions) => {
  server = await startLlmServer(options)
  return server
}

const synthOf = (documents: string, out: string, url: string, ...flags: string[]) =>
  clara(['--input-file', documents, '--output-dir', join(work, out), '--base-url', url, ...flags], {
    bin: 'clara-synth',
    env: { OPENAI_API_KEY: KEY },
  })
const synth = (out: string, url: string, ...flags: string[]) => synthOf(corpus, out, url, ...flags)

const data = (out: string) => readFileSync(join(work, out, 'end_to_end_data.jsonl'))

describe('clara synth', () => {
  it('writes questions and mines hard negatives by the local model', async () => {
    const { url, requests } = await start()
    const { code, stdout } = await synth('local', url, '--local-embeddings', '--force', '--json')
    expect(code).toBe(0)
    expect(requests).toHaveLength(20)
    expect(JSON.parse(stdout)).toMatchObject({
      samples: 20,
      embedder: 'multilingual-e5-small-en-zh',
      hard_negatives: 80,
      llm: { calls: 20 },
    })
    const passages = readRows(corpus).map((record) => record.content)
    const rows = readRows<Row>(join(work, 'local', 'end_to_end_data.jsonl'))
    rows.forEach((row, i) => {
      expect(new Set(row.docs).size).toBe(5)
      expect(row.docs[row.pos_index[0]!]).toBe(passages[i])
    })
    expect(
      (
        await clara([
          'validate',
          '--input-file',
          join(work, 'local', 'end_to_end_data.jsonl'),
          '--expected-top-k',
          '5',
        ])
      ).code,
    ).toBe(0)
  })

  it('draws negatives at random without --local-embeddings, the same for the same seed', async () => {
    const { url } = await start()
    const first = await synth('random', url, '--json')
    expect(JSON.parse(first.stdout)).toMatchObject({
      samples: 20,
      embedder: null,
      hard_negatives: 0,
      random_negatives: 80,
    })
    await synth('random-again', url)
    expect(data('random-again').equals(data('random'))).toBe(true)
    await synth('random-seed', url, '--seed', '1')
    expect(data('random-seed').equals(data('random'))).toBe(false)
  })

  it('works from an index that exists', async () => {
    const { url } = await start()
    const index = join(work, 'index')
    await clara(['index', 'build', '--input-file', corpus, '--output-dir', index, '--force', '--quiet'])
    const out = join(work, 'from-index')
    const args = [
      'synth',
      '--index',
      index,
      '--output-dir',
      out,
      '--base-url',
      url,
      '--local-embeddings',
      '--quiet',
    ]
    expect((await clara(args)).code).toBe(0)
    expect(readRows(join(out, 'end_to_end_data.jsonl'))).toHaveLength(20)
  })

  it('says where passages go and how negatives are made, before it asks, and at the end in lines', async () => {
    const { url } = await start()
    const { stdout, stderr } = await synth('said', url)
    expect(stderr).toMatch(/negatives are drawn at random: --local-embeddings/)
    expect(stderr).toContain(`passages go to ${url}: model gpt-4o-mini`)
    expect(stdout).not.toMatch(/[{}]|null/)
    expect(stdout).toMatch(/^questions\.kept_by_type +fact \d+, reasoning \d+/m)
    const local = await synth('said-local', url, '--local-embeddings', '--force')
    expect(local.stderr).not.toContain('at random')
    expect(local.stderr.match(/^multilingual-e5-small-en-zh on /gm)).toHaveLength(1)
  })

  it('interrupted, says how far it came and what that cost', async () => {
    const first = readRows(corpus).slice(0, 8)
    const { url } = await start({
      behave: (body) => (first.some(({ content }) => content === passageIn(body)) ? {} : { delayMs: 60_000 }),
    })
    const { code, stderr } = await clara(
      [
        '--input-file',
        corpus,
        '--output-dir',
        join(work, 'stopped'),
        '--base-url',
        url,
        '--concurrency',
        '4',
      ],
      {
        bin: 'clara-synth',
        env: { OPENAI_API_KEY: KEY },
        onStart: async (child) => {
          const journal = join(work, 'stopped', 'llm_journal.jsonl')
          while (!existsSync(journal) || readFileSync(journal, 'utf8').split('\n').length < 9) await sleep(50)
          await sleep(200)
          child.kill('SIGINT')
        },
      },
    )
    expect(code).toBe(130)
    expect(stderr).toMatch(/interrupted: 8 of 20 chunks, \$0\.0002 in this run: run the same command again/)
  })

  it('survives garbage: one line each, the rest is data, exit code 1', async () => {
    const passages = readRows(corpus).map(({ content }) => content)
    const { url } = await start({
      behave: (body) =>
        passages.indexOf(passageIn(body)) % 4 === 0 ? { content: 'Sure! Here are <questions>' } : {},
    })
    const { code, stderr } = await synth('garbage', url)
    expect(code).toBe(1)
    expect(stderr.match(/^chunk [^ ]+: /gm)).toHaveLength(5)
    expect(readRows(join(work, 'garbage', 'end_to_end_data.jsonl'))).toHaveLength(15)
  })

  it('stops when nothing usable came, and pays nothing twice afterwards', async () => {
    const bad = await start({ behave: () => ({ content: '{}' }) })
    const { code, stderr } = await synth('nothing', bad.url)
    expect(code).toBe(2)
    expect(stderr).toContain(
      `${bad.url}: model gpt-4o-mini: stopped, because no reply about chunks could be used`,
    )
    expect(bad.requests).toHaveLength(16)
    const few = await synth('nothing-of-few', bad.url, '--limit', '3')
    expect(few.stderr).toMatch(
      /none of 3 chunks got a usable reply; .* run clara-synth --input-file .* --limit 3 --retry-failed$/m,
    )
    expect(existsSync(join(work, 'nothing', 'end_to_end_data.jsonl'))).toBe(false)
  })

  it('stops when nothing passed the checks, and says where to look', async () => {
    const pair = {
      type: 'fact',
      question: 'What does the text say?',
      answer: 'This.',
      quotes: ['None of it'],
    }
    const { url } = await start({
      behave: () => ({ content: JSON.stringify({ summary: '', pairs: [pair] }) }),
    })
    const { code, stderr } = await synth('refused', url)
    expect(code).toBe(2)
    expect(stderr).toMatch(/none of 20 pairs passed the checks: .*rejected\.jsonl says why/)
    expect(readRows(join(work, 'refused', 'rejected.jsonl'))).toHaveLength(40)
  })

  it('goes on in the same directory with the local model, after a run without', async () => {
    const { url, requests } = await start()
    expect((await synth('later', url)).code).toBe(0)
    expect((await synth('later', url, '--local-embeddings', '--force', '--quiet')).code).toBe(0)
    expect(requests).toHaveLength(20)
    await synth('at-once', url, '--local-embeddings', '--force', '--quiet')
    expect(data('later').equals(data('at-once'))).toBe(true)
  })

  it('goes on after a kill without asking again for what it has', async () => {
    const slow = await start({ behave: () => ({ delayMs: 150 }) })
    const killed = await clara(
      [
        '--input-file',
        corpus,
        '--output-dir',
        join(work, 'resumed'),
        '--base-url',
        slow.url,
        '--concurrency',
        '2',
      ],
      {
        bin: 'clara-synth',
        env: { OPENAI_API_KEY: KEY },
        onStart: (child) => {
          const poll = setInterval(() => {
            if (slow.requests.length < 8) return
            clearInterval(poll)
            child.kill('SIGKILL')
          }, 10)
        },
      },
    )
    expect(killed.signal).toBe('SIGKILL')
    const kept = readRows(join(work, 'resumed', 'llm_journal.jsonl')).length
    expect(kept).toBeGreaterThan(0)
    const before = slow.requests.length
    const { code } = await synth('resumed', slow.url, '--quiet')
    expect(code).toBe(0)
    expect(slow.requests.length - before).toBe(20 - kept)
    expect(readdirSync(join(work, 'resumed')).filter((name) => name.startsWith('.'))).toEqual([])
    const whole = await start()
    await synth('uninterrupted', whole.url)
    expect(data('resumed').equals(data('uninterrupted'))).toBe(true)
  })

  it.each([
    ['at random', []],
    ['by the local model', ['--local-embeddings', '--force']],
  ])(
    'another k in the same directory costs no call and gives what a fresh one does, %s',
    async (_, flags) => {
      const { url, requests } = await start()
      const [out, fresh] = flags.length > 0 ? ['k-local', 'k-local-3'] : ['k', 'k-3']
      expect((await synth(out, url, ...flags)).code).toBe(0)
      expect(requests).toHaveLength(20)
      const mining = flags.length > 0 ? ['--skip-top', '1'] : []
      const changed = ['--target-top-k', '3', '--seed', '7', ...mining, ...flags]
      expect((await synth(out, url, ...changed)).code).toBe(0)
      expect(requests).toHaveLength(20)
      expect((await synth(fresh, url, ...changed)).code).toBe(0)
      const [files, expected] = [out, fresh].map((name) =>
        readdirSync(join(work, name)).filter(
          (file) => file.endsWith('.jsonl') || file.endsWith('report.json'),
        ),
      )
      expect(files).toEqual(expected)
      for (const file of files!.filter((name) => name !== 'llm_journal.jsonl')) {
        const [one, other] = [out, fresh].map((name) => readFileSync(join(work, name, file)))
        expect(one!.equals(other!), file).toBe(true)
      }
      expect((await synth(out, url, ...changed)).stderr).toContain('holds a finished run')
    },
  )

  it('another k costs no call, and a finished run is not touched without --overwrite', async () => {
    const { url, requests } = await start()
    await synth('again', url)
    const refused = await synth('again', url)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('again: holds a finished run: choose')
    const other = await synth('again', url, '--model', 'other', '--pairs-per-chunk', '2')
    expect(other.stderr).toContain(
      'with other settings (llm was "gpt-4o-mini", now "other"; writing.pairsPerChunk was 1, now 2)',
    )
    expect((await synth('again', url, '--overwrite', '--target-top-k', '3', '--quiet')).code).toBe(0)
    expect(requests).toHaveLength(20)
    expect(readRows<Row>(join(work, 'again', 'end_to_end_data.jsonl'))[0]?.docs).toHaveLength(3)
  })

  it('goes on only with the documents and settings that the run was started with', async () => {
    const documents = join(work, 'changing.jsonl')
    const rows = readFileSync(corpus, 'utf8')
    writeFileSync(documents, rows)
    const bad = await start({ behave: () => ({ status: 401 }) })
    const go = (url: string, ...flags: string[]) => synthOf(documents, 'bound', url, ...flags)
    expect((await go(bad.url)).code).toBe(2)
    await bad.close()
    const { url, requests } = await start()
    const refusals = [await go(url, '--types', 'reasoning'), await go(url, '--pairs-per-chunk', '2')]
    writeFileSync(documents, `${rows}\n`)
    refusals.push(await go(url))
    for (const { code, stderr } of refusals) {
      expect(stderr).toContain('other settings')
      expect(code).toBe(2)
    }
    expect(requests).toEqual([])
    writeFileSync(documents, rows)
    expect((await go(url, '--quiet')).code).toBe(0)
  })

  it('stops at once for a wrong key and never shows it', async () => {
    const { url, requests } = await start({
      behave: () => ({ status: 401, error: { message: `Incorrect API key provided: ${KEY}` } }),
    })
    const { code, stdout, stderr } = await synth('denied', url, '--concurrency', '1')
    expect(code).toBe(2)
    expect(requests).toHaveLength(1)
    expect(stderr).toContain(url)
    const files = readdirSync(join(work, 'denied'), { recursive: true, withFileTypes: true })
    const written = files
      .filter((f) => f.isFile())
      .map((f) => readFileSync(join(f.parentPath, f.name), 'utf8'))
    for (const text of [stdout, stderr, ...written]) expect(text).not.toContain(KEY)
  })

  it('takes the key from a file', async () => {
    const file = join(work, 'key')
    writeFileSync(file, `${KEY}\n`)
    const { url, headers } = await start()
    const args = [
      'synth',
      '--input-file',
      corpus,
      '--output-dir',
      join(work, 'key-file'),
      '--base-url',
      url,
      '--api-key-file',
      file,
      '--quiet',
    ]
    expect((await clara(args)).code).toBe(0)
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
  })
})
