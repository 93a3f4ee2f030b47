// What planting needs to know of a text: its sentences, its heading, and whether it states an answer.

import { sentencesOf } from '../../dist/chunks/sentences.js'
import { foldText } from '../../dist/text/fold.js'

const WORD = /\p{Script=Han}|[\p{L}\p{M}\p{N}]+/gu
const HAN = /\p{Script=Han}/u
/** A first line that is shorter and ends at a line break is a heading: it stays where it is. */
const HEADING = 100
/** Words that say nothing of what a sentence is about. */
const STOP = new Set(
  (
    'a an and are as at be been but by did do does for from had has have he her his how in into is it its of ' +
    'on or she that the their them they this to was were what when where which who whom why will with would ' +
    '的 了 是 在 和 与 于 为 有 被 什 么 哪 谁 何 吗 呢 之 其 也 及 这 那'
  ).split(' '),
)

export const isHan = (text) => HAN.test(text)

/** Words that carry meaning; of Chinese each character. */
export function contentWords(text) {
  return (foldText(text).match(WORD) ?? []).filter((word) => !STOP.has(word))
}

/** A passage's heading, empty where it has none, and its sentences. */
export function partsOf(text) {
  const end = text.indexOf('\n')
  const hasHeading = end > 0 && end < HEADING && text.slice(end).trim() !== ''
  const start = hasHeading ? end : 0
  const sentences = [...sentencesOf(text, start, text.length)].map((span) =>
    text.slice(span.start, span.end).replace(/\s+/g, ' ').trim(),
  )
  return { heading: hasHeading ? text.slice(0, end).trim() : '', sentences: sentences.filter(Boolean) }
}

/** Between sentences that end in Chinese there is no blank. */
export function joined({ heading, sentences }) {
  const text = sentences.reduce(
    (all, next) =>
      all === '' ? next : all + (/[\p{Script=Han}。！？；”」』）]$/u.test(all) ? '' : ' ') + next,
    '',
  )
  return heading === '' ? text : `${heading}\n${text}`
}

/** Of an answer in other words, so many of its own words must be in the passage to know where it is. */
const LEAST_COVERED = 0.6

/**
 * How a passage answers a question: `extractive`: it contains the answer; `abstractive`: its words are there.
 * `holds` says whether another text states the answer as well; undefined where the passage cannot be told to.
 */
export function answerIn(passage, question, answer) {
  const wanted = foldText(answer).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  if (wanted === '') return undefined
  const sentence = nearestSentence(partsOf(passage).sentences, `${question} ${answer}`)
  if (foldText(passage).includes(wanted))
    return { how: 'extractive', sentence, holds: (text) => foldText(text).includes(wanted) }
  const asked = new Set(contentWords(question))
  const own = contentWords(answer).filter((word) => !asked.has(word))
  const there = new Set(contentWords(passage))
  const covered = own.filter((word) => there.has(word))
  if (covered.length === 0 || covered.length < own.length * LEAST_COVERED) return undefined
  const all = [...covered, ...contentWords(question).filter((word) => contentWords(sentence).includes(word))]
  return {
    how: 'abstractive',
    sentence,
    holds: (text) => {
      const words = new Set(contentWords(text))
      return all.every((word) => words.has(word))
    },
  }
}

/** The one that shares most words with a text. */
function nearestSentence(sentences, text) {
  const wanted = new Set(contentWords(text))
  const shared = sentences.map((each) => new Set(contentWords(each).filter((word) => wanted.has(word))).size)
  return sentences[shared.indexOf(Math.max(...shared))] ?? ''
}
