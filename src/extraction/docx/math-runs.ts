/** Formulas of a document -> text between dollar signs. */
import type { Document, Element } from '../html/dom.js'
import { textRun } from './elements.js'
import { latexOf } from './math.js'

/** Formulas that have a paragraph to themselves get one each. */
export function replaceMath(xml: Document): void {
  for (const block of [...xml.getElementsByTagName('m:oMathPara')]) {
    block.replaceWith(...[...block.children].filter(({ tagName }) => tagName === 'm:oMath'))
  }
  const formulas = [...xml.getElementsByTagName('m:oMath')]
  const alone = new Map<Element, Element[]>()
  for (const formula of formulas) {
    const paragraph = formula.parentElement
    if (paragraph?.tagName === 'w:p' && isAlone(paragraph)) {
      alone.set(paragraph, [...(alone.get(paragraph) ?? []), formula])
    } else place(xml, formula, '$')
  }
  for (const [paragraph, own] of alone) {
    for (const [i, formula] of [...own.entries()].reverse()) {
      if (i === 0) place(xml, formula, '$$')
      else {
        const next = xml.createElement('w:p')
        paragraph.after(next)
        next.append(formula)
        place(xml, formula, '$$')
      }
    }
  }
}

function isAlone(paragraph: Element): boolean {
  return ![...paragraph.children].some(
    (child) => child.tagName !== 'm:oMath' && child.tagName !== 'w:pPr' && child.textContent.trim() !== '',
  )
}

/** Mammoth reads no formulas, but text in their place. */
function place(xml: Document, formula: Element, mark: string): void {
  const latex = latexOf(formula)
  if (latex === '') formula.remove()
  else formula.replaceWith(textRun(xml, `${mark}${latex}${mark}`))
}
