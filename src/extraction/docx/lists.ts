/** List items: marked in the Word document, made into lists once mammoth has made HTML of it. */
import { type Document, type Element, isElement, type Node, TEXT } from '../html/dom.js'
import type { Label } from './numbering.js'

/** Characters that no text has: private use. Those of a file are taken off first. */
const [OPEN, CLOSE] = ['\ue0c1', '\ue0c2']
const MARK = new RegExp(`${OPEN}(\\d):([^${CLOSE}]*)${CLOSE}`)

export const RESERVED = new RegExp(`[${OPEN}${CLOSE}]`, 'g')

export function labelMark({ level, text }: Label): string {
  return `${OPEN}${level}:${text.replace(RESERVED, '')}${CLOSE}`
}

interface Open {
  level: number
  list: Element
  last: Element
}

/** Paragraphs with marks that follow each other become lists, deeper levels inside. */
export function buildLists(document: Document, body: Element): void {
  const parents = new Set<Element>()
  const marked = [...body.querySelectorAll('p')].filter((paragraph) => MARK.test(paragraph.textContent))
  for (const { parentElement } of marked) if (parentElement) parents.add(parentElement)
  for (const parent of parents) buildIn(document, parent)
}

function buildIn(document: Document, parent: Element): void {
  let open: Open[] = []
  for (const child of [...parent.childNodes]) {
    const label = isElement(child) && child.tagName === 'P' ? takeMark(child) : undefined
    if (label) open = addItem(document, child as Element, label, open)
    else if (isElement(child) || child.textContent.trim() !== '') open = []
  }
}

function takeMark(paragraph: Element): Label | undefined {
  const first = firstText(paragraph)
  const found = MARK.exec(first?.nodeValue ?? '')
  if (!first || !found) return undefined
  first.nodeValue = first.nodeValue!.replace(MARK, '')
  return { level: Number(found[1]), text: found[2]!.trim() }
}

function firstText(node: Element): Node | undefined {
  for (const child of node.childNodes) {
    if (child.nodeType === TEXT && child.nodeValue !== '') return child
    const found = isElement(child) ? firstText(child) : undefined
    if (found) return found
  }
  return undefined
}

/** A number with a point after it is Markdown's own; other labels stand in the item's text. */
function addItem(document: Document, paragraph: Element, { level, text }: Label, before: Open[]): Open[] {
  const number = /^(\d{1,9})[.)]?$/.exec(text)?.[1]
  const kind = number === undefined ? 'UL' : 'OL'
  const open = before.filter((list) => list.level <= level)
  const same = open.at(-1)
  const item = document.createElement('li')
  if (same?.level === level && same.list.tagName === kind) {
    same.list.append(item)
    same.last = item
    paragraph.remove()
  } else {
    if (same?.level === level) open.pop()
    const list = document.createElement(kind.toLowerCase())
    const outer = open.at(-1)
    if (outer) {
      outer.last.append(list)
      paragraph.remove()
    } else paragraph.replaceWith(list)
    list.append(item)
    open.push({ level, list, last: item })
  }
  if (number !== undefined) item.setAttribute('value', number)
  else if (text !== '') item.append(`${text} `)
  item.append(...paragraph.childNodes)
  return open
}
