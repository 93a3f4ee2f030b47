/** Candidates that were passed over because they may answer. */
import type { Caught, Standing } from '../caught.js'
import { kindOf, mayAnswer, type ReasonKind } from '../reasons.js'
import { figure, grouped, type Html, html, textOf } from './html.js'
import type { Page, Section } from './page.js'
import { countTable } from './table.js'

const SHOWN_BY: Record<ReasonKind, string> = {
  text: 'by its text',
  score: 'by its score',
  place: 'by where it stands',
  other: '',
}

export function caughtSection({ numbers, caught }: Page): Section | undefined {
  const { passed_over: reasons, samples, caught: counts } = numbers
  if (reasons.length === 0) return undefined
  const others = byRule(reasons, (reason) => !mayAnswer(reason))
  return {
    id: 'caught',
    title: 'False negatives caught',
    body: html`<p>${grouped(counts.total)} candidates were not taken because they may answer the question: ${grouped(counts.text)} by what they say, ${grouped(counts.score)} by their score, ${grouped(counts.place)} by where they stand. That is ${(counts.total / Math.max(1, samples)).toFixed(2)} a sample. Some of them would have been right; a negative that answers does more harm than one that is left out.</p>
${counts.total > 0 && countTable('Left out because they may answer', 'rule', byRule(reasons, mayAnswer))}
${others.length > 0 && countTable('Left out for another reason', 'rule', others)}
${caught.length > 0 && html`<h3>Examples</h3><p class="note">A few of each rule, chosen by seed: the positive on one side, what was left out on the other.</p>`}
${caught.map(example)}`,
  }
}

function byRule(
  reasons: { name: string; count: number }[],
  which: (reason: string) => boolean,
): { name: string; count: number; note: string }[] {
  return reasons
    .filter(({ name }) => which(name))
    .map(({ name, count }) => ({ name, count, note: SHOWN_BY[kindOf(name)] }))
}

function example(of: Caught): Html {
  const { reason, question, answer, positive, text, chunkId } = of
  return html`<article class="case"><p class="why">${reason}</p>
<p class="question">${textOf(question)}</p>
${answer.text.trim() !== '' && html`<p class="answer"><span class="label">answer</span>${textOf(answer)}</p>`}
<div class="docs"><div class="doc positive"><header><span class="role">positive</span>${standing(positive)}</header><p>${textOf(positive.text)}</p></div>
<div class="doc"><header><span class="role">left out</span>${standing(of)}</header><p>${text ? textOf(text) : html`<span class="cut">Its text is in no sample of this run; with --index it would be shown. Chunk <code>${chunkId.slice(0, 200)}</code></span>`}</p></div></div>
</article>
`
}

/** Rank and scores, as far as they are known. */
export function standing({ rank, embedder, reranker }: Standing): Html {
  const score = (name: string, value: number | undefined) =>
    value !== undefined && html`<span>${name} ${value.toFixed(3)}</span>`
  return html`${rank !== undefined && html`<span>rank ${figure(rank)}</span>`}${score('embedder', embedder)}${score('reranker', reranker)}`
}
