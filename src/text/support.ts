/** How many of a text's words others have. */
import { foldText } from './fold.js'
import { charactersAndWords, isCharacter, segmentsOf } from './words.js'

/** A text as its words are looked for. */
export interface TextWords {
  folded: string
  words: ReadonlySet<string>
  /** Beginnings of its long words: endings differ between a statement and a question about it. */
  stems: ReadonlySet<string>
  /** Chinese characters. */
  han: ReadonlySet<string>
}

/** A word of five letters or more is known by its first five. */
const STEM = 5
/** A Korean word by its first two syllables: particles follow. */
const KOREAN_STEM = 2

/** Words that any text has; single Chinese characters of that kind. */
const STOP_WORDS = new Set(
  (
    'a an the of in on at to for from by with without and or not no nor but if then than as is are was were be been ' +
    'being am do does did done has have had having it its they them their this that these those there here he she his ' +
    'her him we us our you your i my me who whom whose which what when where why how will would can could may might ' +
    'must shall should so such into onto over under about between among also only both each any all some more most ' +
    'other same very just because while during after before up down out off again too s t d ll re ve ' +
    '的 了 是 在 和 与 或 及 而 其 之 以 于 由 从 到 对 为 被 把 将 使 让 向 并 也 都 就 还 又 不 没 有 无 个 一 这 那 ' +
    '该 此 它 他 她 们 我 你 您 什 么 吗 呢 吧 哪 谁 怎 如 何 几 多 少 时 可 能 会 要 应 因 所 但 若 则 等 中 上 下 里'
  ).split(' '),
)

const HAN = /^\p{Script=Han}/u
const KOREAN = /\p{Script=Hangul}+/gu
/** Runs of scripts without blanks whose single characters say nothing; Chinese ones do. */
const ALPHABETIC =
  /[\p{Script=Katakana}\u30FC]+|\p{Script=Hiragana}+|[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu
/** Shorter ones are particles and endings, in hiragana two characters long. */
const LEAST_SEGMENT = 2
const LEAST_HIRAGANA = 3

export function readWords(text: string): TextWords {
  return wordsOfFolded(foldText(text))
}

export function wordsOfFolded(folded: string): TextWords {
  const found = charactersAndWords(folded)
  const words = new Set(found.filter((word) => !isCharacter(word)))
  const stems = [...words].filter((word) => word.length >= STEM).map((word) => word.slice(0, STEM))
  return {
    folded,
    words,
    stems: new Set([...stems, ...koreanStems(folded)]),
    han: new Set(found.filter((word) => isCharacter(word) && HAN.test(word))),
  }
}

const koreanStems = (folded: string) =>
  (folded.match(KOREAN) ?? []).flatMap((word) => (word.length > 1 ? word.slice(0, KOREAN_STEM) : []))

interface Support {
  /** Words, segments and Chinese characters that mean something. */
  counted: number
  /** Those that the texts have. */
  found: number
}

/** How many of a text's words others have. Numbers are left to a check of their own. */
export function supportOf(text: string, others: TextWords[]): Support {
  const folded = foldText(text)
  const all = charactersAndWords(folded).filter((word) => !STOP_WORDS.has(word))
  const words = all.filter((word) => !isCharacter(word) && !/^\d+$/.test(word))
  const han = all.filter((word) => isCharacter(word) && HAN.test(word))
  const stems = koreanStems(folded)
  const segments = (folded.match(ALPHABETIC) ?? [])
    .flatMap(segmentsOf)
    .filter(
      (segment) => segment.length >= (/^\p{Script=Hiragana}/u.test(segment) ? LEAST_HIRAGANA : LEAST_SEGMENT),
    )
  const parts: [string[], (part: string, other: TextWords) => boolean][] = [
    [words, (word, other) => hasWord(other, word)],
    [han, (character, other) => other.han.has(character)],
    [stems, (stem, other) => other.stems.has(stem)],
    [segments, (segment, other) => other.folded.includes(segment)],
  ]
  let [counted, found] = [0, 0]
  for (const [list, has] of parts) {
    counted += list.length
    found += list.filter((part) => others.some((other) => has(part, other))).length
  }
  return { counted, found }
}

function hasWord({ words, stems }: TextWords, word: string): boolean {
  return words.has(word) || (word.length >= STEM && stems.has(word.slice(0, STEM)))
}
