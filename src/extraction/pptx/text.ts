/** Paragraphs of a shape: plain, or items of lists, with the numbers that would be shown. */
import { listNumber } from './numbers.js'
import { child, childrenOf, findAll, numberOf, type XmlNode } from './xml.js'

/** A shape's text as Markdown; @param styles of levels, nearest first. */
export function textBody(body: XmlNode, styles: readonly XmlNode[]): string {
  const lines: string[] = []
  const numbers = new Map<number, number>()
  let wasItem = false
  for (const paragraph of childrenOf(body, 'p')) {
    const text = paragraphText(paragraph)
    if (!text) continue
    const level = Math.min(Math.max(numberOf(child(paragraph, 'pPr'), 'lvl'), 0), 8)
    const mark = bullet(paragraph, level, styles, numbers)
    if (lines.length > 0 && !(wasItem && mark)) lines.push('')
    lines.push(mark ? `${'   '.repeat(level)}${mark} ${text}` : text)
    wasItem = mark !== ''
  }
  return lines.join('\n')
}

/** One line: breaks, tabs and runs of blanks become one blank. */
export function paragraphText(paragraph: XmlNode): string {
  return pieces(paragraph).replace(/\s+/g, ' ').trim()
}

function pieces(node: XmlNode): string {
  let text = ''
  for (const each of node.children) {
    if (each.name === 'br' || each.name === 'tab') text += ' '
    else if (each.name === 't') text += each.text
    else if (each.name === 'AlternateContent') text += pieces(alternative(each))
    else if (each.name !== 'pPr' && each.name !== 'rPr') text += pieces(each)
  }
  return text
}

/** Of several forms of one thing, the one that this code can make most of: the first with words or a table in it. */
export function alternative(node: XmlNode): XmlNode {
  const forms = node.children.filter((each) => each.name === 'Choice' || each.name === 'Fallback')
  return forms.find((each) => findAll(each, 't').some(({ text }) => text.trim())) ?? forms.at(-1) ?? node
}

/** `-`, `3.` or nothing. Numbers go on as long as no shallower or plain paragraph comes between. */
function bullet(
  paragraph: XmlNode,
  level: number,
  styles: readonly XmlNode[],
  numbers: Map<number, number>,
): string {
  const own = child(paragraph, 'pPr')
  const inherited = styles.map((style) => child(style, `lvl${level + 1}pPr`))
  const kind = [own, ...inherited].map(bulletOf).find((each) => each !== undefined)
  for (const deeper of [...numbers.keys()])
    if (deeper > level || (deeper === level && kind?.name !== 'buAutoNum')) numbers.delete(deeper)
  if (!kind || kind.name === 'buNone') return ''
  if (kind.name !== 'buAutoNum') return '-'
  const number = (numbers.get(level) ?? (numberOf(kind, 'startAt') || 1) - 1) + 1
  numbers.set(level, number)
  return listNumber(number, kind.attributes.get('type') ?? '')
}

function bulletOf(properties: XmlNode | undefined): XmlNode | undefined {
  return properties?.children.find(({ name }) => /^bu(None|Char|AutoNum|Blip)$/.test(name))
}
