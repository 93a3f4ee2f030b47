// What the tokenizers are compared on: real lines, and random strings of every odd kind.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every line of the passages, questions and answers of DATA's BEIR folders, and of its documents. */
export function realLines(data) {
  const lines = new Set()
  const add = (text) => {
    for (const line of (text ?? '').split('\n')) if (line.trim() !== '') lines.add(line)
  }
  for (const folder of readdirSync(data)) {
    for (const name of ['corpus.jsonl', 'queries.jsonl', 'qa.jsonl']) {
      const path = join(data, folder, name)
      if (!existsSync(path)) continue
      for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
        const { text, question, answer } = JSON.parse(line)
        for (const part of [text, question, answer]) add(part)
        // Passages are long: sentence by sentence they make more lines, and cut in other places.
        for (const [sentence] of (text ?? '').matchAll(/[^.!?。！？]+[.!?。！？]*/g)) add(sentence)
      }
    }
  }
  const documents = join(data, 'documents')
  if (existsSync(documents)) {
    for (const name of readdirSync(documents, { recursive: true })) {
      if (/\.(md|html)$/.test(name)) add(readFileSync(join(documents, name), 'utf8').slice(0, 100_000))
    }
  }
  return [...lines]
}

/** mulberry32: the same strings everywhere. */
function generator(seed) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n) => Math.floor(next() * n)
  return { below, pick: (list) => list[below(list.length)] }
}

const SPECIALS = [
  '[SEP]', '[CLS]', '[MASK]', '[UNK]', '[PAD]', '<s>', '</s>', '<pad>', '<unk>', '<mask>', ' <mask>', '<mask> ',
  '<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|eot_id|>', '<bos>', '<eos>', '<think>', '</think>',
  '<tool_call>', '|||IP_ADDRESS|||', '<start_of_turn>', '<table>', '<0x41>', '<0xE4>', '[sep]', '<S>', '▁', '▁▁',
  '\n\n', '   ', '\t', '[ SEP ]', '[SEP', '＜s＞', '<｜endoftext｜>',
] // biome-ignore format: a list
const CASES = [
  'ΟΔΟΣ', 'Σ', 'ΑΣ ', 'İstanbul', 'I\u0307', 'ß', 'ẞ', 'ﬁ', 'ǅ', 'K', 'Å', 'ſ', "'ſ", "'S", "'RE", "don't", "I'LL",
  'Ａｂ１', '①', '½', '㎏', '㈱', 'ﾊﾝｶｸ', 'ﷺ', '～', '…', '“a”', 'a\u0300', 'é', 'e\u0301', '\u1e9b\u0323', '각', 'ᄀ',
  'g\u0308', 'क्ष', 'நி', '\u0e33', '\u200d', '\u200c', '\ufeff', '\u00ad', '\u0085', '\u001c', '\u180e', '\u2028',
  '\u2029', '\u3000', '\u00a0', '\r\n', '\r', '\n', '\0', '\x7f', '\u0600', '\u070f', '\u{110bd}', '🇩🇪🇫', '👩‍💻', '👍🏽', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '❤️',
  '1️⃣', '\ud800', '\udc00x', '\ufffd', '\uffff', '\u{10ffff}', "''12,345.67''", '3.14e-10', 'U+1F600', '٣٤', '१२', '𝟘𝟙', '三百',
] // biome-ignore format: a list

