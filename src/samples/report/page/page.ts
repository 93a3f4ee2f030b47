/** The whole page: one file that loads nothing. */
import { createHash } from 'node:crypto'
import type { Caught } from '../caught.js'
import type { ShownSample } from '../collect.js'
import type { RunNumbers } from '../numbers.js'
import type { ShownPair } from '../pairs.js'
import type { RejectedExample } from '../rejected.js'
import { caughtSection } from './caught-section.js'
import { costSection } from './cost-section.js'
import { grouped, Html, html } from './html.js'
import { lengthsSection, positionsSection } from './lengths-section.js'
import { rejectedSection } from './rejected-section.js'
import { overview, runSection } from './run-section.js'
import { samplesSection } from './samples-section.js'
import { scoresSection } from './scores-section.js'
import { SEARCH } from './search.js'
import { STYLE } from './style.js'

/** A file that holds this is a report. */
export const GENERATOR = '<meta name="generator" content="clara-report">'

export interface Page {
  numbers: RunNumbers
  caught: Caught[]
  rejected: RejectedExample[]
  pairs: ShownPair[]
  samples: ShownSample[]
  seed: number
}

export interface Section {
  id: string
  title: string
  body: Html
}

export async function renderPage(page: Page): Promise<string> {
  const sections = [
    runSection(page.numbers),
    scoresSection(page.numbers),
    caughtSection(page),
    lengthsSection(page.numbers),
    positionsSection(page.numbers),
    rejectedSection(page),
    costSection(page.numbers),
    samplesSection(page),
  ].filter((section) => section !== undefined)
  const title = titleOf(page.numbers)
  const body = html`<a class="skip" href="#samples">To the samples</a>
<header>
<h1>${title}</h1>
${overview(page.numbers)}
<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({
    id,
    title,
    body,
  }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`,
)}</main>
<footer>Made by clara-report from the files of one run. Texts are shown as they are in the files, but that characters which cannot be seen are named: ⟦U+001B⟧ is an escape character, ⟦U+202E⟧ turns text around.</footer>
`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${new Html(GENERATOR)}
<meta http-equiv="Content-Security-Policy" content="${new Html(policy())}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${body}<script>${new Html(SEARCH)}</script>
</body>
</html>
`.markup
}

/** Nothing is loaded, and of styles and scripts only these two. */
function policy(): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return [
    "default-src 'none'",
    `style-src ${hash(STYLE)}`,
    `script-src ${hash(SEARCH)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function titleOf({ samples, top_k: topK, pairs }: RunNumbers): string {
  if (samples > 0) return `${grouped(samples)} samples, k = ${topK}`
  return pairs ? `${grouped(pairs.pairs)} question-answer pairs` : 'A run without samples'
}
