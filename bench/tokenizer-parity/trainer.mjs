// The trainer's tokenizer: our ids and numbers against those of SentencePiece and of transformers.
//
//   npm run build && node bench/tokenizer-parity/trainer.mjs DATA --python PYTHON [--output FILE]
//
// DATA holds BEIR folders. PYTHON has sentencepiece, transformers and protobuf.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tokenizerOfSentencePiece } from '../../dist/inference/sentencepiece.js'
import { createTokenizer } from '../../dist/inference/tokenizer.js'
import { trainerCounter } from '../../dist/inference/trainer-counter.js'
import { randomStrings, realLines, wellFormed } from './texts.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    output: { type: 'string' },
    random: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '20261201' },
    examples: { type: 'string', default: '3' },
  },
})
const here = fileURLToPath(new URL('.', import.meta.url))
const model = fileURLToPath(new URL('../../models/mistral-7b-tokenizer/tokenizer.model', import.meta.url))
const work = join(here, 'work')
mkdirSync(work, { recursive: true })

const lines = realLines(positionals[0])
const texts = [...lines, ...randomStrings(Number(flags.random), lines, Number(flags.seed))].map(wellFormed)
writeFileSync(join(work, 'trainer-texts.json'), JSON.stringify(texts))
const [given, got] = [join(work, 'trainer-texts.json'), join(work, 'trainer-reference.json')]
const { status, stderr } = spawnSync(flags.python, [join(here, 'trainer_reference.py'), model, given, got], {
  encoding: 'utf8',
})
if (status !== 0) throw new Error(stderr)
const reference = JSON.parse(readFileSync(got, 'utf8'))

const json = tokenizerOfSentencePiece(readFileSync(model))
const tokenizer = createTokenizer(json, {})
const counter = trainerCounter(json)
const own = texts.map((text) => tokenizer.encode([text], 100_000).ids)
const counts = counter.whole(texts)
const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i])

/** @param wrong whether text i differs. */
function compare(name, wrong) {
  const of = (from, to) => {
    let mismatches = 0
    for (let i = from; i < to; i++) {
      if (!wrong(i)) continue
      if (mismatches++ < Number(flags.examples)) console.error(`  ${JSON.stringify(texts[i]).slice(0, 160)}`)
    }
    return { texts: to - from, mismatches }
  }
  const [real, random] = [of(0, lines.length), of(lines.length, texts.length)]
  console.log(
    `${name}: ${real.mismatches} of ${real.texts} lines, ${random.mismatches} of ${random.texts} strings`,
  )
  return { name, real, random }
}

const { legacy, new: fresh } = reference.behind
const results = [
  compare('ids, transformers', (i) => !same(own[i], reference.transformers[i])),
  compare('ids, sentencepiece', (i) => !same(own[i], reference.sentencepiece[i])),
  compare('tokens, sentencepiece', (i) => own[i].length !== reference.sentencepiece[i].length),
  compare(
    'tokens behind special tokens, the greater of both ways',
    (i) => counts[i] !== Math.max(legacy[i], fresh[i]),
  ),
  compare(
    'tokens behind special tokens, fewer than one way',
    (i) => counts[i] < legacy[i] || counts[i] < fresh[i],
  ),
]
if (flags.output)
  writeFileSync(
    flags.output,
    `${JSON.stringify({ date: '2026-12-01', node: process.versions.node, results }, null, 2)}\n`,
  )
