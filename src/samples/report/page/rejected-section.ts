/** What the model wrote and the checks refused. */
import type { RejectedExample } from '../rejected.js'
import { grouped, type Html, html, textOf } from './html.js'
import type { Page, Section } from './page.js'
import { countTable } from './table.js'

export function rejectedSection({ numbers, rejected }: Page): Section | undefined {
  const counts = numbers.rejected
  if (!counts || counts.pairs + counts.summaries === 0) return undefined
  return {
    id: 'rejected',
    title: 'Rejected',
    body: html`<p>Of what the model wrote, so much was refused: pairs ${grouped(counts.pairs)}, summaries ${grouped(counts.summaries)}. One may have several faults.</p>
${counts.reasons.length > 0 && countTable('Refused pairs, by fault', 'fault', counts.reasons)}
${counts.summary_reasons.length > 0 && countTable('Refused summaries, by fault', 'fault', counts.summary_reasons)}
<h3>Examples</h3>
${rejected.map(example)}`,
  }
}

function example({ reason, type, question, answer, quotes, summary, passage }: RejectedExample): Html {
  return html`<article class="case"><p class="why">${reason}</p>
${
  summary
    ? html`<p class="answer"><span class="label">summary</span>${textOf(summary)}</p>`
    : html`<p class="question">${textOf(question)}</p>
<p class="answer"><span class="label">answer</span>${textOf(answer)}</p>
${quotes.map((quote) => html`<p class="answer"><span class="label">quote</span>${textOf(quote)}</p>`)}
${type !== '' && html`<p class="note">asked for: ${type}</p>`}`
}
${passage && html`<details><summary>The passage</summary><div class="doc random"><p>${textOf(passage)}</p></div></details>`}
</article>
`
}
