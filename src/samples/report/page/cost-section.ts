/** What was paid, and what was not. */
import { dollars } from '../../../endpoint/price.js'
import type { RunNumbers } from '../numbers.js'
import type { Saved } from '../saved.js'
import { type Content, grouped, type Html, html } from './html.js'
import type { Section } from './page.js'
import { facts, table } from './table.js'

export function costSection({ saved, report, embedder, replies }: RunNumbers): Section | undefined {
  const llm = paidFacts(report?.llm, replies)
  const vectors = paidFacts(report?.embeddings)
  if (!saved && !llm && !vectors) return undefined
  return {
    id: 'cost',
    title: 'Cost',
    body: html`${llm && html`<h3>Paid for questions and answers</h3>${facts(llm)}`}
${vectors && html`<h3>Paid for embeddings</h3>${facts(vectors)}`}
${saved && savings(saved, embedder)}`,
  }
}

function savings(saved: Saved, embedder: string | null): Html {
  const what =
    saved.basis === 'corpus'
      ? `all ${grouped(saved.texts)} chunks of the corpus`
      : `the ${grouped(saved.texts)} documents that stand in samples (the whole corpus is more: name it with --index)`
  const done = embedder
    ? 'The embeddings were computed here, at no price for each token.'
    : 'This run embedded nothing; with embeddings it would have been as much.'
  return html`<h3>${embedder ? 'Saved against embeddings of an API' : 'What embeddings of an API would cost'}</h3>
<p>${done} An API would be sent ${what} and ${grouped(saved.questions)} questions once each: some ${grouped(saved.tokens + saved.question_tokens)} tokens. An estimate: tokens are those of the embedded model’s tokenizer, counted on a part of the texts, and prices are OpenAI’s list of ${saved.prices_as_of}. Each further run with another k, margin or seed saves as much again where embeddings are not kept.</p>
${table(
  'Embedding the same texts',
  ['model', '#USD for a million tokens', '#USD'],
  saved.costs.map(({ model, usd_per_million: price, usd }) => [model, price.toFixed(2), dollars(usd)]),
)}`
}

/** @param replies where they are what was paid for. */
function paidFacts(paid: unknown, replies?: number | null): [string, Content][] | undefined {
  if (typeof paid !== 'object' || paid === null) return undefined
  const of = paid as Record<string, unknown>
  const number = (value: unknown) => (typeof value === 'number' ? grouped(value) : 'not known')
  return [
    ['model', typeof of.model === 'string' ? of.model.slice(0, 200) : 'not known'],
    ...(replies === undefined ? [] : [['replies', number(replies)] as [string, Content]]),
    ['tokens sent', number(of.prompt_tokens)],
    ...(replies === undefined ? [] : [['tokens written', number(of.completion_tokens)] as [string, Content]]),
    ['paid, by list price', typeof of.usd === 'number' ? dollars(of.usd) : 'price not known'],
  ]
}
