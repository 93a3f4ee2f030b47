/** XML as plain data, names without their prefixes: strict and transitional files differ in namespaces only. */
import { DOMParser } from 'linkedom'
import { ClaraError } from '../../errors.js'

export interface XmlNode {
  name: string
  /** By names without prefixes, but for `id`: `r:id` stands as `r:id`, as it means something else than `id`. */
  attributes: ReadonlyMap<string, string>
  /** Elements only. */
  children: readonly XmlNode[]
  /** Characters directly in it. */
  text: string
}

/** No office program nests a tenth as deep; what walks the tree calls itself. */
const DEEPEST = 200

/** What linkedom gives, as far as it is used: its own types need those of a browser. */
interface DomNode {
  nodeType: number
  nodeName: string
  textContent: string | null
  childNodes: Iterable<DomNode>
  attributes: Iterable<{ name: string; value: string }>
}

/** @throws ClaraError `input` if there is no element in it or it is nested too deep. */
export function parseXml(bytes: Uint8Array, part: string): XmlNode {
  const document = new DOMParser().parseFromString(decoded(bytes), 'text/xml') as unknown as {
    documentElement: DomNode | null
  }
  if (!document.documentElement) throw new ClaraError('input', `${part} is no XML`)
  return plain(document.documentElement, part, 0)
}

function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

function plain(node: DomNode, part: string, depth: number): XmlNode {
  if (depth > DEEPEST) throw new ClaraError('input', `${part} is nested deeper than ${DEEPEST} elements`)
  const children: XmlNode[] = []
  let text = ''
  for (const child of node.childNodes) {
    if (child.nodeType === 1) children.push(plain(child, part, depth + 1))
    else if (child.nodeType === 3 || child.nodeType === 4) text += child.textContent ?? ''
  }
  const attributes = new Map<string, string>()
  for (const { name, value } of node.attributes) attributes.set(attributeName(name), unescaped(value))
  return { name: withoutPrefix(node.nodeName), attributes, children, text }
}

function attributeName(name: string): string {
  return name.endsWith(':id') ? 'r:id' : withoutPrefix(name)
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** linkedom leaves attributes of XML as they are written. */
function unescaped(value: string): string {
  return value.replace(/&(\w+);/g, (all, name: string) => ENTITIES.get(name) ?? all)
}

/** The first child of that name. */
export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((each) => each.name === name)
}

export function childrenOf(node: XmlNode | undefined, name: string): XmlNode[] {
  return node?.children.filter((each) => each.name === name) ?? []
}

/** The child's child's child …, each the first of its name. */
export function at(node: XmlNode | undefined, ...names: string[]): XmlNode | undefined {
  return names.reduce(child, node)
}

/** The first of that name anywhere below, in document order. */
export function find(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node && findAll(node, name)[0]
}

/** All of that name below, in document order. */
export function findAll(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((each) => [...(each.name === name ? [each] : []), ...findAll(each, name)])
}

/** An attribute that is a whole number, 0 where it is missing or something else. */
export function numberOf(node: XmlNode | undefined, name: string): number {
  const value = Number(node?.attributes.get(name))
  return Number.isSafeInteger(value) ? value : 0
}
