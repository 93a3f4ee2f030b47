/** Paragraphs that are code: by their style's name, or because they are typewritten and look like it. */
import type { Document, Element } from '../html/dom.js'
import { setStyle } from './elements.js'
import { childOf, fontOf, inherited, type Styles, valOf } from './styles.js'

/** Of our own style map. */
export const CODE = 'ClaraCode'

const CODE_STYLE =
  /^(?:source ?code|code(?: ?block)?|html preformatted|preformatted(?: text)?|verbatim|macro ?text|program(?: code| listing)?)$/i
const TYPEWRITER =
  /courier|consolas|menlo|monaco|\bmono\b|monospace|lucida console|source code|cascadia|fira code|inconsolata/i
const CODE_SIGNS = /[{}[\]=<>;\\$]|\w\(|\)\s*:|::|->|\/\/|^\s{2,}\S|^\s*[#@]\w/

export function markCode(xml: Document, styles: Styles): void {
  let group: Element[] = []
  const finish = () => {
    if (group.some(({ textContent }) => CODE_SIGNS.test(textContent)))
      for (const p of group) setStyle(xml, p, CODE)
    group = []
  }
  for (const paragraph of [...xml.getElementsByTagName('w:p')]) {
    const properties = childOf(paragraph, 'w:pPr')
    const style = properties && valOf(properties, 'w:pStyle')
    if (CODE_STYLE.test(styles.get(style ?? '')?.name ?? '')) setStyle(xml, paragraph, CODE)
    else if (isTypewritten(paragraph, style, styles)) {
      if (group.at(-1)?.nextElementSibling !== paragraph) finish()
      group.push(paragraph)
      continue
    }
    finish()
  }
  finish()
}

function isTypewritten(paragraph: Element, style: string | undefined, styles: Styles): boolean {
  if (paragraph.textContent.trim() === '') return false
  const ofParagraph = inherited(styles, style, ({ font }) => font)
  return [...paragraph.getElementsByTagName('w:r')].every((run) => {
    if (run.textContent.trim() === '') return true
    const properties = childOf(run, 'w:rPr')
    const ofRun = inherited(styles, properties && valOf(properties, 'w:rStyle'), ({ font }) => font)
    return TYPEWRITER.test(fontOf(properties) ?? ofRun ?? ofParagraph ?? '')
  })
}
