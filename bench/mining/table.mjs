// The table of the issue, as Markdown, from a result of run.mjs: node bench/mining/table.mjs RESULT.json
import { readFileSync } from 'node:fs'

const { speed, false_negatives: corpora = {}, reranker } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const OPEN = 'not measured'
const rows = [['what', 'ours', 'theirs', 'ours by theirs']]
const perSecond = (name) => speed?.questions_per_second[name]
const fastest = (part) =>
  Math.max(
    ...Object.entries(speed?.questions_per_second ?? {}).flatMap(([name, rate]) =>
      name.includes(part) ? rate : [],
    ),
  )
const shown = (value) => (typeof value === 'string' || Number.isFinite(value) ? String(value) : OPEN)
const percent = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : shown(value))

if (speed) {
  const { ratios, extrapolated, pairs, second_run: again = {}, short_rows: short, process_seconds } = speed
  rows.push(
    [
      `questions/s, reranker (theirs: ${shown(extrapolated?.sample)} questions, extrapolated)`,
      shown(perSecond('clara, reranker')),
      shown(perSecond('mine_hard_negatives, cross-encoder, a sample')),
      shown(ratios['questions/s, reranker on']),
    ],
    [
      'questions/s, no reranker, embeddings cached',
      shown(perSecond('clara, no reranker, embeddings cached')),
      shown(fastest('no cross-encoder')),
      shown(ratios['questions/s, no reranker, embeddings cached']),
    ],
    [
      'seconds of the whole process, the same',
      shown(process_seconds?.ours),
      shown(process_seconds?.theirs),
      shown(ratios['the same, whole process']),
    ],
    ['reranked pairs a question', shown(pairs?.a_question), '50', shown(pairs?.share_of_a_fixed_depth)],
    ...Object.entries(again).map(([name, { share_of_the_first: share }]) => [
      `time of a second run: ${name.replace('clara, reranker, ', '')}`,
      '',
      'the first run',
      percent(share),
    ]),
    ...Object.entries(short).map(([name, count]) => [
      `rows with fewer than k: ${name}`,
      shown(count),
      '',
      '',
    ]),
  )
}
for (const [name, { compared, lists }] of Object.entries(corpora)) {
  for (const [side, each] of Object.entries(compared)) {
    for (const [how, found] of Object.entries(each)) {
      rows.push([
        `${name}: false negatives, ${side}, ${how.replaceAll('_', ' ')} (margin ${shown(found.margin)})`,
        percent(found.ours),
        percent(found.theirs),
        shown(found.share),
      ])
    }
  }
  for (const list of ['random', 'clara, no reranker', 'clara, reranker'].filter((each) => lists[each])) {
    const { mean_logit: logit, mean_cosine: cosine } = lists[list].hardness
    const scale = logit === undefined ? 'cosine' : `logit of ${reranker}`
    rows.push([`${name}: hardness of ${list}, mean ${scale}`, shown(logit ?? cosine), '', ''])
  }
}
const line = (cells) => `| ${cells.join(' | ')} |`
console.log([line(rows[0]), line(rows[0].map(() => '---')), ...rows.slice(1).map(line)].join('\n'))
