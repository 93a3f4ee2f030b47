/** Of a Word file's styles, what says what a paragraph is: heading, list item, code. */
import type { Document, Element } from '../html/dom.js'

export interface Style {
  name: string
  /** Style that this one is based on. */
  base: string | undefined
  /** 0 is the highest. */
  outline: number | undefined
  numbering: { list: string | undefined; level: number | undefined } | undefined
  font: string | undefined
}

export type Styles = ReadonlyMap<string, Style>

export function readStyles(xml: Document | undefined): Styles {
  const styles = new Map<string, Style>()
  for (const element of xml?.getElementsByTagName('w:style') ?? []) {
    const id = element.getAttribute('w:styleId')
    if (id !== null) styles.set(id, styleOf(element))
  }
  return styles
}

function styleOf(element: Element): Style {
  const paragraph = childOf(element, 'w:pPr')
  const name = valOf(element, 'w:name') ?? ''
  return {
    name,
    base: valOf(element, 'w:basedOn'),
    outline: headingOf(name) ?? (paragraph && numberOf(paragraph, 'w:outlineLvl')),
    numbering: paragraph && numberingOf(paragraph),
    font: fontOf(childOf(element, 'w:rPr')),
  }
}

/** `heading 1` is that in every language of Word. */
function headingOf(name: string): number | undefined {
  const level = /^heading (\d)$/i.exec(name)?.[1]
  if (level !== undefined) return Number(level) - 1
  return /^title$/i.test(name) ? 0 : undefined
}

/** The first that a style, or one that it is based on, says. */
export function inherited<T>(
  styles: Styles,
  id: string | undefined,
  get: (style: Style) => T | undefined,
): T | undefined {
  const seen = new Set<string>()
  for (let at = id; at !== undefined && !seen.has(at); at = styles.get(at)?.base) {
    seen.add(at)
    const style = styles.get(at)
    const found = style && get(style)
    if (found !== undefined) return found
  }
  return undefined
}

export function numberingOf(paragraph: Element): Style['numbering'] {
  const element = childOf(paragraph, 'w:numPr')
  return element && { list: valOf(element, 'w:numId'), level: numberOf(element, 'w:ilvl') }
}

export function fontOf(run: Element | undefined): string | undefined {
  const fonts = run && childOf(run, 'w:rFonts')
  return fonts?.getAttribute('w:ascii') ?? fonts?.getAttribute('w:hAnsi') ?? undefined
}

export function childOf(element: Element, name: string): Element | undefined {
  return Array.from(element.children).find(({ tagName }) => tagName === name)
}

export function valOf(element: Element, name: string): string | undefined {
  return childOf(element, name)?.getAttribute('w:val') ?? undefined
}

export function numberOf(element: Element, name: string): number | undefined {
  const value = Number.parseInt(valOf(element, name) ?? '', 10)
  return Number.isNaN(value) ? undefined : value
}
