// Light paraphrases by rules: other words, other order, other marks. The answer stays what it was.
import { randomFor } from '../../dist/negatives/random.js'
import { CHINESE, ENGLISH } from './synonyms.mjs'
import { isHan, joined, partsOf } from './text.mjs'

/** With fewer edits it is a copy, which is no paraphrase. */
const LEAST_EDITS = 2
/** Of the words that have a synonym, of the sentences that can be turned round, of the marks. */
const SHARE = { synonyms: 2 / 3, clauses: 1 / 2, marks: 1 / 2 }

const ENGLISH_WORD = /\b[a-z]+\b/gi
const CHINESE_WORD = new RegExp([...CHINESE.keys()].sort((a, b) => b.length - a.length).join('|'), 'gu')
/** A sentence that begins so leans on the one before it. */
const LEANS =
  /^(?:he|she|it|they|his|her|its|their|this|these|those|that|such|however|but|then)\b|^[他她它这该其此但]/i
const LED = /^((?:In|On|At|During|After|Before|By|Since|Until|As of) [^,;:"“”()]{2,40}), ([^;:"“”]+)([.!?])$/
const JOINED =
  /^([^"“”();:]{20,}?),? (because|when|while|although|after|before|since) ([^"“”();:]{12,})([.!?])$/
/** First words that are no names: they may lose their capital. */
const COMMON =
  /^(?:The|An?|In|On|At|It|He|She|They|We|This|These|Those|That|His|Her|Its|Their|Some|Many|Most|All|Both|There|As|For|After|Before|During|By|Since|Until|When|While|Although|Because)\b/

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
const lower = (text) => (COMMON.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)
const balanced = (clause) =>
  ['“”', '「」', '『』', '《》', '（）', '()', '【】'].every(
    ([open, close]) => clause.split(open).length === clause.split(close).length,
  ) && !clause.includes('"')

/** Words of the sentence that have one, each with the chance of SHARE. */
function synonyms(sentence, chance) {
  const swap = (table) => (word, at) => {
    const other = table.get(at === 0 ? word.toLowerCase() : word) // a capital within a sentence is a name's
    if (other === undefined || !chance(SHARE.synonyms)) return word
    return /^[A-Z]/.test(word) ? capital(other) : other
  }
  return isHan(sentence)
    ? sentence.replace(CHINESE_WORD, swap(CHINESE))
    : sentence.replace(ENGLISH_WORD, swap(ENGLISH))
}

/** "In 1920, A." -> "A in 1920."; "A because B." -> "Because B, A."; of Chinese two clauses after the first. */
function clauses(sentence, chance) {
  if (!chance(SHARE.clauses)) return sentence
  if (isHan(sentence)) return chineseClauses(sentence, chance)
  const led = LED.exec(sentence)
  if (led) return `${capital(led[2])} ${lower(led[1])}${led[3]}`
  const two = JOINED.exec(sentence)
  return two ? `${capital(two[2])} ${two[3]}, ${lower(two[1])}${two[4]}` : sentence
}

function chineseClauses(sentence, chance) {
  const [, body, end] = /^(.*?)([。！？；]?)$/su.exec(sentence)
  const parts = body.split('，')
  if (parts.length < 3 || !parts.every(balanced)) return sentence
  const at = 1 + Math.floor(chance.draw(parts.length - 2))
  ;[parts[at], parts[at + 1]] = [parts[at + 1], parts[at]]
  return parts.join('，') + end
}

const NUMBERS = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
const NUMERALS = '零一二三四五六七八九'
const MARKS = [
  [/[“”]/g, () => '"'],
  [/[‘’]/g, () => "'"],
  [/ [–—] /g, () => ' - '],
  [/ & /g, () => ' and '],
  [/\b(\d+(?:\.\d+)?) ?%/g, (_, n) => `${n} percent`],
  [/\b(\d{1,3}),(\d{3})\b/g, (_, a, b) => a + b],
  [/\b(did|does|was|were|is|could|would|had) not\b/g, (_, verb) => `${verb}n't`],
  [new RegExp(`\\b(?:${NUMBERS.join('|')})\\b`, 'g'), (word) => String(NUMBERS.indexOf(word) + 2)],
]
const CHINESE_MARKS = [
  [/「([^「」]*)」/g, (_, inner) => `“${inner}”`],
  [/“([^“”]*)”/g, (_, inner) => `「${inner}」`],
  [/(\d+(?:\.\d+)?) ?[%％]/g, (_, n) => `百分之${n}`],
  [/(?<![\d.])([3-9])(?= ?(?:个|名|次|天|支|部|座|条|位|种))/g, (_, n) => NUMERALS[n]],
  [
    /(?<![\d零一二三四五六七八九十百千第])([三四五六七八九])(?=(?:个|名|次|天|支|部|座|条|位|种))/gu,
    (n) => String(NUMERALS.indexOf(n)),
  ],
]

/** Quotes, dashes, numerals. */
function marks(sentence, chance) {
  return (isHan(sentence) ? CHINESE_MARKS : MARKS).reduce(
    (text, [pattern, other]) =>
      pattern.test(text) && chance(SHARE.marks) ? text.replace(pattern, other) : text,
    sentence,
  )
}

const EDITS = { synonyms, clauses, marks }

/**
 * The passage in other words, with what was done to it; undefined where the rules find too little to do.
 * @param holds whether a text states the answer: an edit that takes it away is taken back.
 */
export function paraphrase(passage, holds, ...seed) {
  const draw = randomFor('paraphrase', ...seed)
  const chance = (share) => draw(1 << 20) < share * (1 << 20)
  chance.draw = draw
  const parts = partsOf(passage)
  const edits = { synonyms: 0, clauses: 0, marks: 0, order: 0 }
  const attempt = (kind, sentences) => {
    if (!holds(joined({ ...parts, sentences }))) return
    parts.sentences = sentences
    edits[kind]++
  }
  for (const [kind, edit] of Object.entries(EDITS)) {
    for (let i = 0; i < parts.sentences.length; i++) {
      const after = edit(parts.sentences[i], chance)
      if (after !== parts.sentences[i]) attempt(kind, parts.sentences.with(i, after))
    }
  }
  for (let left = Math.ceil(parts.sentences.length / 4); left > 0 && parts.sentences.length > 1; left--) {
    const at = draw(parts.sentences.length - 1)
    const [one, two] = parts.sentences.slice(at, at + 2)
    if (!LEANS.test(two)) attempt('order', parts.sentences.with(at, two).with(at + 1, one))
  }
  const count = Object.values(edits).reduce((a, b) => a + b)
  return count < LEAST_EDITS ? undefined : { text: joined(parts), edits }
}
