/** The part of the DOM that we use, and linkedom behind it. The compiler knows no browser's types here. */
import { DOMParser, parseHTML } from 'linkedom'

export interface Node {
  nodeType: number
  nodeValue: string | null
  textContent: string
  parentNode: Element | null
  nextSibling: Node | null
  previousSibling: Node | null
  remove(): void
  replaceWith(...nodes: (Node | string)[]): void
  before(...nodes: (Node | string)[]): void
  after(...nodes: (Node | string)[]): void
}

export interface Element extends Node {
  /** Upper case in HTML, as it stands in XML. */
  tagName: string
  children: Iterable<Element> & ArrayLike<Element>
  childNodes: Iterable<Node> & ArrayLike<Node>
  firstChild: Node | null
  parentElement: Element | null
  nextElementSibling: Element | null
  previousElementSibling: Element | null
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  querySelectorAll(selector: string): Iterable<Element>
  querySelector(selector: string): Element | null
  getElementsByTagName(name: string): Iterable<Element>
  append(...nodes: (Node | string)[]): void
  prepend(...nodes: (Node | string)[]): void
  contains(node: Node): boolean
}

export interface Document extends Element {
  documentElement: Element
  createElement(name: string): Element
  createTextNode(text: string): Node
  toString(): string
}

const ELEMENT = 1
export const TEXT = 3

/** Of a page or of a part of one: all of it is in the body. */
export function parsePage(html: string): { document: Document; body: Element } {
  const page = `<!DOCTYPE html><html><body>${html}</body></html>`
  const document = (parseHTML(page) as unknown as { document: Document }).document
  return { document, body: document.querySelector('body')! }
}

export function parseXml(xml: string): Document {
  return new DOMParser().parseFromString(xml, 'text/xml') as unknown as Document
}

/** New element in place of another, with the same children and no attributes. */
export function renamed(document: Document, element: Element, name: string): Element {
  const replacement = document.createElement(name)
  replacement.append(...element.childNodes)
  element.replaceWith(replacement)
  return replacement
}

export function isElement(node: Node | null): node is Element {
  return node?.nodeType === ELEMENT
}

/** White space of any kind as one blank. */
export function squeezed(text: string): string {
  return text.replace(/\s+/gu, ' ').trim()
}
