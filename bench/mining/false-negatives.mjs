// How often a planted copy of its own positive becomes a question's negative, and how hard negatives are.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { plantFolder } from './plant.mjs'

const SEED = 42
/** The recommended one first; the others to find the one whose negatives are no harder than ours. */
const MARGINS = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5]
/** The embedded models read English: a reranker of theirs says nothing about these. */
const CHINESE = ['xquad-zh', 'cmrc2018-dev']
const SIDES = [
  ['clara, no reranker', 'mine_hard_negatives, no cross-encoder'],
  ['clara, reranker', 'mine_hard_negatives, cross-encoder'],
]
/** XQuAD has 240 passages. */
const MOST = { 'xquad-en': 200, 'xquad-zh': 200 }

export function falseNegatives(context) {
  const out = {}
  for (const name of context.corpora.filter((each) => existsSync(join(context.data, each)))) {
    out[name] = corpus(name, context)
    for (const [list, { rate, false_negatives, hardness }] of Object.entries(out[name].lists)) {
      const hard = hardness.mean_logit ?? hardness.mean_cosine
      context.log(`${name}: ${list}: ${false_negatives} false, ${(100 * rate).toFixed(1)}%; hardness ${hard}`)
    }
  }
  return out
}

function corpus(name, { work, data, ours, judge, peer, ...settings }) {
  const reranker = CHINESE.includes(name) ? undefined : settings.reranker
  const folder = join(work, name)
  const index = join(work, `${name}-index`)
  const cache = join(work, 'scores')
  const count = Math.min(settings.planted, MOST[name] ?? Number.POSITIVE_INFINITY)
  const { kinds, answered } = plantFolder(join(data, name), folder, { count, seed: SEED })
  if (!existsSync(join(index, 'manifest.json'))) ours({ task: 'build', folder, index })
  const lists = {}
  const mine = (list, options) => {
    lists[list] = join(work, `${name} ${list}.json`)
    const qa = join(folder, 'qa.jsonl')
    const planted = join(folder, 'planted.json')
    return ours({ task: 'mine', index, qa, cache, planted, negatives: lists[list], ...options })
  }
  const runs = { 'clara, no reranker': mine('clara, no reranker') }
  if (reranker) runs['clara, reranker'] = mine('clara, reranker', { reranker })
  const theirs = (list, options) => {
    const output = join(work, `${name} ${list}`)
    const cached = join(work, `${name}-st`)
    runs[list] = peer.mine({ folder, cache: cached, margins: MARGINS, output, ...options })
    for (const margin of MARGINS) lists[`${list}, margin ${margin}`] = `${output}-${margin}.json`
  }
  if (peer) theirs('mine_hard_negatives, no cross-encoder')
  if (peer?.crossEncoder && reranker) {
    const options = { cross_encoder: peer.crossEncoder, range_max: 50, remember: true }
    theirs('mine_hard_negatives, cross-encoder', options)
  }
  const compare = SIDES.flatMap(([own, theirs]) =>
    MARGINS.map((margin) => [own, `${theirs}, margin ${margin}`]).filter((pair) =>
      pair.every((each) => lists[each]),
    ),
  )
  const judged = judge({ folder, index, reranker, cache, lists, compare })
  return { kinds, answered, compared: comparisons(judged.lists), ...judged, runs }
}

/**
 * Ours against theirs at the recommended margin, and at the least margin whose negatives are no harder: all
 * of them, or those of the questions for which neither side took a copy.
 */
function comparisons(lists) {
  const there = SIDES.filter(([own, theirs]) => lists[own] && lists[`${theirs}, margin ${MARGINS[0]}`])
  return Object.fromEntries(
    there.map(([own, theirs]) => {
      const at = (margin) => lists[`${theirs}, margin ${margin}`]
      const against = (margin) =>
        margin ? { margin, ...sideBySide(lists[own], at(margin)) } : 'no margin that was tried'
      const noHarder = (margin) => isNoHarder(meanOf(at(margin).hardness), meanOf(lists[own].hardness))
      const noHarderElsewhere = (margin) => {
        const { ours, theirs: others } = at(margin).without_copies_on_both_sides
        return isNoHarder(meanOf(others), meanOf(ours))
      }
      return [
        own,
        {
          at_the_recommended_margin: against(MARGINS[0]),
          at_equal_or_lower_hardness: against(MARGINS.find(noHarder)),
          at_equal_or_lower_hardness_of_the_others: against(MARGINS.find(noHarderElsewhere)),
        },
      ]
    }),
  )
}

/** By the reranker where there is one. */
const meanOf = ({ mean_logit: logit, mean_cosine: cosine }) => logit ?? cosine

/** A margin that leaves nothing is none to compare with. */
const isNoHarder = (theirs, ours) => theirs !== null && ours !== null && theirs <= ours

function sideBySide(own, theirs) {
  const { questions, ours, theirs: others } = theirs.without_copies_on_both_sides
  return {
    ours: own.rate,
    theirs: theirs.rate,
    share: theirs.rate > 0 ? Number((own.rate / theirs.rate).toFixed(3)) : 'theirs has none',
    hardness: { ours: meanOf(own.hardness), theirs: meanOf(theirs.hardness) },
    hardness_of_the_others: { questions, ours: meanOf(ours), theirs: meanOf(others) },
    their_samples_with_fewer_than_k: theirs.fewer_than_k,
  }
}
