/** What the run did: counts, models, settings, files. */
import { dollars } from '../../../endpoint/price.js'
import { isObject, type JsonObject } from '../../../files/json-value.js'
import type { RunNumbers } from '../numbers.js'
import { type Content, grouped, type Html, html, percent } from './html.js'
import type { Section } from './page.js'
import { settingsOf } from './settings.js'
import { facts, table } from './table.js'

/** Above everything else. */
export function overview(numbers: RunNumbers): Html {
  const { samples, embedder, reranker, missing, bad_records: bad } = numbers
  const by = [embedder, reranker].filter((name) => name !== null).join(' and ')
  const lead = by
    ? `Negatives by ${by}.`
    : samples > 0 && numbers.report
      ? 'Negatives were drawn at random.'
      : ''
  const problems = [...missing, ...(bad > 0 ? [`${grouped(bad)} bad records were passed over`] : [])]
  return html`<p class="lead">What this run made, and how far it can be trusted. ${lead}</p>
${problems.length > 0 && html`<div class="warning" role="note">Look at this first:<ul>${problems.map((text) => html`<li>${text}</li>`)}</ul></div>`}
${samples > 0 && html`<ul class="tiles">${tiles(numbers).map(([value, of]) => html`<li><b>${value}</b><span>${of}</span></li>`)}</ul>`}
`
}

function tiles(numbers: RunNumbers): [string, string][] {
  const {
    samples,
    docs,
    caught,
    tiers,
    with_provenance: known,
    positive_first: first,
    saved,
    outscored,
  } = numbers
  const suspect = tiers.find(({ name }) => name === 'suspect')?.count ?? 0
  const negatives = docs.hard + docs.random
  return [
    [grouped(samples), `samples of ${numbers.top_k} documents`],
    ...(known > 0
      ? ([
          [percent(docs.hard, negatives), 'of the negatives were retrieved'],
          [grouped(caught.total), 'candidates left out that may answer'],
          [grouped(suspect), 'negatives taken although suspect'],
          ...(numbers.ranks.positive
            ? ([[percent(first, known), 'of positives ranked first']] as const)
            : []),
        ] as [string, string][])
      : []),
    ...(outscored.of > 0
      ? ([[percent(outscored.samples, outscored.of), 'of samples have a negative above the positive']] as [
          string,
          string,
        ][])
      : []),
    ...(saved && numbers.embedder
      ? ([[dollars(saved.costs[0]!.usd), 'saved against API embeddings (estimate)']] as [string, string][])
      : []),
  ]
}

/** What the report shows in tables of its own. */
const IN_TABLES = new Set(['tiers', 'excluded', 'scores', 'languages'])
const SHOWN_ABOVE = new Set([...IN_TABLES, 'llm', 'embeddings', 'questions'])

export function runSection(numbers: RunNumbers): Section {
  const { samples, pairs, report, settings, result, index } = numbers
  return {
    id: 'run',
    title: 'What the run did',
    body: html`${samples > 0 && facts(countFacts(numbers))}
${pairs && html`<h3>Pairs that are believed</h3>${facts([['pairs', grouped(pairs.pairs)], ...pairs.types.map(({ name, count }) => [name, grouped(count)] as const)])}`}
<h3>Models</h3>
${facts(modelFacts(numbers))}
${numbers.tiers.length > 0 && tierTable(numbers)}
${languageTable(numbers)}
${result ? html`<h3>Times and calls</h3><p class="note">As the run printed them.</p>${settingsOf(beyond(result, report), IN_TABLES)}` : NO_TIMES}
${settings && folded('Settings (run.json)', settingsOf(settings))}
${report && folded('Counts of the run itself (report.json)', settingsOf(report, SHOWN_ABOVE))}
${index && folded('Index (manifest.json)', settingsOf({ ...index }))}
${folded('Files and their sha256', fileTable(numbers))}
`,
  }
}

/** Of what the run printed, what its report does not say as well. */
function beyond(result: JsonObject, report: JsonObject | null): JsonObject {
  const same = (key: string, value: unknown) => JSON.stringify(report?.[key]) === JSON.stringify(value)
  return Object.fromEntries(Object.entries(result).filter(([key, value]) => !same(key, value)))
}

