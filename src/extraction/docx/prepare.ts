/** Makes of a Word document one that mammoth loses nothing of: what it does not read becomes plain text in its place. */
import type { Document, Element } from '../html/dom.js'
import { markCode } from './code.js'
import { setStyle, textElement, textRun } from './elements.js'
import { labelMark } from './lists.js'
import { replaceMath } from './math-runs.js'
import type { Numbering } from './numbering.js'
import { childOf, inherited, numberingOf, numberOf, type Styles, valOf } from './styles.js'

/** Columns that a row can be short of; Word has no wider tables. */
const MAX_GRID = 63
/** Of our own style map. */
export const HEADING = 'ClaraHeading'

interface Preparation {
  styles: Styles
  numbering: Numbering
  /** What stands for a drawing or picture; '' for nothing. */
  pictureText: (drawing: Element) => string
}

export function prepare(xml: Document, { styles, numbering, pictureText }: Preparation): void {
  removeUnseen(xml)
  chooseAlternates(xml)
  liftTextBoxes(xml)
  for (const name of ['w:drawing', 'w:pict', 'w:object']) {
    for (const drawing of [...xml.getElementsByTagName(name)])
      replaceByText(xml, drawing, pictureText(drawing))
  }
  replaceMath(xml)
  fillRows(xml)
  markCode(xml, styles)
  for (const paragraph of [...xml.getElementsByTagName('w:p')])
    markParagraph(xml, paragraph, styles, numbering)
}

/** What was deleted or moved away, and text that Word hides. */
function removeUnseen(xml: Document): void {
  for (const name of ['w:moveFrom', 'w:del']) {
    for (const element of [...xml.getElementsByTagName(name)]) {
      // a deleted paragraph mark joins two paragraphs: mammoth does that
      if (element.parentElement?.tagName !== 'w:rPr') element.remove()
    }
  }
  for (const moved of [...xml.getElementsByTagName('w:moveTo')]) {
    if (moved.parentElement?.tagName !== 'w:rPr') moved.replaceWith(...moved.childNodes)
  }
  for (const vanish of [...xml.getElementsByTagName('w:vanish')]) {
    const run = vanish.parentElement?.parentElement
    if (run?.tagName === 'w:r' && !/^(?:0|false)$/.test(vanish.getAttribute('w:val') ?? '')) run.remove()
  }
}

/** The branch with text or pictures that we read; a drawing and its older form are one thing. */
function chooseAlternates(xml: Document): void {
  for (const alternate of [...xml.getElementsByTagName('mc:AlternateContent')]) {
    const branches = [...alternate.children]
    const has = (branch: Element, name: string) =>
      !branch.getElementsByTagName(name)[Symbol.iterator]().next().done
    const told = branches.find((branch) =>
      ['w:txbxContent', 'a:blip', 'v:imagedata', 'm:oMath', 'w:t', 'dgm:relIds', 'v:textpath'].some((name) =>
        has(branch, name),
      ),
    )
    const branch = told ?? branches.at(-1)
    alternate.replaceWith(...(branch?.childNodes ?? []))
  }
}

/** The paragraphs of a text box follow the paragraph that holds it. */
function liftTextBoxes(xml: Document): void {
  const after = new Map<Element, Element>()
  for (const box of [...xml.getElementsByTagName('w:txbxContent')]) {
    const host = outermostParagraph(box)
    if (!host) continue
    let last = after.get(host) ?? host
    for (const block of [...box.children]) {
      last.after(block)
      last = block
    }
    after.set(host, last)
    box.remove()
  }
}

/** Rows that begin late or end early get the cells that are not there: mammoth would move the others. */
function fillRows(xml: Document): void {
  for (const row of [...xml.getElementsByTagName('w:tr')]) {
    const properties = childOf(row, 'w:trPr')
    if (!properties) continue
    const cells = (name: string) =>
      Array.from({ length: Math.min(numberOf(properties, name) ?? 0, MAX_GRID) }, () => emptyCell(xml))
    properties.after(...cells('w:gridBefore'))
    row.append(...cells('w:gridAfter'))
  }
}

function emptyCell(xml: Document): Element {
  const cell = xml.createElement('w:tc')
  cell.append(xml.createElement('w:p'))
  return cell
}

function outermostParagraph(box: Element): Element | undefined {
  for (let parent = box.parentElement; parent; parent = parent.parentElement) {
    if (parent.tagName === 'w:p') return parent
  }
  return undefined
}

function replaceByText(xml: Document, element: Element, text: string): void {
  if (text === '') element.remove()
  else if (element.parentElement?.tagName === 'w:r') element.replaceWith(textElement(xml, text))
  else element.replaceWith(textRun(xml, text))
}

function markParagraph(xml: Document, paragraph: Element, styles: Styles, numbering: Numbering): void {
  const properties = childOf(paragraph, 'w:pPr')
  const style = properties && valOf(properties, 'w:pStyle')
  const label = numbering.label(style, properties && numberingOf(properties))
  if (!hasText(paragraph)) return
  const outline =
    inherited(styles, style, (of) => of.outline) ?? (properties && numberOf(properties, 'w:outlineLvl'))
  const isHeading = outline !== undefined && outline < 9
  if (isHeading) setStyle(xml, paragraph, `${HEADING}${Math.min(outline + 1, 6)}`)
  if (!label) return
  const text = isHeading ? (label.text === '' ? '' : `${label.text} `) : labelMark(label)
  if (text !== '') insertFirst(paragraph, textRun(xml, text))
}

function hasText(paragraph: Element): boolean {
  return paragraph.textContent.trim() !== ''
}

function insertFirst(paragraph: Element, run: Element): void {
  const properties = childOf(paragraph, 'w:pPr')
  if (properties) properties.after(run)
  else paragraph.prepend(run)
}
