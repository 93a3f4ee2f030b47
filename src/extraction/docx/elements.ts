/** Elements of WordprocessingML that we put into a document. */
import type { Document, Element } from '../html/dom.js'
import { childOf } from './styles.js'

export function textElement(xml: Document, text: string): Element {
  const element = xml.createElement('w:t')
  element.setAttribute('xml:space', 'preserve')
  element.append(text)
  return element
}

export function textRun(xml: Document, text: string): Element {
  const run = xml.createElement('w:r')
  run.append(textElement(xml, text))
  return run
}

export function setStyle(xml: Document, paragraph: Element, id: string): void {
  let properties = childOf(paragraph, 'w:pPr')
  if (!properties) {
    properties = xml.createElement('w:pPr')
    paragraph.prepend(properties)
  }
  childOf(properties, 'w:pStyle')?.remove()
  const style = xml.createElement('w:pStyle')
  style.setAttribute('w:val', id)
  properties.prepend(style)
}