const NO_TIMES = html`<p class="note">Times are in no file, so that the same input gives the same bytes. To see them here: keep what the run prints with --json, and name it with --result-file.</p>`

function folded(title: string, body: Html): Html {
  return html`<details><summary>${title}</summary>${body}</details>`
}

/** So many kinds of rows are named; right is one. */
const MOST_KINDS = 8

function countFacts(numbers: RunNumbers): [string, Content][] {
  const { samples, docs, docs_per_sample: kinds, split } = numbers
  const kind = ({ docs, count }: (typeof kinds)[0]) =>
    kinds.length > 1 ? `${docs} (${grouped(count)} samples)` : String(docs)
  return [
    ['samples', grouped(samples)],
    ['documents in each', kinds.slice(0, MOST_KINDS).map(kind).join(', ')],
    ['positives', grouped(docs.positive)],
    ['retrieved negatives', grouped(docs.hard)],
    ['random negatives', grouped(docs.random)],
    ['distinct documents', grouped(numbers.distinct_docs)],
    ['samples without an answer', grouped(numbers.without_answer)],
    ...Object.entries(split).map(
      ([side, count]) => [`samples for ${side}`, grouped(count)] as [string, string],
    ),
  ]
}

function fileTable({ files }: RunNumbers): Html {
  return table(
    'Files of the run',
    ['file', '#bytes', 'sha256'],
    files.map(({ name, bytes, sha256 }) => [name, grouped(bytes), html`<code>${sha256}</code>`]),
  )
}

function modelFacts({ report, settings, index, embedder, reranker }: RunNumbers): [string, Content][] {
  const { changeable } = settings ?? {}
  const hash = (value: unknown): Content =>
    typeof value === 'string' && html` <code title="sha256">${value.slice(0, 16)}…</code>`
  const rerankerHash = isObject(changeable) ? changeable.reranker : undefined
  const llm = report?.llm
  const llmName = isObject(llm) ? llm.model : settings?.llm
  return [
    [
      'embedder',
      html`${embedder ?? 'none'}${hash(index?.embedder.sha256 ?? (embedder ? settings?.embedder : undefined))}`,
    ],
    ['reranker', html`${reranker ?? 'none'}${hash(rerankerHash)}`],
    ['writer of questions', typeof llmName === 'string' ? llmName.slice(0, 200) : 'none: they were given'],
    ['seed', figureOrNone(report?.seed)],
  ]
}

function figureOrNone(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'not known'
}

const TIERS: Record<string, string> = {
  hard: 'retrieved, all rules kept',
  top: 'all rules kept, but within --skip-top',
  easy: 'under --min-score, or used often enough',
  random: 'drawn from the corpus, all rules kept',
  suspect: 'scores like the positive; taken for want of others',
}

function tierTable({ tiers }: RunNumbers): Html {
  const total = tiers.reduce((sum, { count }) => sum + count, 0)
  return html`<h3>Tiers of the negatives</h3>
<p class="note">How far the rules held when a negative was taken.</p>
${table(
  'Negatives by tier',
  ['tier', '#negatives', '#share', 'what it is'],
  tiers.map(({ name, count }) => [
    name,
    grouped(count),
    percent(count, total),
    Object.hasOwn(TIERS, name) ? TIERS[name] : '',
  ]),
)}`
}

/** So many languages have a row; more are no run of ours. */
const MOST_LANGUAGES = 8

function languageTable({ report }: RunNumbers): Content {
  const languages = report?.languages
  if (!isObject(languages)) return ''
  const rows = Object.entries(languages)
    .slice(0, MOST_LANGUAGES)
    .flatMap(([language, of]) => {
      if (!isObject(of) || !isObject(of.negatives)) return []
      const counts = Object.entries(of.negatives)
        .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
        .slice(0, MOST_LANGUAGES)
      const total = counts.reduce((sum, [, count]) => sum + count, 0)
      return counts.map(([other, count]) => [language, other, grouped(count), percent(count, total)])
    })
  return html`<h3>Negatives by language</h3>
<p class="note">Of questions in each language. A share far above the language's share of the corpus: the embedder prefers it.</p>
${table('Negatives by language', ['question', 'negative', '#negatives', '#share'], rows)}`
}
