/** A cleaned page -> Markdown. Turndown walks; the rules here are those that it has not, or has otherwise. */
import TurndownService from 'turndown'
import { outsideCode } from '../code-parts.js'
import { type Document, type Element, squeezed } from './dom.js'
import { imageText } from './images.js'
import { cellsOf, rowsOf, tableMarkdown } from './tables.js'

type Service = InstanceType<typeof TurndownService>
/** Turndown's types are the browser's; what it gives its rules are our elements. */
type Replacement = (content: string, element: Element) => string

/** Placeholder of a table that is Markdown already. Turndown would count an empty element as nothing. */
const TABLE = 'CLARA-TABLE'

export function pageMarkdown(document: Document, body: Element): string {
  const done: string[] = []
  const service = serviceOf(done)
  const markdownOf = (element: Element) => service.turndown(element as never)
  // inner tables first: each cell is walked once, however deep tables stand in each other
  for (const table of [...body.querySelectorAll('table')].reverse()) {
    const text = tableMarkdown(table, (cell) => markdownOf(flat(document, cell)))
    if (text === undefined) unframe(document, table)
    else {
      const holder = document.createElement('pre')
      holder.setAttribute('data-clara', TABLE)
      holder.append(String(done.push(text) - 1))
      replaceTable(document, table, holder)
    }
  }
  return outsideCode(markdownOf(body), (text) =>
    text.replace(/[ \t]+(?=\n)/g, (end) => (end === '  ' ? end : '')).replace(/\n{3,}/g, '\n\n'),
  ).trim()
}

/** Captions go before their table. */
function replaceTable(document: Document, table: Element, holder: Element): void {
  const captions = [...table.children].filter(({ tagName }) => tagName === 'DIV')
  const place = document.createElement('div')
  table.replaceWith(place)
  place.append(...captions, holder)
}

/** The content of a table that is a frame, as blocks. */
function unframe(document: Document, table: Element): void {
  const cells = rowsOf(table).flatMap(cellsOf)
  const place = document.createElement('div')
  table.replaceWith(place)
  for (const cell of cells) {
    const block = document.createElement('div')
    block.append(...cell.childNodes)
    place.append(block)
  }
}

/** Without headings: in a table they are no parts of the document. */
function flat(document: Document, cell: Element): Element {
  const block = document.createElement('div')
  block.append(...cell.childNodes)
  for (const heading of [...block.querySelectorAll('h1, h2, h3, h4, h5, h6')]) {
    const plain = document.createElement('p')
    plain.append(...heading.childNodes)
    heading.replaceWith(plain)
  }
  return block
}

function serviceOf(tables: string[]): Service {
  const service = new TurndownService({
    headingStyle: 'atx',
    hr: '---',
    bulletListMarker: '-',
    codeBlockStyle: 'fenced',
    emDelimiter: '*',
  })
  // Text is for models to read, not to be rendered: `snake_case` stays that. What would begin a heading is escaped.
  service.escape = (text) => text
  const rule = (name: string, tags: string[], replacement: Replacement) =>
    service.addRule(name, { filter: tags as never, replacement: replacement as never })
  rule('image', ['img'], (_, image) => imageText(image))
  rule('heading', ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'], (content, { tagName }) => {
    const text = squeezed(content)
    return text === '' ? '' : `\n\n${'#'.repeat(Number(tagName[1]))} ${text}\n\n`
  })
  rule('paragraph', ['p'], (content) => `\n\n${content.trim().replace(/^(#{1,6} |```|~~~)/, '\\$1')}\n\n`)
  rule('link', ['a'], linked)
  rule('item', ['li'], item)
  rule('list', ['ul', 'ol', 'menu', 'dir'], (content, list) =>
    list.parentElement?.tagName === 'LI' ? `\n${content.trim()}\n` : `\n\n${content.trim()}\n\n`,
  )
  rule('struck', ['s', 'del', 'strike'], (content) => wrapped('~~', content))
  rule('strong', ['strong', 'b'], (content, element) =>
    isIn(element, 'STRONG', 'B') ? content : wrapped('**', content),
  )
  rule('emphasis', ['em', 'i', 'var'], (content, element) =>
    isIn(element, 'EM', 'I') ? content : wrapped('*', content),
  )
  rule('superscript', ['sup'], (content) => wrapped('^', content))
  rule('subscript', ['sub'], (content) => wrapped('~', content))
  rule('samples', ['kbd', 'samp', 'tt'], (content) => wrapped('`', content))
  rule('box', ['input'], (_, box) => (box.getAttribute('checked') === null ? '[ ] ' : '[x] '))
  rule('pre', ['pre'], fenced)
  // a rule goes before those that were added before it
  service.addRule('table', {
    filter: ((node: Element) => node.getAttribute('data-clara') === TABLE) as never,
    replacement: ((_: string, node: Element) => `\n\n${tables[Number(node.textContent)]}\n\n`) as never,
  })
  return service
}

function isIn(element: Element, ...tags: string[]): boolean {
  const parent = element.parentElement
  return (
    parent !== null &&
    (tags.includes(parent.tagName) ||
      (parent.tagName.length < 5 && parent.tagName === 'SPAN' && isIn(parent, ...tags)))
  )
}

function wrapped(mark: string, content: string): string {
  return content.trim() === '' || content.includes('\n\n') ? content : `${mark}${content}${mark}`
}

/** Addresses that lead somewhere from outside the document too. */
function linked(content: string, link: Element): string {
  const address = (link.getAttribute('href') ?? '').trim()
  if (!/^(?:https?:\/\/|mailto:)/i.test(address) || content.trim() === '') return content
  const safe = address.replace(
    /[\s<>()[\]]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return content.includes('[IMAGE_REF') || content.includes('\n\n') ? content : `[${content.trim()}](${safe})`
}

function item(content: string, element: Element): string {
  const marker = `${numberOf(element)} `
  const indent = ' '.repeat(Math.max(4, marker.length))
  const text = content.trim().replace(/\n(?=[^\n])/g, `\n${indent}`)
  return text === '' ? '' : `\n${marker}${text}\n`
}

function numberOf(element: Element): string {
  const list = element.parentElement
  if (list?.tagName !== 'OL') return '-'
  let number = Number.parseInt(list.getAttribute('start') ?? '1', 10) - 1
  for (const other of list.children) {
    if (other.tagName === 'LI')
      number = Number.parseInt(other.getAttribute('value') ?? String(number + 1), 10)
    if (other === element) break
  }
  return `${Number.isNaN(number) ? 1 : number}.`
}

function fenced(_: string, element: Element): string {
  const code = element.textContent.replace(/^\n+|\s+$/g, '')
  if (code.trim() === '') return ''
  const inner = element.querySelector('code') ?? element
  const language = /\b(?:language|lang|brush:)-?\s*([\w+#-]+)/.exec(
    `${inner.getAttribute('class')} ${element.getAttribute('class')}`,
  )
  const longest = Math.max(2, ...Array.from(code.matchAll(/^`{3,}/gm), ([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `\n\n${fence}${language?.[1] ?? ''}\n${code}\n${fence}\n\n`
}
