/** HTML that escapes what is put into it. Texts of a run are hostile until shown otherwise. */
import type { Excerpt } from '../excerpt.js'

/** Markup of this program's own. */
export class Html {
  constructor(readonly markup: string) {}
}

export type Content = Html | string | number | undefined | null | false | readonly Content[]

/** What stands between the markup is escaped, but for other Html. */
export function html(markup: TemplateStringsArray, ...contents: Content[]): Html {
  let out = markup[0]!
  for (const [i, content] of contents.entries()) out += render(content) + markup[i + 1]!
  return new Html(out)
}

function render(content: Content): string {
  if (content instanceof Html) return content.markup
  if (content === undefined || content === null || content === false) return ''
  if (typeof content === 'object') return content.map(render).join('')
  return escaped(String(content))
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/**
 * What a browser would drop, obey or not show: controls, marks that turn text around, tags, halves of surrogate
 * pairs, noncharacters.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\p{Cs}\u{e0000}-\u{e007f}]/gu

/** By name, ⟦U+202E⟧: fonts that have pictures of controls are rare. */
function visible(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(
      UNSEEN,
      (character) => `⟦U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟧`,
    )
}

/** A text of the run, in whatever direction its letters run, with a mark where it was cut. */
export function textOf({ text, more }: Excerpt): Html {
  const mark = more > 0 && html` <span class="cut">… ${grouped(more)} more characters</span>`
  return html`<span class="text" dir="auto">${text}</span>${mark}`
}

/** 7861 -> 7,861. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)}%`
}

/** Of numbers that may be counts or fractions. */
export function figure(number: number | undefined): string {
  if (number === undefined) return '–'
  return Number.isInteger(number) ? grouped(number) : number.toFixed(Math.abs(number) >= 100 ? 0 : 3)
}
