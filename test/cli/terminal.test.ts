/** What reaches a terminal, whatever an input holds; and what becomes of output that nobody takes. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { printable, printableJson } from '#clara/cli/printable.js'
import { findEntry } from '#clara/models/catalogue.js'
import { startLlmServer } from '../llm-server.js'
import { startModelHub } from '../model-hub.js'
import { copyTiny, TINY } from '../support/tiny-model.js'
import { clara, example, type Outcome, type RunOptions, readRows, shell, workFolder } from './clara.js'

/** What a command line and a file name may hold: colours, a title, a screen that is cleared, a forged line, and hidden text. */
const TYPED =
  '\u001b[31mred\u001b]0;title\u0007\u009b2J\b\r\nforged: OK\u007f\u202eevil\u2066x\u2069\u200f\u200b\u2028\u2029\u{e0041}\ufeff'
/** Of a file: what no command line can hold, too. */
const WRITTEN = `${TYPED}\u0000\ud800`
const HARMFUL =
  /(?!\n)\p{Cc}|[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\p{Cs}\u{e0000}-\u{e007f}]/u

const work = workFolder()
const at = (...names: string[]) => join(work, ...names)
const jsonl = (path: string, ...rows: unknown[]) => {
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'))
  return path
}
const tiny = join(TINY, 'bert-mean')
const index = at(`index ${TYPED}`)
const corpus = at(`corpus ${TYPED}.jsonl`)

/** Runs it; nothing of what it prints may be harmful, and JSON must be JSON. */
async function run(args: string[], options?: RunOptions): Promise<Outcome> {
  const outcome = await clara(args, options)
  for (const text of [outcome.stdout, outcome.stderr]) {
    expect(text.match(HARMFUL)?.[0], `${args.slice(0, 2)}: ${JSON.stringify(text)}`).toBeUndefined()
    expect(text).not.toMatch(/^forged/m)
  }
  if (args.includes('--json') && outcome.stdout !== '') JSON.parse(outcome.stdout)
  expect(outcome.stderr).not.toContain('this is a bug')
  return outcome
}

/** As text and as JSON; of what changes something, each into a place of its own. */
async function both(args: (out: string) => string[], options?: RunOptions): Promise<number | null> {
  const said = await run(args('text'), options)
  expect(said.stdout + said.stderr).not.toBe('')
  expect(await run([...args('json'), '--json'], options)).toMatchObject({ code: said.code })
  return said.code
}

beforeAll(async () => {
  jsonl(
    corpus,
    {
      _id: `good ${WRITTEN}`,
      title: `Title ${WRITTEN}`,
      text: `The pump house stands by the river. ${WRITTEN}`,
    },
    { filename: `file ${WRITTEN}.md`, content: `The mill was built in 1904. ${WRITTEN}` },
    { _id: 'plain', text: 'Ships bring coal to the harbour.' },
    { _id: 'plain two', text: 'The school has two floors and a garden.' },
    { _id: 'plain three', text: 'Bread is baked at night.' },
    { _id: `empty ${WRITTEN}`, text: '' },
    { _id: `good ${WRITTEN}`, text: 'the same id' },
    { [WRITTEN]: 'no text' },
  )
  const built = await run([
    ...['index', 'build', '--input-file', corpus, '--output-dir', index, '--force'],
    ...['--chunk-tokens', '64'],
  ])
  expect(built.code).toBe(1)
})

