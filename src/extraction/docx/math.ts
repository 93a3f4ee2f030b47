/** Office Math (ECMA-376, part 1, 22.1) -> LaTeX. What is not known gives its parts, one after the other. */
import type { Element } from '../html/dom.js'
import { accentName, functionText, mathText, operatorText } from './math-symbols.js'

/** Of an `m:oMath`, without dollar signs. */
export function latexOf(math: Element): string {
  return tidy(parts(math))
}

function tidy(latex: string): string {
  return latex
    .replace(/\s+/g, ' ')
    .replace(/(?<!\\) (?=[\^_{}),.;])/g, '')
    .trim()
}

function parts(element: Element | undefined): string {
  return element ? Array.from(element.children, latex).join('') : ''
}

/** A part by its tag, without the prefix: `e`, `num`, `sub`. */
function child(element: Element, name: string): Element | undefined {
  return Array.from(element.children).find(({ tagName }) => tagName === `m:${name}`)
}

const part = (element: Element, name: string) => parts(child(element, name))

/** A property's value: `m:naryPr` holds `m:chr` with `m:val`. */
function property(element: Element, name: string): string | undefined {
  const properties = Array.from(element.children).find(({ tagName }) => /^m:\w+Pr$/.test(tagName))
  const found = properties && child(properties, name)
  return found ? (found.getAttribute('m:val') ?? '') : undefined
}

const RULES: Record<string, (element: Element) => string> = {
  'm:r': run,
  'm:f': fraction,
  'm:sSup': (e) => `${base(e)}^{${part(e, 'sup')}}`,
  'm:sSub': (e) => `${base(e)}_{${part(e, 'sub')}}`,
  'm:sSubSup': (e) => `${base(e)}_{${part(e, 'sub')}}^{${part(e, 'sup')}}`,
  'm:sPre': (e) => `{}_{${part(e, 'sub')}}^{${part(e, 'sup')}}${part(e, 'e')}`.replace(/[_^]\{\s*\}/g, ''),
  'm:rad': radical,
  'm:nary': nary,
  'm:d': delimited,
  'm:func': (e) => `${functionName(e)}${part(e, 'e')}`,
  'm:limLow': (e) => `${functionText(part(e, 'e'))}_{${part(e, 'lim')}}`,
  'm:limUpp': (e) => `\\overset{${part(e, 'lim')}}{${part(e, 'e')}}`,
  'm:acc': (e) => `\\${accentName(property(e, 'chr') ?? '\u0302') ?? 'hat'}{${part(e, 'e')}}`,
  'm:bar': (e) => `\\${property(e, 'pos') === 'top' ? 'overline' : 'underline'}{${part(e, 'e')}}`,
  'm:groupChr': (e) => `\\${accentName(property(e, 'chr') ?? '⏟') ?? 'underbrace'}{${part(e, 'e')}}`,
  'm:m': (e) => rowsText('matrix', lines(e, 'mr', ' & ')),
  'm:eqArr': (e) => rowsText('array', lines(e, 'e', '')),
  'm:ctrlPr': () => '',
}

function latex(element: Element): string {
  const rule = RULES[element.tagName]
  if (rule) return rule(element)
  return /^m:\w+Pr$|^w:rPr$/.test(element.tagName) ? '' : parts(element)
}

function run(element: Element): string {
  const text = Array.from(element.children, (e) =>
    e.tagName === 'm:t' || e.tagName === 'w:t' ? e.textContent : '',
  ).join('')
  const properties = child(element, 'rPr')
  return properties && child(properties, 'nor') ? textRun(text) : mathText(text)
}

/** One sign is the same in either script. */
function textRun(text: string): string {
  if (text.trim() === '') return ' '
  return [...text.trim()].length === 1 ? mathText(text) : `\\text{${text}}`
}

/** What carries a script is one thing. */
function base(element: Element): string {
  const text = part(element, 'e')
  return [...text.trim()].length <= 1 || /^\\\w+\s*$|^\\left/.test(text) ? text.trim() : `{${text}}`
}

function fraction(element: Element): string {
  const [top, bottom] = [part(element, 'num'), part(element, 'den')]
  const type = property(element, 'type')
  if (type === 'lin' || type === 'skw') return `${top}/${bottom}`
  return type === 'noBar' ? `\\genfrac{}{}{0pt}{}{${top}}{${bottom}}` : `\\frac{${top}}{${bottom}}`
}

function radical(element: Element): string {
  const degree = part(element, 'deg').trim()
  return `\\sqrt${degree === '' ? '' : `[${degree}]`}{${part(element, 'e')}}`
}

function nary(element: Element): string {
  const [below, above] = [part(element, 'sub'), part(element, 'sup')]
  const limits = `${below.trim() && `_{${below}}`}${above.trim() && `^{${above}}`}`
  return `${operatorText(property(element, 'chr') ?? '∫')}${limits || ' '}${part(element, 'e')}`
}

function delimited(element: Element): string {
  const [open, close] = [property(element, 'begChr') ?? '(', property(element, 'endChr') ?? ')']
  const inner = Array.from(element.children).filter(({ tagName }) => tagName === 'm:e')
  const text = inner.map(parts).join(mathText(property(element, 'sepChr') ?? '|'))
  const side = (character: string) => (character === '' ? '.' : mathText(character).trim())
  return `\\left${side(open)}${text}\\right${side(close)}`
}

function functionName(element: Element): string {
  const name = child(element, 'fName')
  const limited = name?.children[0]
  if (name && limited && name.children.length === 1 && limited.tagName !== 'm:r') return `${latex(limited)} `
  return functionText(parts(name))
}

function lines(element: Element, name: string, between: string): string[] {
  const rows = Array.from(element.children).filter(({ tagName }) => tagName === `m:${name}`)
  if (between === '') return rows.map(parts)
  return rows.map((row) =>
    Array.from(row.children)
      .filter(({ tagName }) => tagName === 'm:e')
      .map(parts)
      .join(between),
  )
}

function rowsText(environment: string, rows: string[]): string {
  if (environment === 'array' && rows.length === 1) return rows[0]!
  const columns = environment === 'array' ? '{l}' : ''
  return `\\begin{${environment}}${columns}${rows.join(' \\\\ ')}\\end{${environment}}`
}
