/** How long texts are, where positives stand, how often negatives are used. */
import type { RunNumbers } from '../numbers.js'
import type { Spread } from '../spread.js'
import { grouped, html, percent } from './html.js'
import type { Section } from './page.js'
import { drawing } from './plot.js'
import { groupsOf } from './scores-section.js'
import { table } from './table.js'

export function lengthsSection({ characters, tokens, samples }: RunNumbers): Section | undefined {
  const asked = (of: { question?: Spread; answer?: Spread }) => [
    { name: 'questions', colour: '--plain', spread: of.question },
    { name: 'answers', colour: '--positive', spread: of.answer },
  ]
  const counted =
    tokens && tokens.samples < samples ? `Counted of ${grouped(tokens.samples)} samples, evenly spread.` : ''
  const documents = [
    tokens &&
      drawing({
        title: 'Documents, in tokens',
        note: `Of the embedded model; the trainer’s own count differs a little. What is over its limit (256 by default) is cut off there. ${counted}`,
        of: 'tokens',
        whole: true,
        groups: groupsOf(tokens.docs),
      }),
    drawing({
      title: 'Documents, in characters',
      of: 'characters',
      whole: true,
      groups: groupsOf(characters.docs),
    }),
  ]
  const questions = [
    tokens &&
      drawing({
        title: 'Questions and answers, in tokens',
        note: counted,
        of: 'tokens',
        whole: true,
        groups: asked(tokens.questions),
      }),
    drawing({
      title: 'Questions and answers, in characters',
      of: 'characters',
      whole: true,
      groups: asked(characters.questions),
    }),
  ]
  if (![...documents, ...questions].some((each) => each)) return undefined
  return {
    id: 'lengths',
    title: 'Lengths',
    body: html`<p>Positives and negatives should be alike: a trainer learns whatever tells them apart.</p>
<div class="plots">${documents}</div>
<div class="plots">${questions}</div>
`,
  }
}

export function positionsSection({
  positions,
  docs_per_sample: docs,
  reuse,
  top_k: topK,
}: RunNumbers): Section | undefined {
  const total = positions.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return undefined
  const even = docs.length === 1 && topK ? ` Evenly spread, each would have ${percent(1, topK)}.` : ''
  return {
    id: 'positions',
    title: 'Positions and reuse',
    body: html`<div class="plots">${drawing({
      title: 'Position of the positives',
      note: `From 0, in docs.${even}`,
      of: 'position',
      whole: true,
      groups: [{ name: 'positives', colour: '--positive', spread: spreadOf(positions, total) }],
    })}${
      reuse &&
      drawing({
        title: 'Uses of a negative',
        note: `${grouped(reuse.chunks)} chunks are negatives. ${reuse.counted < 1 ? `Counted of one chunk in ${Math.round(1 / reuse.counted)}, drawn by hash. ` : ''}--max-uses keeps the most used in bounds.`,
        of: 'samples that a chunk is a negative of',
        whole: true,
        groups: [{ name: 'chunks', colour: '--plain', spread: reuse.uses }],
      })
    }</div>
${
  reuse &&
  table(
    'The most used negatives',
    ['chunk', '#uses'],
    reuse.most.map(({ chunk, uses }) => [html`<code>${chunk}</code>`, grouped(uses)]),
  )
}`,
  }
}

/** So many positions are drawn one by one. */
const MOST_POSITIONS = 40

function spreadOf(positions: { position: number; count: number }[], total: number): Spread {
  const [first, last] = [positions[0]!.position, positions.at(-1)!.position]
  const width = 2 ** Math.max(0, Math.ceil(Math.log2((last + 1) / MOST_POSITIONS)))
  const bins = new Map<number, number>()
  for (const { position, count } of positions) {
    const from = Math.floor(position / width) * width
    bins.set(from, (bins.get(from) ?? 0) + count)
  }
  const quantile = (share: number) => {
    let left = Math.ceil(share * total)
    return positions.find(({ count }) => {
      left -= count
      return left <= 0
    })!.position
  }
  return {
    count: total,
    mean: positions.reduce((sum, { position, count }) => sum + position * count, 0) / total,
    min: first,
    max: last,
    p5: quantile(0.05),
    p25: quantile(0.25),
    p50: quantile(0.5),
    p75: quantile(0.75),
    p95: quantile(0.95),
    bins: [...bins].map(([from, count]) => ({ from, to: from + width, count })),
    beyond: 0,
  }
}
