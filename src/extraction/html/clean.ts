/** Leaves of a page what a reader reads: no scripts, nothing hidden, no navigation. */
import { type Document, type Element, isElement, renamed, squeezed } from './dom.js'

const UNSEEN =
  'script, style, template, noscript, head > title, meta, link, base, iframe, object, embed, audio, video, canvas, svg, input, select, textarea, datalist, [hidden], [aria-hidden="true"], nav, [role="navigation"], [role="search"], [role="contentinfo"]'

/** Blocks of HTML that turndown takes for words of a sentence. */
const BLOCKS =
  'details, summary, dialog, legend, caption, hgroup, search, figure, figcaption, option, label > div'

/** Attributes that later steps put there: a page has none of them. */
const OWN = ['data-clara', 'data-clara-text', 'data-captioned']
const OURS = OWN.map((name) => `[${name}]`).join(', ')

export function clean(document: Document, body: Element): void {
  for (const element of body.querySelectorAll(OURS)) for (const name of OWN) element.removeAttribute(name)
  keepFormulas(document, body)
  for (const element of [...body.querySelectorAll(UNSEEN)]) element.remove()
  for (const element of [...body.querySelectorAll('[style]')]) if (isHidden(element)) element.remove()
  for (const footer of [...body.querySelectorAll('footer')]) if (!isInArticle(footer)) footer.remove()
  removeLead(body)
  const captioned = new Set(
    Array.from(body.querySelectorAll('figcaption'), (caption) => caption.parentElement),
  )
  for (const element of [...body.querySelectorAll(BLOCKS)]) {
    const block = renamed(document, element, 'div')
    if (captioned.has(element)) block.setAttribute('data-captioned', '')
  }
  mendLists(document, body)
}

function isHidden(element: Element): boolean {
  return /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(element.getAttribute('style') ?? '')
}

/** An article's own footer has its notes. */
function isInArticle(element: Element): boolean {
  for (let parent = element.parentElement; parent; parent = parent.parentElement) {
    if (/^(?:ARTICLE|SECTION|MAIN|BLOCKQUOTE)$/.test(parent.tagName)) return true
  }
  return false
}

/** MathML is a tree of glyphs; the TeX that it was made of stands beside it. */
function keepFormulas(document: Document, body: Element): void {
  for (const math of [...body.querySelectorAll('math')]) {
    const source = math.querySelector('annotation[encoding="application/x-tex"]')?.textContent
    const tex = squeezed(source ?? math.getAttribute('alttext') ?? '')
    if (tex === '') continue
    const mark = math.getAttribute('display') === 'block' ? '$$' : '$'
    const code = document.createElement('clara-math')
    code.append(`${mark}${tex}${mark}`)
    math.replaceWith(code)
  }
}

/**
 * What stands before the first heading of a page and is links or pictures without a sentence is its masthead.
 * Headings in tables are cells.
 */
function removeLead(body: Element): void {
  const headings = [...body.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((h) => !isIn(h, 'TABLE', body))
  const first = headings.find(({ tagName }) => tagName === 'H1') ?? headings[0]
  if (!first) return
  const lead: Element[] = []
  for (let node: Element | null = first; node && node !== body; node = node.parentElement) {
    lead.push(...siblingsBefore(node).filter(isMasthead))
  }
  const letters = lead.reduce((sum, { textContent }) => sum + squeezed(textContent).length, 0)
  // a page that is mostly links is what its links say
  if (letters * 3 <= squeezed(body.textContent).length) for (const element of lead) element.remove()
}

function siblingsBefore(node: Element): Element[] {
  const found: Element[] = []
  for (let before = node.previousElementSibling; before; before = before.previousElementSibling)
    found.push(before)
  return found
}

function isMasthead(element: Element): boolean {
  if (/^H[1-6]$/.test(element.tagName) || element.querySelector('h1, h2, h3, h4, h5, h6')) return false
  const letters = squeezed(element.textContent).length
  if (letters === 0) return !hasOwnPicture(element)
  let linked = 0
  for (const link of linksOf(element)) linked += squeezed(link.textContent).length
  return linked > 0.8 * letters
}

/** A picture that is in the page itself is content; one elsewhere would leave its label. */
function hasOwnPicture(element: Element): boolean {
  const pictures = element.tagName === 'IMG' ? [element] : [...element.querySelectorAll('img')]
  return pictures.some((picture) => /^\s*data:/i.test(picture.getAttribute('src') ?? ''))
}

function linksOf(element: Element): Element[] {
  return element.tagName === 'A' ? [element] : [...element.querySelectorAll('a')]
}

function isIn(element: Element, tag: string, top: Element): boolean {
  for (let parent = element.parentElement; parent && parent !== top; parent = parent.parentElement) {
    if (parent.tagName === tag) return true
  }
  return false
}

/** A list that stands in a list, not in an item of it, is the item's before it. */
function mendLists(document: Document, body: Element): void {
  for (const list of [...body.querySelectorAll('ul > ul, ul > ol, ol > ul, ol > ol')]) {
    const before = list.previousElementSibling
    if (isElement(before) && before.tagName === 'LI') before.append(list)
    else {
      const item = document.createElement('li')
      list.replaceWith(item)
      item.append(list)
    }
  }
}