describe('nothing that a terminal obeys gets through', () => {
  it('index', async () => {
    await both((out) => [
      ...['index', 'build', '--input-file', corpus, '--force', '--chunk-tokens', '64'],
      ...['--output-dir', at(`${out} ${TYPED}`)],
    ])
    const queries = jsonl(
      at(`queries ${TYPED}`),
      { _id: 'q\u202e\u009b31m1', text: `Where is the pump? ${WRITTEN}` },
      { _id: WRITTEN, text: 'bad id' },
      { _id: 'x', text: { [WRITTEN]: 1 } },
    )
    await both(() => ['index', 'search', index, '--query', `pump ${TYPED}`, '-k', '3'])
    await both(() => ['index', 'search', index, '--queries', queries, '-k', '3'])
    await both((out) => ['index', 'search', index, '--queries', queries, '--trec', at(`${out} run ${TYPED}`)])
    await both(() => ['index', 'info', index])
    await both(() => ['index', 'verify', index])
    await both(() => ['index', 'remove', index, '--id', `none ${TYPED}`])
    await both(() => ['index', 'add', index, '--input-file', corpus, '--force'])
    await both(() => ['index', 'info', at(`nowhere ${TYPED}`)])
    const manifest = at('damaged')
    cpSync(index, manifest, { recursive: true })
    const content = JSON.parse(readFileSync(join(manifest, 'manifest.json'), 'utf8'))
    for (const change of [
      { version: WRITTEN },
      { metric: WRITTEN },
      { precision: WRITTEN },
      { dims: WRITTEN },
    ]) {
      writeFileSync(join(manifest, 'manifest.json'), JSON.stringify({ ...content, ...change }))
      await run(['index', 'info', manifest])
    }
    writeFileSync(join(manifest, 'manifest.json'), `{"format": ${TYPED}`)
    await both(() => ['index', 'search', manifest, '--query', 'x'])
  })

  it('mine, validate, score, report and pack', async () => {
    const questions = jsonl(
      at(`qa ${TYPED}`),
      {
        question: `Where is the pump house? ${WRITTEN}`,
        answer: `by the river ${WRITTEN}`,
        doc_id: `good ${WRITTEN.replace('\ud800', '\ufffd')}`,
      },
      {
        question: `When was the mill built? ${WRITTEN}`,
        answer: '1904',
        positive: `The mill was built in 1904. ${WRITTEN}`,
      },
      { question: 'What do ships bring?', answer: 'coal', doc_id: 'plain' },
      { question: `Who? ${WRITTEN}`, answer: 'x', doc_id: `none ${WRITTEN}` },
      { question: { [WRITTEN]: 1 }, answer: WRITTEN },
    )
    const out = (name: string) => at(`out ${name} ${TYPED}`)
    await both((name) => [
      ...['mine', '--index', index, '--qa-file', questions, '--output-dir', out(name), '--target-top-k', '2'],
      ...['--reranker', 'none', '--no-score-cache'],
    ])
    const samples = at(`samples ${TYPED}.jsonl`)
    const lines = readRows(join(out('text'), 'end_to_end_data.jsonl'))
    jsonl(
      samples,
      ...lines,
      {
        question: WRITTEN,
        docs: [WRITTEN, `${WRITTEN} b`],
        answer: WRITTEN,
        gold_answer: WRITTEN,
        pos_index: [0],
      },
      { question: WRITTEN, docs: [WRITTEN, 3], [WRITTEN]: 1, pos_index: WRITTEN },
    )
    await both(() => ['validate', '--input-file', samples, '--expected-top-k', '3'])
    await both(() => ['validate', '--input-file', samples, join(out('json'), 'end_to_end_data.jsonl')])
    await both((name) => [
      ...[
        'score',
        '--input-file',
        samples,
        '--reranker',
        'none',
        '--output-file',
        at(`scores ${name} ${TYPED}`),
      ],
    ])
    copyFileSync(samples, join(out('json'), 'end_to_end_data.jsonl'))
    for (const name of ['text', 'json']) {
      await both(() => ['report', '--input-dir', out(name)])
      await both((as) => [
        'pack',
        '--input-dir',
        out(name),
        '--output-file',
        at(`${as} ${TYPED} ${name}.tar.gz`),
      ])
    }
    await both(() => ['pack', '--verify', at(`text ${TYPED} text.tar.gz`)])
    await both(() => ['pack', '--verify', samples])
  })

  it('synth, and what its endpoint says', async () => {
    const server = await startLlmServer({
      behave: (_, i) =>
        i === 0
          ? {}
          : i === 1
            ? { content: WRITTEN }
            : { status: 400, error: { message: WRITTEN, type: WRITTEN, code: WRITTEN, param: WRITTEN } },
    })
    const dotEnv = at('with .env')
    mkdirSync(dotEnv)
    writeFileSync(
      join(dotEnv, '.env'),
      `BASE_URL="${server.url}/${TYPED.replaceAll('\n', '\\n')}"\nMODEL="m ${TYPED}"\nOPENAI_API_KEY=k\n`,
    )
    const args = [
      'synth',
      '--input-file',
      corpus,
      '--target-top-k',
      '2',
      '--concurrency',
      '1',
      '--timeout',
      '5',
    ]
    await both((name) => [
      ...args,
      '--output-dir',
      at(`synth ${name}`),
      '--base-url',
      server.url,
      '--model',
      TYPED,
    ])
    await both((name) => [...args, '--output-dir', at(`synth 2 ${name}`)], { cwd: dotEnv })
    await both((name) => [...args, '--output-dir', at(`synth 3 ${name}`), '--base-url', TYPED])
    await server.close()
  })

  it('models: names, cards, the hub and the environment', async () => {
    const folder = at(`model ${TYPED}`)
    const card = JSON.parse(readFileSync(join(TINY, '../../../models/all-minilm-l6-v2/card.json'), 'utf8'))
    cpSync(join(TINY, '../../../models/all-minilm-l6-v2'), folder, { recursive: true })
    for (const change of [
      { name: WRITTEN, licence: WRITTEN, source: WRITTEN, languages: [WRITTEN], queryPrefix: WRITTEN },
      { kind: WRITTEN },
      { pooling: WRITTEN },
      { similarity: WRITTEN },
      { model: WRITTEN },
      { files: [{ ...card.files[0], path: WRITTEN }] },
    ]) {
      writeFileSync(join(folder, 'card.json'), JSON.stringify({ ...card, ...change }))
      await both(() => ['models', 'info', folder])
      await run(['models', 'verify', folder])
    }
    writeFileSync(join(folder, 'card.json'), JSON.stringify({ ...card, name: WRITTEN }))
    await both((out) => [
      ...['index', 'build', '--input-file', corpus, '--embedder', folder, '--force'],
      ...['--output-dir', at(`own ${out}`)],
    ])
    const cache = at(`cache ${TYPED}`)
    mkdirSync(join(cache, 'models'), { recursive: true })
    cpSync(folder, join(cache, 'models', 'own'), { recursive: true })
    mkdirSync(join(cache, 'models', `own ${TYPED}`))
    await both(() => ['models', 'list'], { env: { CLARA_CACHE_DIR: cache } })
    await both(() => ['models', 'rm', `no such ${TYPED}`], { env: { CLARA_CACHE_DIR: cache } })
    await both(() => ['models', 'pull', TYPED])
    await both(() => ['models', 'pull', 'bge-m3', '--from-dir', folder], { env: { CLARA_CACHE_DIR: cache } })
    const { repository, revision } = findEntry('bge-reranker-base')!
    const hub = await startModelHub({
      [repository]: { commit: revision!, files: { 'tokenizer.json': Buffer.from('{}') } },
    })
    hub.behave = () => ({
      status: 404,
      body: Buffer.from(WRITTEN),
      headers: { 'x-error-message': 'a \u009b31m b' },
    })
    for (const endpoint of [hub.url, `${hub.url}/${TYPED}`, TYPED]) {
      await both(() => ['models', 'pull', 'bge-reranker-base'], {
        env: { CLARA_CACHE_DIR: cache, HF_ENDPOINT: endpoint, CLARA_OFFLINE: '', HF_HUB_OFFLINE: '' },
      })
    }
    await hub.close()
    const graph = copyTiny('bert-mean', at('graph'))
    graph.editJson('tokenizer.json', (json) => ({ ...json, pre_tokenizer: { type: WRITTEN } }))
    await both((out) => [
      ...['index', 'build', '--input-file', corpus, '--embedder', graph.path, '--force'],
      ...['--output-dir', at(`graph ${out}`)],
    ])
  })

  it('extract: names of files and folders', async () => {
    const folder = at(`documents ${TYPED}`)
    mkdirSync(join(folder, `in ${TYPED}`), { recursive: true })
    writeFileSync(join(folder, `in ${TYPED}`, `a ${TYPED}.md`), `# Title ${WRITTEN}\n\ntext`)
    writeFileSync(join(folder, `b ${TYPED}.pdf`), `no PDF ${WRITTEN}`)
    writeFileSync(join(folder, `c ${TYPED}.docx`), `no DOCX ${WRITTEN}`)
    writeFileSync(join(folder, `d.${TYPED}`), 'an ending')
    await both((out) => [
      'extract',
      '--input-dir',
      folder,
      '--output-file',
      at(`extracted ${out} ${TYPED}.jsonl`),
    ])
    await both((out) => [
      'index',
      'build',
      '--input-file',
      folder,
      '--force',
      '--output-dir',
      at(`of folder ${out}`),
    ])
  })

  it('bench', async () => {
    const beir = at(`beir ${TYPED}`)
    mkdirSync(join(beir, 'qrels'), { recursive: true })
    jsonl(join(beir, 'corpus.jsonl'), { _id: `d ${WRITTEN}`, text: 'a passage' }, { _id: 'e', text: WRITTEN })
    jsonl(join(beir, 'queries.jsonl'), { _id: 'q', text: WRITTEN }, { _id: WRITTEN, text: '' })
    writeFileSync(join(beir, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\nq\te\t1\nq\t${TYPED}\t1\n`)
    await both(() => ['bench', 'retrieval', beir, '--embedder', tiny])
    await both(() => ['bench', 'throughput', '--input-file', corpus, '--embedder', tiny, '--repeat', '1'])
  })

  it.each([
    ['a command', [TYPED]],
    ['a command of a command', ['index', TYPED]],
    ['help', ['help', TYPED]],
    ['a flag', ['mine', `--${TYPED}`]],
    ['a flag, and one near it', ['mine', `--qa-fil${TYPED}`]],
    ['a number', ['index', 'search', 'x', '-k', TYPED]],
    ['a share', ['index', 'build', '--recall', TYPED]],
    ['a choice', ['index', 'build', '--precision', TYPED]],
    ['a device', ['index', 'build', '--device', TYPED]],
    ['a model', ['models', 'info', TYPED]],
    ['too much', ['index', 'info', 'a', TYPED]],
    ['a file', ['validate', '--input-file', TYPED]],
    ['a folder', ['report', '--input-dir', TYPED]],
    ['an archive', ['pack', '--input-dir', TYPED, '--output-file', TYPED]],
    ['a key file', ['synth', '--input-file', 'x', '--output-dir', 'y', '--api-key-file', TYPED]],
    [
      'a server',
      ['extract', '--input-dir', '.', '--output-file', 'x', '--backend', 'docling', '--docling-url', TYPED],
    ],
  ])('%s that was typed', async (_, args) => {
    const { code, stderr } = await run(args)
    expect(code).toBe(2)
    expect(stderr).not.toBe('')
  })
})

describe('printable', () => {
  it.each([
    ['an escape', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
    ['a line end', 'a\r\nb', 'a\\r\\nb'],
    ['C1', '\u009b1m\u0085', '\\u009b1m\\u0085'],
    ['an override', 'photo\u202egpj.exe', 'photo\\u202egpj.exe'],
    ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['marks of direction', '\u200ea\u200f\u061c', '\\u200ea\\u200f\\u061c'],
    ['a joiner among Latin letters', 'pay\u200dpal\u200c', 'pay\\u200dpal\\u200c'],
    ['a joiner after an accent', 'e\u0301\u200dx', 'e\u0301\\u200dx'],
    ['a soft hyphen and no width', 'a\u00adb\u200bc\u2060d\ufeff', 'a\\u00adb\\u200bc\\u2060d\\ufeff'],
    ['tags', 'a\u{e0041}', 'a\\udb40\\udc41'],
    ['tags after another flag', '\u{1f3f4}\u{e0041}', '\u{1f3f4}\\udb40\\udc41'],
    ['data in selectors', 'a\u{e0101}\u{e0102}', 'a\\udb40\\udd01\\udb40\\udd02'],
    ['fillers', '\u3164\u115f\uffa0', '\\u3164\\u115f\\uffa0'],
    ['half a pair', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
    expect(printable(shown)).toBe(shown)
  })

  it.each([
    ['Chinese and Japanese', '水泵厂建于一九〇四年。東京の工場、ポンプ'],
    ['Korean, in letters too', '펌프 \u1112\u1161\u11ab'],
    ['Arabic and Hebrew', 'بُنِيَت المحطة ١٩٠٤ — תחנת השאיבה'],
    ['a Persian half space', 'می‌خواهم'],
    ['Hindi and Malayalam joiners', 'क्‍ष ന്‍'],
    ['Thai and Khmer', 'โรงสูบน้ำ ផ្ទះ\u200bស្នប់'],
    ['accents, composed or not', 'né ne\u0301 ä̂'],
    ['emoji', '👩🏽‍💻 👨‍👩‍👧‍👦 🏳️‍🌈 ❤️‍🔥 1️⃣ 🇩🇪 ☎︎'],
    ['the flag of Scotland', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a picked ideograph', '葛\u{e0100}'],
    ['what stands in our own lines', 'a\\b “c” … – × 1.5 µs'],
  ])('leaves %s', (_, text) => {
    expect(printable(text)).toBe(text)
  })

  it('is quick with a long text of any kind', () => {
    for (const part of ['\u{1f3f4}\u{e0067}', 'e\u0301', '\u200d', '\ufe0f', '\u001b', 'क\u200d', 'ab ']) {
      const start = performance.now()
      printable(part.repeat(100_000))
      expect(performance.now() - start, JSON.stringify(part)).toBeLessThan(2000)
    }
  })

  it('leaves JSON the same value', () => {
    const value = { [TYPED]: [TYPED, '\\ud800', '👩🏽‍💻', '水\\u001b'] }
    const json = printableJson(JSON.stringify(value))
    expect(JSON.parse(json)).toEqual(value)
    expect(json).not.toMatch(HARMFUL)
  })
})

describe('output that nobody takes', () => {
  const COMMANDS = [
    'clara --help',
    'clara help mine',
    'clara --version',
    'clara models list',
    'clara models list --json',
    'clara models info all-minilm-l6-v2',
    'clara index info "$INDEX"',
    'clara index search "$INDEX" --query pump --json',
    'clara validate --input-file "$SAMPLES"',
  ]
  const samples = jsonl(at('fit.jsonl'), {
    question: 'q',
    docs: ['a', 'b'],
    answer: 'a',
    gold_answer: 'a',
    pos_index: [0],
  })
  const prepared = (script: string) => shell(`INDEX='${index}'; SAMPLES='${samples}'; ${script}`)

  it.each(COMMANDS)('%s: a full disk is said, with exit code 2', async (command) => {
    const { code, stdout } = await prepared(
      `clara() { "$NODE" "$CLI" "$@"; }; (${command}) 2>&1 >/dev/full; exit $?`,
    )
    expect(code).toBe(2)
    expect(stdout).toContain('error: stdout cannot be written: ENOSPC')
    expect(stdout).not.toMatch(/^ +at /m)
  })

  // of each way to print one: commander's help, lines, JSON, what takes a while
  const SOME = COMMANDS.filter((command) =>
    /^clara (--help|models list|models list --json|index search .*)$/.test(command),
  )
  it.each(SOME)('%s: a reader who has gone is no error', async (command) => {
    // the reader is gone before the first word, so that the write fails however short it is
    const { stdout, stderr } = await prepared(
      `{ sleep 0.05; ${command} 2>"$0.err"; echo "code $?" >&2; } | exec true`.replaceAll(
        '"$0.err"',
        '/dev/null',
      ),
    )
    expect(stdout).toBe('')
    expect(stderr).toBe('code 0\n')
  })

  it('stderr that is full or gone changes nothing', async () => {
    for (const to of ['2>/dev/full', '2>&-', '2> >(exec true)']) {
      const { code, stdout } = await prepared(
        `sleep 0.05; clara index search "$INDEX" --query pump -k 1 ${to}`,
      )
      expect({ to, code }).toEqual({ to, code: 0 })
      expect(stdout).toContain('1. ')
      expect((await prepared(`clara index info nowhere ${to}`)).code).toBe(2)
    }
  })

  it('a slow reader gets all of a long output', async () => {
    const queries = jsonl(
      at('many.jsonl'),
      ...Array.from({ length: 2000 }, (_, i) => ({ _id: `q${i}`, text: `pump ${i}` })),
    )
    const search = `clara index search "$INDEX" --queries '${queries}' -k 5`
    const slow = await prepared(`${search} --json 2>/dev/null | { sleep 2; cat; }`)
    expect(JSON.parse(slow.stdout).results).toHaveLength(2000)
    const trec = await prepared(`${search} 2>/dev/null | { sleep 1; cat; }`)
    expect(trec.stdout.trimEnd().split('\n')).toHaveLength(10_000)
  })

  it('a file that takes the first part alone is said, too', async () => {
    const { code, stderr } = await prepared(
      `trap '' XFSZ; ulimit -f 1; clara models list > '${at('cut.txt')}'`,
    )
    expect(code).toBe(2)
    expect(stderr).toContain('stdout cannot be written: EFBIG')
  })
})

it('a hang-up ends a command as Ctrl-C does', async () => {
  const outcome = await clara(
    [
      'synth',
      '--input-file',
      example('raw_knowledge.jsonl'),
      '--output-dir',
      at('hung up'),
      '--base-url',
      'http://127.0.0.1:9/v1',
      '--api-key-file',
      '-',
    ],
    {
      onStart: (child) => setTimeout(() => child.kill('SIGHUP'), 1500),
    },
  )
  expect(outcome).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted: ') })
})

it('help of a command is the same by every way to it', async () => {
  const same: [string[], string[]][] = [
    [
      ['help', 'mine'],
      ['mine', '--help'],
    ],
    [
      ['help', 'index'],
      ['index', '--help'],
    ],
    [
      ['help', 'index', 'build'],
      ['index', 'build', '--help'],
    ],
    [
      ['index', 'help', 'build'],
      ['index', 'build', '--help'],
    ],
    [
      ['help', 'models', 'pull'],
      ['models', 'pull', '--help'],
    ],
    [
      ['mine', 'help'],
      ['mine', '--help'],
    ],
    [['help'], ['--help']],
  ]
  for (const [one, other] of same) expect(await clara(one)).toEqual({ ...(await clara(other)), code: 0 })
  const bin = 'clara-index'
  expect(await clara(['help', 'build'], { bin })).toEqual(await clara(['build', '--help'], { bin }))
  expect(await clara(['help'], { bin: 'clara-mine' })).toEqual(await clara(['--help'], { bin: 'clara-mine' }))
  for (const args of [['help', 'minr'], ['minr', '--help'], ['minr']]) {
    const { code, stderr, stdout } = await clara(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("unknown command 'minr'\n(Did you mean mine?)")
  }
  for (const args of [
    ['help', 'index', 'bild'],
    ['index', 'help', 'bild'],
    ['index', 'bild', '--help'],
  ]) {
    const { code, stderr } = await clara(args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('(Did you mean build?)') })
  }
})