const RANGES = {
  ascii: [[0x20, 0x7e]],
  latin: [[0xa0, 0x24f], [0x1e00, 0x1eff]],
  greekCyrillic: [[0x370, 0x52f], [0x1c80, 0x1c8f], [0x1f00, 0x1fff]],
  marks: [[0x300, 0x36f], [0x1ab0, 0x1aff], [0x1dc0, 0x1dff], [0x20d0, 0x20ff], [0xfe20, 0xfe2f], [0x591, 0x5c7]],
  cjk: [[0x4e00, 0x9fff], [0x3040, 0x30ff], [0x3400, 0x4dbf], [0xf900, 0xfaff]],
  cjkAstral: [[0x20000, 0x2a6df], [0x2a700, 0x2ebef], [0x2f800, 0x2fa1f], [0x30000, 0x323af]],
  hangul: [[0x1100, 0x11ff], [0xac00, 0xd7a3], [0xa960, 0xa97f], [0xd7b0, 0xd7ff]],
  arabic: [[0x600, 0x6ff], [0x750, 0x77f], [0x8a0, 0x8ff], [0xfb50, 0xfdff], [0xfe70, 0xfeff], [0x590, 0x5ff]],
  indic: [[0x900, 0xdff], [0xe00, 0x109f], [0x1780, 0x17ff], [0x11000, 0x1124f]],
  symbols: [[0x2000, 0x2bff], [0x3000, 0x303f], [0x3200, 0x33ff], [0xff00, 0xffef]],
  emoji: [[0x1f300, 0x1faff], [0x2600, 0x27bf], [0x1f1e6, 0x1f1ff], [0x1f3fb, 0x1f3ff], [0x200d, 0x200d], [0xfe0f, 0xfe0f]],
  control: [[0, 0x1f], [0x7f, 0x9f], [0x200b, 0x200f], [0x2028, 0x202f], [0x2060, 0x206f], [0xfff9, 0xfffd]],
  privateUse: [[0xe000, 0xf8ff], [0xf0000, 0xffffd], [0x100000, 0x10fffd]],
  astral: [[0x10000, 0x1ffff]],
  tags: [[0xe0000, 0xe01ef]],
  any: [[0, 0x10ffff]],
} // biome-ignore format: a table
const SPACES = [' ', ' ', ' ', ' ', '', '  ', '\t', '\n', '\u00a0', '\u3000', '\u2003']

/** @returns strings, lone surrogates among them: the reference gets U+FFFD in their place. */
export function randomStrings(count, lines, seed = 20261123) {
  const random = generator(seed)
  const { below, pick } = random
  const character = (kind) => {
    const [from, to] = pick(RANGES[kind])
    return String.fromCodePoint(from + below(to - from + 1))
  }
  const kinds = Object.keys(RANGES)
  const word = (kind, length) =>
    Array.from({ length }, () => character(below(8) === 0 ? pick(kinds) : kind)).join('')
  const marked = () =>
    Array.from(
      { length: 1 + below(6) },
      () => character(pick(['latin', 'ascii', 'indic', 'hangul'])) + word('marks', below(4)),
    ).join('')
  const insert = (text, part) => {
    const at = below(text.length + 1)
    return text.slice(0, at) + part + text.slice(at)
  }
  const makers = [
    () => Array.from({ length: 1 + below(8) }, () => word(pick(kinds), 1 + below(8)) + pick(SPACES)).join(''),
    () => word(pick(kinds), 1 + below(30)),
    () => word('any', 1 + below(12)),
    () => Array.from({ length: 1 + below(5) }, () => marked() + pick(SPACES)).join(''),
    () => Array.from({ length: 1 + below(5) }, () => pick(CASES) + pick([...SPACES, word('ascii', 2)])).join(''),
    () => Array.from({ length: 1 + below(4) }, () => word(pick(kinds), below(5)) + pick(SPACES) + pick(SPECIALS) + pick(SPACES)).join(''),
    () => insert(insert(pick(lines).slice(0, 200), pick(SPECIALS)), pick(CASES)),
    () => insert(insert(pick(lines).slice(0, 200), word(pick(kinds), 1 + below(3))), pick(SPACES)),
    () => word(pick(kinds), 190 + below(200)),
    () => (below(4) === 0 ? pick(CASES) : character(pick(kinds))).repeat(1 + below(300)),
    () => pick(lines).slice(0, 80).toUpperCase(),
  ] // biome-ignore format: a table
  return Array.from({ length: count }, (_, i) => makers[i % makers.length]())
}

/** What the reference can be given: UTF-8 has no lone surrogates. */
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd')
