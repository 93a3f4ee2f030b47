// How safe and how wasteful the estimate of `--trainer qwen3` is, against Qwen's vocabulary.
//
//   npm run build && node bench/tokenizer-parity/qwen-estimate.mjs DATA --vocabulary qwen.tiktoken --python PYTHON [--output FILE]
//
// DATA holds BEIR folders. PYTHON has tiktoken.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openTrainerTokenizer } from '../../dist/inference/trainer-tokenizer.js'
import { randomStrings, realLines, wellFormed } from './texts.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    vocabulary: { type: 'string' },
    output: { type: 'string' },
  },
})
const [data] = positionals
const here = fileURLToPath(new URL('.', import.meta.url))
const work = join(here, 'work')
mkdirSync(work, { recursive: true })

/** Parts of a text of about a chunk's length. */
const pieces = (text) => text.match(/[\s\S]{1,800}/g) ?? []
const inFolder = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => ending.test(name) && !name.includes('node_modules'))
    .flatMap((name) => pieces(readFileSync(join(folder, name), 'utf8').slice(0, 100_000)))

const corpora = {}
for (const name of readdirSync(data)) {
  const path = join(data, name, 'corpus.jsonl')
  if (!existsSync(path)) continue
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
  corpora[name] = rows.map((row) => JSON.parse(row).text)
}
const [en, zh] = [corpora['xquad-en'], corpora['cmrc2018-dev']]
corpora.documents = inFolder(join(data, 'documents'), /\.(md|html)$/)
corpora.code = inFolder(join(here, '..', '..', 'src'), /\.ts$/)
corpora.mixed = en.map((text, i) =>
  pieces(text)
    .flatMap((piece, n) => [piece.slice(0, 60), (zh[i] ?? '').slice(n * 40, n * 40 + 40)])
    .join(''),
)
corpora.digits = Array.from({ length: 100 }, (_, i) =>
  Array.from({ length: 80 }, (_, n) => ((i + 1) * (n + 7) * 7919) % 10 ** (1 + (n % 9))).join(' '),
)
corpora.emoji = Array.from({ length: 100 }, (_, i) =>
  Array.from({ length: 100 }, (_, n) => String.fromCodePoint(0x1f300 + ((i * 101 + n * 37) % 0x350))).join(
    n100(i),
  ),
)
corpora.rareHan = Array.from({ length: 140 }, (_, i) =>
  String.fromCodePoint(...Array.from({ length: 150 }, (_, n) => 0x4e00 + ((i * 150 + n * 7) % 0x5200))),
)
corpora.odd = randomStrings(5000, realLines(data), 20261201)
function n100(i) {
  return ['', ' ', '\u200d', '\ufe0f'][i % 4]
}

const tokenizer = await openTrainerTokenizer('qwen3')
const results = []
for (const [name, given] of Object.entries(corpora)) {
  const texts = given.filter((text) => text.trim() !== '').map(wellFormed)
  const [path, out] = [join(work, 'qwen-texts.json'), join(work, 'qwen-counts.json')]
  writeFileSync(path, JSON.stringify(texts))
  const { status, stderr } = spawnSync(
    flags.python,
    [join(here, 'qwen_reference.py'), flags.vocabulary, path, out],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(stderr)
  const real = JSON.parse(readFileSync(out, 'utf8'))
  const estimated = await tokenizer.countTokens(texts)
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
  const below = real.filter((tokens, i) => estimated[i] < tokens).length
  const least = Math.min(...real.map((tokens, i) => estimated[i] / tokens))
  const ratio = sum(estimated) / sum(real)
  results.push({ corpus: name, texts: texts.length, below, least: round(least), ratio: round(ratio) })
  console.log(
    `${name}: ${texts.length} texts, ${below} below, at least ${least.toFixed(2)}, ratio ${ratio.toFixed(2)}`,
  )
}
await tokenizer.close()
function round(value) {
  return Math.round(value * 1000) / 1000
}
if (flags.output)
  writeFileSync(
    flags.output,
    `${JSON.stringify({ date: '2026-12-01', node: process.versions.node, results }, null, 2)}\n`,
  )
