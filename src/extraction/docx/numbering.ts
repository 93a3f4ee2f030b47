/** The numbers that Word shows before paragraphs and keeps nowhere: counted as it counts them (ECMA-376, part 1, 17.9). */
import type { Document, Element } from '../html/dom.js'
import { numeral } from './numerals.js'
import { childOf, inherited, numberOf, type Style, type Styles, valOf } from './styles.js'

interface Level {
  start: number
  format: string
  /** `%1.%2.` */
  text: string
  style: string | undefined
  legal: boolean
}

interface List {
  /** Lists of one kind count on from each other. */
  kind: string
  levels: Map<number, Level>
  /** Levels that this list begins anew. */
  restarts: Map<number, number>
}

export interface Label {
  level: number
  /** As it is shown: `2.1.`; '' for a bullet. */
  text: string
}

const MAX_LEVEL = 8

export class Numbering {
  #lists: Map<string, List>
  #counts = new Map<string, number[]>()
  #begun = new Set<string>()

  constructor(
    xml: Document | undefined,
    private readonly styles: Styles,
  ) {
    this.#lists = xml ? readLists(xml, styles) : new Map()
  }

  /** Counts the paragraph. @returns undefined for one that is in no list. */
  label(style: string | undefined, own: Style['numbering']): Label | undefined {
    const inStyle = inherited(this.styles, style, ({ numbering }) =>
      numbering?.list ? numbering : undefined,
    )
    const id = own?.list ?? inStyle?.list
    const list = id === undefined ? undefined : this.#lists.get(id)
    if (!list) return undefined
    const ofStyle = Array.from(list.levels).find(([, { style: of }]) => of !== undefined && of === style)?.[0]
    const level = Math.min(own?.level ?? ofStyle ?? inStyle?.level ?? 0, MAX_LEVEL)
    return { level, text: this.#count(id!, list, level) }
  }

  #count(id: string, list: List, at: number): string {
    const counts = this.#counts.get(list.kind) ?? []
    this.#counts.set(list.kind, counts)
    const restart = list.restarts.get(at)
    if (restart !== undefined && !this.#begun.has(`${id}/${at}`)) counts[at] = restart - 1
    this.#begun.add(`${id}/${at}`)
    for (let above = 0; above < at; above++) counts[above] ??= list.levels.get(above)?.start ?? 1
    counts[at] = (counts[at] ?? (list.levels.get(at)?.start ?? 1) - 1) + 1
    counts.length = at + 1
    const level = list.levels.get(at)
    if (!level || level.format === 'bullet') return ''
    return level.text.replace(/%(\d)/g, (_, n: string) => {
      const of = Number(n) - 1
      const format = level.legal ? 'decimal' : (list.levels.get(of)?.format ?? 'decimal')
      return numeral(counts[of] ?? 1, format)
    })
  }
}

function readLists(xml: Document, styles: Styles): Map<string, List> {
  const kinds = new Map<string, { levels: Map<number, Level>; link: string | undefined }>()
  for (const kind of xml.getElementsByTagName('w:abstractNum')) {
    const id = kind.getAttribute('w:abstractNumId')
    if (id !== null) kinds.set(id, { levels: levelsOf(kind), link: valOf(kind, 'w:numStyleLink') })
  }
  const numbers = Array.from(xml.getElementsByTagName('w:num'))
  const kindOf = new Map(numbers.map((num) => [num.getAttribute('w:numId'), valOf(num, 'w:abstractNumId')]))
  const lists = new Map<string, List>()
  for (const num of numbers) {
    const id = num.getAttribute('w:numId')
    let kind = valOf(num, 'w:abstractNumId')
    const link = kind === undefined ? undefined : kinds.get(kind)?.link
    // a kind may stand for the list of a style
    if (link !== undefined) kind = kindOf.get(styles.get(link)?.numbering?.list ?? null) ?? kind
    if (id === null || kind === undefined) continue
    lists.set(id, { kind, ...overridden(num, kinds.get(kind)?.levels ?? new Map()) })
  }
  return lists
}

function levelsOf(parent: Element): Map<number, Level> {
  const levels = new Map<number, Level>()
  for (const level of parent.children) {
    if (level.tagName === 'w:lvl') levels.set(Number(level.getAttribute('w:ilvl')), levelOf(level))
  }
  return levels
}

function levelOf(level: Element): Level {
  return {
    start: numberOf(level, 'w:start') ?? 1,
    format: valOf(level, 'w:numFmt') ?? 'decimal',
    text: valOf(level, 'w:lvlText') ?? '',
    style: valOf(level, 'w:pStyle'),
    legal: childOf(level, 'w:isLgl') !== undefined,
  }
}

function overridden(num: Element, levels: Map<number, Level>): Omit<List, 'kind'> {
  const own = new Map(levels)
  const restarts = new Map<number, number>()
  for (const override of num.children) {
    if (override.tagName !== 'w:lvlOverride') continue
    const at = Number(override.getAttribute('w:ilvl'))
    for (const [, level] of levelsOf(override)) own.set(at, level)
    const start = numberOf(override, 'w:startOverride')
    if (start !== undefined) restarts.set(at, start)
  }
  return { levels: own, restarts }
}
