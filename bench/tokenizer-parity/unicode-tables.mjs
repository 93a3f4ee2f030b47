// Writes src/inference/tokens/unicode-tables.ts: the classes in which the Rust library differs from
// this Node, which follows a newer Unicode. To be run again when the Rust library changes, with the
// newest Node there is.
//
//   node bench/tokenizer-parity/unicode-tables.mjs PYTHON
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('unicode_classes.py', import.meta.url))
const { status, stdout, stderr } = spawnSync(process.argv[2] ?? 'python3', [script], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
})
if (status !== 0) throw new Error(stderr)
const classes = JSON.parse(stdout)

const pointsOf = (ranges) =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)))

function rangesOf(points) {
  const ranges = []
  for (const point of [...points].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.[1] === point - 1) last[1] = point
    else ranges.push([point, point])
  }
  return ranges
}

/** What normalization forms move, take apart or put together here, but not there. */
function inert() {
  const known = pointsOf(classes.decomposes)
  const points = pointsOf(classes.unassigned)
  for (let point = 0; point < 0x110000; point++) {
    if (known.has(point) || (point >= 0xd800 && point <= 0xdfff)) continue
    const c = String.fromCodePoint(point)
    const moves = [`\u0345${c}`, `${c}\u0334`].some((text) => text.normalize('NFD') !== text)
    if (!moves && c.normalize('NFKD') === c) continue
    points.add(point)
    for (const part of c.normalize('NFD'))
      if (!known.has(part.codePointAt(0))) points.add(part.codePointAt(0))
  }
  return rangesOf(points)
}

/** Gap to the range and its length, turn by turn, in base 36. */
function pack(ranges) {
  let end = 0
  const numbers = ranges.flatMap(([from, to]) => {
    const pair = [from - end, to - from]
    end = to + 1
    return pair
  })
  return numbers.map((number) => number.toString(36)).join(' ')
}

const TABLES = [
  ['CONTROL', 'What BertNormalizer removes (unicode_categories 0.1: Unicode 8).', classes.control],
  ['NONSPACING', 'What BertNormalizer takes for an accent (Unicode 8).', classes.nonspacing],
  ['MARKS', 'What StripAccents removes (Unicode 9).', classes.marks],
  ['PUNCTUATION', 'What BertPreTokenizer and Punctuation split at (Unicode 8).', classes.punctuation],
  ['CHINESE', 'What BertNormalizer puts spaces around.', classes.chinese],
  ['UNASSIGNED', 'Unassigned for Oniguruma 6.9 and the regex crate (Unicode 16).', classes.unassigned],
  [
    'INERT',
    'Changed by no normalization form (Unicode 9), but by those of newer Unicode; or unassigned.',
    inert(),
  ],
]
const text = TABLES.map(
  ([name, comment, ranges]) => `/** ${comment} */\nexport const ${name} =\n  '${pack(ranges)}'\n`,
)
writeFileSync(
  new URL('../../src/inference/tokens/unicode-tables.ts', import.meta.url),
  `/** Written by bench/tokenizer-parity/unicode-tables.mjs from the Rust library (tokenizers 0.23): ranges. */\n\n${text.join('\n')}`,
)
