/** Tables and bars. */
import { type Content, grouped, type Html, html, percent } from './html.js'

/** @param heads of which those that begin with `#` are of numbers. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Content[])[],
): Html {
  const isNumber = heads.map((head) => head.startsWith('#'))
  const cell = (content: Content, i: number) =>
    isNumber[i] ? html`<td class="n">${content}</td>` : html`<td>${content}</td>`
  const head = (text: string, i: number) =>
    isNumber[i] ? html`<th scope="col" class="n">${text.slice(1)}</th>` : html`<th scope="col">${text}</th>`
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${heads.map(head)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map(cell)}</tr>`,
  )}</tbody></table></div>
`
}

/** As long as its share of the longest; no style is needed, which the page's own policy would refuse. */
function bar(part: number, most: number): Html {
  const width = most > 0 ? Math.max(part > 0 ? 0.5 : 0, (100 * part) / most).toFixed(1) : '0'
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="8" rx="1"/></svg>`
}

/** Counts by name, with their shares. */
export function countTable(
  caption: string,
  of: string,
  counts: readonly { name: string; count: number; note?: string }[],
): Html {
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  const most = Math.max(0, ...counts.map(({ count }) => count))
  const noted = counts.some(({ note }) => note)
  return table(
    caption,
    [of, '#count', '#share', '', ...(noted ? ['shown'] : [])],
    counts.map(({ name, count, note }) => [
      name,
      grouped(count),
      percent(count, total),
      bar(count, most),
      ...(noted ? [note] : []),
    ]),
  )
}

/** Names and values. */
export function facts(of: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${of.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
`
}
