/** Samples to read side by side. */
import { basename } from 'node:path'
import type { ShownDoc, ShownSample } from '../collect.js'
import type { ShownPair } from '../pairs.js'
import { standing } from './caught-section.js'
import { grouped, type Html, html, textOf } from './html.js'
import type { Page, Section } from './page.js'

const FORM = html`<form class="search" id="search" role="search" hidden><input type="search" id="search-words" aria-label="Search the samples" placeholder="Search these samples" autocomplete="off" spellcheck="false"><output id="search-found" for="search-words"></output><button type="button" id="search-open">Open all</button></form>
`

export function samplesSection({ samples, pairs, numbers, seed }: Page): Section | undefined {
  if (samples.length === 0) return pairsSection(pairs, seed)
  return {
    id: 'samples',
    title: 'Samples to read',
    body: html`<p>${grouped(samples.length)} of ${grouped(numbers.samples)}, one of each stretch of the file, chosen by seed ${seed}. Documents stand as the trainer sees them.</p>
<noscript><p class="note">Open a sample to read it. Your browser’s own search finds text in closed ones, too.</p></noscript>
${FORM}${samples.map((sample, i) => sampleOf(sample, i === 0))}`,
  }
}

function sampleOf({ file, line, source, question, answer, docs, more }: ShownSample, open: boolean): Html {
  const from = source === undefined ? '' : `, from ${source}`
  return html`<details class="sample"${open && OPEN}><summary><span class="question">${textOf(question)}</span><span class="where">${basename(file.data)}, line ${grouped(line)}${from}</span></summary>
<div class="body">${
    answer.text.trim() === ''
      ? html`<p class="answer"><span class="label">no answer</span></p>`
      : html`<p class="answer"><span class="label">answer</span>${textOf(answer)}</p>`
  }
<div class="docs">${docs.map(docOf)}</div>${more > 0 && html`<p class="note">… and ${grouped(more)} more documents</p>`}</div></details>
`
}

const OPEN = html` open`

const ROLES: Record<ShownDoc['role'], string> = {
  positive: 'positive',
  hard: 'negative',
  random: 'random negative',
}

function docOf(doc: ShownDoc): Html {
  const { position, role, tier, chunkId, text } = doc
  return html`<div class="doc ${role}"><header><span class="role">${position} · ${ROLES[role]}</span>${tier !== undefined && html`<span>tier ${tier}</span>`}${standing(doc)}${chunkId !== undefined && html`<span class="mono">${chunkId}</span>`}</header><p>${textOf(text)}</p></div>
`
}

/** Where there are no samples, pairs are what there is to read. */
function pairsSection(pairs: ShownPair[], seed: number): Section | undefined {
  if (pairs.length === 0) return undefined
  return {
    id: 'samples',
    title: 'Pairs to read',
    body: html`<p>${grouped(pairs.length)} pairs, drawn by seed ${seed}.</p>
${FORM}${pairs.map(
  ({
    line,
    type,
    chunkId,
    question,
    answer,
  }) => html`<details class="sample" open><summary><span class="question">${textOf(question)}</span><span class="where">qa.jsonl, line ${grouped(line)}, ${type}, about ${chunkId}</span></summary>
<div class="body"><p class="answer"><span class="label">answer</span>${textOf(answer)}</p></div></details>
`,
)}`,
  }
}
