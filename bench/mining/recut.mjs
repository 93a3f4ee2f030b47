// The same source cut elsewhere: a run of the passage's sentences that states the answer, between the ends of another.
import { randomFor } from '../../dist/negatives/random.js'
import { joined, partsOf } from './text.mjs'

/** Of another passage's sentences at most so many a side. */
const MOST_ADDED = 3
/** The re-cut passage is no longer than so much of the passage, as a splitter keeps its length. */
const LENGTH = 1.25
/** A passage of a sentence or two gives room for another one. */
const SHORT = 400

/**
 * The passage cut elsewhere, with how many sentences were kept, dropped and added; undefined where its
 * sentences do not state the answer.
 * @param other a passage that stands beside it.
 */
export function recut(passage, other, { sentence, holds }, ...seed) {
  const draw = randomFor('recut', ...seed)
  const { heading, sentences } = partsOf(passage)
  const around = partsOf(other).sentences
  const run = shortestRun(sentences, sentence, (own) => holds(joined({ heading: '', sentences: own })))
  if (!run || around.length === 0) return undefined
  const kept = grown(run, sentences.length, draw)
  const own = sentences.slice(kept.from, kept.to)
  const room =
    Math.max(SHORT, joined({ heading: '', sentences }).length * LENGTH) -
    joined({ heading: '', sentences: own }).length
  const { before, after } = additions(around, kept, sentences.length, room, draw)
  const text = joined({
    heading: draw(2) === 0 ? heading : '',
    sentences: [...before, ...own, ...after],
  })
  return {
    text,
    edits: {
      kept: own.length,
      dropped: sentences.length - own.length,
      added: before.length + after.length,
    },
  }
}

/** With the sentence that answers, as few as state the answer. */
function shortestRun(sentences, sentence, states) {
  const at = sentences.indexOf(sentence)
  for (let length = 1; length <= sentences.length; length++) {
    for (let from = 0; from + length <= sentences.length; from++) {
      const holdsIt = at >= from && at < from + length
      if (holdsIt && states(sentences.slice(from, from + length))) return { from, to: from + length }
    }
  }
}

/** As many neighbours as chance has it, of all but one. */
function grown({ from, to }, count, draw) {
  const most = count - 1 - (to - from)
  for (let left = most > 0 ? draw(most + 1) : 0; left > 0; left--) {
    if (to === count || (from > 0 && draw(2) === 0)) from--
    else to++
  }
  return { from, to }
}

/** Where sentences were dropped, others come; at both ends, or at one. */
function additions(around, { from, to }, count, room, draw) {
  const sides = { both: draw(3) === 0, before: from > 0 && (to === count || draw(2) === 0) }
  const wanted = () => 1 + draw(MOST_ADDED)
  const before = sides.both || sides.before ? around.slice(-wanted()) : []
  const after = sides.both || !sides.before ? around.slice(0, wanted()) : []
  const length = () => [...before, ...after].join(' ').length
  while (before.length + after.length > 1 && length() > room) {
    if (before.length >= after.length) before.shift()
    else after.pop()
  }
  return { before, after }
}
