// Our ids against those of the Rust library, for a tokenizer of each family.
//
//   npm run build && node bench/tokenizer-parity/run.mjs DATA --python PYTHON [--output FILE]
//
// DATA holds BEIR folders (README.md, "Data"). PYTHON has tokenizers, sentencepiece and protobuf.
// The tokenizers are trained once, into bench/tokenizer-parity/work/; --only FAMILY compares one,
// --keep takes the reference's ids of the last run.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createTokenizer } from '../../dist/inference/tokenizer.js'
import { randomStrings, realLines, wellFormed } from './texts.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    output: { type: 'string' },
    only: { type: 'string' },
    random: { type: 'string', default: '20000' },
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

function compareSingle(tokenizer, texts, expected) {
  const wrong = []
  let tokens = 0
  const started = performance.now()
  const rows = texts.map((text) => {
    const { ids } = tokenizer.encode([text], 100_000)
    tokens += ids.length
    return ids
  })
  const seconds = (performance.now() - started) / 1000
  rows.forEach((row, i) => {
    if (!same(row, expected[i])) wrong.push(i)
  })
  return { wrong, tokens, seconds }
}

function comparePairs(tokenizer, texts, expected, types) {
  let compared = 0
  let mismatches = 0
  for (let i = 0; i < expected.length; i++) {
    if (!expected[i]) continue
    compared++
    const pair = { question: texts[2 * i], passage: texts[2 * i + 1] }
    const { ids, typeIds = new Uint8Array(ids.length) } = tokenizer.encodePairs([pair], PAIR_TOKENS)
    if (!same(ids, expected[i]) || !same(typeIds, types[i])) mismatches++
  }
  return { compared, mismatches }
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
  const tokenizer = createTokenizer(json('tokenizer.json'), json('tokenizer_config.json'))
  const single = compareSingle(tokenizer, texts, readRows(join(out, 'single.bin')))
  const pairs = comparePairs(
    tokenizer,
    texts,
    readRows(join(out, 'pairs.bin')),
    readRows(join(out, 'types.bin')),
  )
  for (const i of single.wrong.slice(0, Number(flags.examples)))
    console.error(`  ${name} ${i}: ${JSON.stringify(texts[i]).slice(0, 160)}`)
  return {
    family: name,
    vocabulary: Object.keys(json('tokenizer.json').model.vocab).length,
    real: { lines: real, mismatches: single.wrong.filter((i) => i < real).length },
    random: { lines: texts.length - real, mismatches: single.wrong.filter((i) => i >= real).length },
    pairs,
    tokens: single.tokens,
    ours_tokens_per_second: Math.round(single.tokens / single.seconds),
    rust_tokens_per_second: Math.round(reference.tokens / reference.seconds),
    reference: reference.version,
  }
}

const lines = realLines(data)
const texts = [...lines, ...randomStrings(Number(flags.random), lines)]
mkdirSync(work, { recursive: true })
writeFileSync(join(work, 'texts.json'), JSON.stringify(texts.map(wellFormed)))
const trained = join(work, 'families')
if (!existsSync(trained)) python(join(here, 'families.py'), data, trained)
const families = [
  ['minilm', fileURLToPath(new URL('../../models/all-minilm-l6-v2', import.meta.url))],
  ...readdirSync(trained).map((name) => [name, join(trained, name)]),
].filter(([name]) => !flags.only || flags.only.split(',').includes(name))

const results = families.map(([name, directory]) => {
  const result = compareFamily(directory, name, texts, lines.length)
  const { real, random, pairs } = result
  console.log(
    [
      name.padEnd(14),
      `real ${real.mismatches} of ${real.lines}`.padEnd(24),
      `random ${random.mismatches} of ${random.lines}`.padEnd(26),
      `pairs ${pairs.mismatches} of ${pairs.compared}`.padEnd(22),
      `${(result.ours_tokens_per_second / 1e6).toFixed(2)} M tokens/s (Rust, all cores: ${(result.rust_tokens_per_second / 1e6).toFixed(2)})`,
    ].join('  '),
  )
  return result
})
if (flags.output) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length }
  const { node, unicode, icu } = process.versions
  writeFileSync(
    flags.output,
    `${JSON.stringify({ date: '2026-11-23', machine, versions: { node, unicode, icu }, results }, null, 2)}\n`,
  )
}
