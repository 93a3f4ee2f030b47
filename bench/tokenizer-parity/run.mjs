// Our ids, and those of @huggingface/tokenizers alone, against those of the Rust library.
//
//   npm run build && node bench/tokenizer-parity/run.mjs DATA --python PYTHON [--output FILE]
//
// DATA holds BEIR folders (corpus.jsonl, queries.jsonl, qa.jsonl). PYTHON has tokenizers, sentencepiece and protobuf.
// The tokenizers are trained once, into bench/tokenizer-parity/work/, but for those of the embedded models: --only minilm,e5-en-zh
// trains none; --only FAMILY compares one,
// --keep takes the reference's ids of the last run.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Tokenizer } from '@huggingface/tokenizers'
import { createTokenizer } from '../../dist/inference/tokenizer.js'
import { randomStrings, realLines, wellFormed } from './texts.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    output: { type: 'string' },
    only: { type: 'string' },
    random: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '20261123' },
    examples: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
  },
})
const data = positionals[0]
if (!data || !existsSync(data)) {
  console.error('usage: node bench/tokenizer-parity/run.mjs DATA --python PYTHON [--output FILE]')
  process.exit(2)
}
const here = fileURLToPath(new URL('.', import.meta.url))
const work = join(here, 'work')
const PAIR_TOKENS = 96

function python(...args) {
  const { status, stdout, stderr } = spawnSync(flags.python, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}\n${stderr}`)
  return stdout
}

/** @returns rows of ids; undefined where the reference left one out. */
function readRows(path) {
  const bytes = readFileSync(path)
  const numbers = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  const count = numbers[0]
  let at = 1 + count
  return Array.from({ length: count }, (_, i) => {
    const length = numbers[1 + i]
    if (length < 0) return undefined
    at += length
    return numbers.subarray(at - length, at)
  })
}

const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i])

/** @param encode text -> ids with special tokens. */
function compare(encode, texts, expected) {
  let mismatches = 0
  let tokens = 0
  const examples = []
  const started = performance.now()
  const rows = texts.map((text) => encode(text))
  const seconds = (performance.now() - started) / 1000
  rows.forEach((row, i) => {
    tokens += row.length
    if (same(row, expected[i])) return
    mismatches++
    if (examples.length < Number(flags.examples)) examples.push(texts[i])
  })
  return {
    result: { lines: texts.length, mismatches, tokens_per_second: Math.round(tokens / seconds) },
    examples,
  }
}

function comparePairs(tokenizer, texts, expected, types) {
  let lines = 0
  let mismatches = 0
  for (let i = 0; i < expected.length; i++) {
    if (!expected[i]) continue
    lines++
    const pair = { question: texts[2 * i], passage: texts[2 * i + 1] }
    const { ids, typeIds = new Uint8Array(ids.length) } = tokenizer.encodePairs([pair], PAIR_TOKENS)
    if (!same(ids, expected[i]) || !same(typeIds, types[i])) mismatches++
  }
  return { lines, mismatches }
}

function compareFamily(directory, name, texts, real) {
  const out = join(work, 'ids', name)
  const report = join(out, 'reference.json')
  if (!flags.keep || !existsSync(report)) {
    mkdirSync(out, { recursive: true })
    writeFileSync(
      report,
      python(join(here, 'reference.py'), directory, join(work, 'texts.json'), out, PAIR_TOKENS),
    )
  }
  const reference = JSON.parse(readFileSync(report, 'utf8'))
  const json = (file) => JSON.parse(readFileSync(join(directory, file), 'utf8'))
  const stated = [json('tokenizer.json'), json('tokenizer_config.json')]
  const tokenizer = createTokenizer(...stated)
  const library = new Tokenizer(...stated)
  const single = readRows(join(out, 'single.bin'))
  const both = (encode) => {
    const of = (from, to) => compare(encode, texts.slice(from, to), single.slice(from, to))
    const [lines, strings] = [of(0, real), of(real)]
    return {
      real: lines.result,
      random: strings.result,
      examples: [...lines.examples, ...strings.examples],
    }
  }
  const { examples, ...ours } = both((text) => tokenizer.encode([text], 100_000).ids)
  for (const text of examples) console.error(`  ${name}: ${JSON.stringify(text).slice(0, 160)}`)
  const { examples: _, ...theirs } = both((text) => library.encode(text).ids)
  const [pairs, types] = ['pairs.bin', 'types.bin'].map((file) => readRows(join(out, file)))
  return {
    family: name,
    vocabulary: Object.keys(stated[0].model.vocab).length,
    ...ours,
    pairs: comparePairs(tokenizer, texts, pairs, types),
    library: theirs,
    rust_tokens_per_second: Math.round(reference.tokens / reference.seconds),
    reference: reference.version,
  }
}

const lines = realLines(data)
const texts = [...lines, ...randomStrings(Number(flags.random), lines, Number(flags.seed))]
mkdirSync(work, { recursive: true })
writeFileSync(join(work, 'texts.json'), JSON.stringify(texts.map(wellFormed)))
const trained = join(work, 'families')
const isWanted = (name) => !flags.only || flags.only.split(',').includes(name)
const embedded = (name) => fileURLToPath(new URL(`../../models/${name}`, import.meta.url))
const EMBEDDED = [
  ['minilm', embedded('all-minilm-l6-v2')],
  ['e5-en-zh', embedded('multilingual-e5-small-en-zh')],
]
const onlyEmbedded = flags.only?.split(',').every((name) => EMBEDDED.some(([own]) => own === name))
if (!existsSync(trained) && !onlyEmbedded) python(join(here, 'families.py'), data, trained)
const families = [
  ...EMBEDDED,
  ...(existsSync(trained) ? readdirSync(trained).map((name) => [name, join(trained, name)]) : []),
].filter(([name]) => isWanted(name))

const results = families.map(([name, directory]) => {
  const result = compareFamily(directory, name, texts, lines.length)
  const { real, random, pairs, library } = result
  const wrong = ({ mismatches, lines }) => `${mismatches} of ${lines}`
  const millions = ({ tokens_per_second: rate }) => `${(rate / 1e6).toFixed(2)} M tokens/s`
  console.log(
    `${name}: real ${wrong(real)}, random ${wrong(random)}, pairs ${wrong(pairs)}; ${millions(real)}`,
  )
  console.log(`  library alone: ${wrong(library.real)}, ${wrong(library.random)}; ${millions(library.real)}`)
  return result
})
if (flags.output) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length }
  const { node, unicode, icu } = process.versions
  writeFileSync(
    flags.output,
    `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, versions: { node, unicode, icu }, results }, null, 2)}\n`,
  )
}
