/** How positives, retrieved and random negatives score. */
import type { Role } from '../doc-tally.js'
import type { RunNumbers } from '../numbers.js'
import type { Spreads } from '../spread.js'
import { grouped, html, percent } from './html.js'
import type { Section } from './page.js'
import { drawing, type Group } from './plot.js'

const NAMES: Record<Role, string> = {
  positive: 'positives',
  hard: 'retrieved negatives',
  random: 'random negatives',
}

export function groupsOf(spreads: Spreads<Role>): Group[] {
  return (Object.keys(NAMES) as Role[]).map((role) => ({
    name: NAMES[role],
    colour: `--${role}`,
    spread: spreads[role],
  }))
}

export function scoresSection(numbers: RunNumbers): Section | undefined {
  const { embedder_scores: embedder, reranker_scores: reranker, ranks, outscored } = numbers
  const drawings = [
    drawing({
      title: 'Scores by the embedder',
      note: 'Question against document. Hard negatives stand between random ones and positives.',
      of: 'cosine, or inner product',
      groups: groupsOf(embedder),
    }),
    drawing({
      title: 'Scores by the reranker',
      note: 'From 0 to 1: how likely the document answers.',
      of: 'probability',
      groups: groupsOf(reranker),
    }),
    drawing({
      title: 'Ranks',
      note: 'Place in the ranking by the question; 1 is the nearest.',
      of: 'rank',
      whole: true,
      groups: [
        { name: 'positives', colour: '--positive', spread: ranks.positive },
        { name: 'retrieved negatives', colour: '--hard', spread: ranks.hard },
      ],
    }),
  ].filter((each) => each !== undefined)
  if (drawings.length === 0) return undefined
  return {
    id: 'scores',
    title: 'Scores and ranks',
    body: html`${
      outscored.of > 0 &&
      html`<p>In ${grouped(outscored.samples)} of ${grouped(outscored.of)} samples (${percent(outscored.samples, outscored.of)}) a negative scores no less than a positive. Such a negative may be an answer: there should be few.</p>`
    }
<div class="plots">${drawings}</div>
`,
  }
}
