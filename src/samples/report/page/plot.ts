/** Histograms as static SVG, with a table that says the same. Only this program's own words come into a drawing. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Spread } from '../spread.js'
import { figure, grouped, Html, html, percent } from './html.js'
import { table } from './table.js'

export interface Group {
  name: string
  /** A custom property of the style sheet: `--positive`. */
  colour: string
  spread: Spread | undefined
}

interface Drawing {
  title: string
  /** What to see in it. */
  note?: string
  /** What is counted, on the horizontal axis. */
  of: string
  groups: Group[]
  /** The numbers are whole: a bin from 3 to 4 is `3`. */
  whole?: boolean
}

/** Units that fill a phone's width; a wider column enlarges the drawing a little. */
const WIDTH = 340
const BAND = 84

/** @returns `undefined` where there is nothing to draw. */
export function drawing({ title, note, of, groups, whole = false }: Drawing): Html | undefined {
  const drawn = groups.filter(
    (group): group is Required<Group> & { spread: Spread } => group.spread !== undefined,
  )
  if (drawn.length === 0) return undefined
  const label = `${title}: ${drawn.map(({ name, spread }) => `${name}, median ${figure(spread.p50)}`).join('; ')}`
  return html`<figure><figcaption><h3>${title}</h3>${note && html`<p>${note}</p>`}</figcaption>
${svg(drawn, { of, label, whole })}
${drawn.length > 1 && legend(drawn)}${numbers(title, drawn, whole)}</figure>
`
}

interface Bar {
  from: number
  to: number
  share: number
  group: string
  colour: string
  says: string
}

interface Axis {
  of: string
  label: string
  whole: boolean
}

function svg(groups: { name: string; colour: string; spread: Spread }[], { of, label, whole }: Axis): Html {
  const bars: Bar[] = groups.flatMap(({ name, colour, spread }) =>
    spread.bins.map(({ from, to, count }) => ({
      // The bar of a single whole number stands over it.
      from: whole && to - from === 1 ? from - 0.5 : from,
      to: whole && to - from === 1 ? from + 0.5 : to,
      share: count / spread.count,
      group: name,
      colour: `var(${colour})`,
      says: `${name}, ${binName({ from, to }, whole)}: ${grouped(count)} (${percent(count, spread.count)})`,
    })),
  )
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const drawn = Plot.plot({
    document,
    width: WIDTH,
    height: 46 + BAND * groups.length,
    marginLeft: 40,
    marginRight: 12,
    marginTop: 14,
    marginBottom: 32,
    x: { label: of, labelArrow: 'none', ticks: 5, insetLeft: 2 },
    y: { label: null, tickFormat: '.0%', ticks: 3, grid: true },
    fy: { domain: groups.map(({ name }) => name), axis: null, padding: 0.18 },
    marks: [
      Plot.rectY(bars, {
        x1: 'from',
        x2: 'to',
        y: 'share',
        fy: 'group',
        fill: (bar: Bar) => bar.colour,
        title: 'says',
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY([0]),
    ],
  }) as unknown as Element
  return new Html(bare(drawn, label))
}

interface Element {
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  querySelectorAll(selector: string): Iterable<Element & { remove(): void }>
  outerHTML: string
}

/** The page's policy allows one style sheet and no style attribute: what Plot styles is in the page's sheet. */
function bare(svg: Element, label: string): string {
  for (const style of svg.querySelectorAll('style')) style.remove()
  for (const each of svg.querySelectorAll('[style]')) each.removeAttribute('style')
  for (const each of svg.querySelectorAll('[aria-label]')) each.removeAttribute('aria-label')
  svg.removeAttribute('style')
  svg.removeAttribute('width')
  svg.removeAttribute('height')
  svg.removeAttribute('font-family')
  svg.setAttribute('class', 'plot')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return svg.outerHTML.replace(/(\d+\.\d{3})\d+/g, '$1')
}

function legend(groups: { name: string; colour: string }[]): Html {
  return html`<ul class="legend">${groups.map(
    ({ name, colour }) => html`<li class="is${colour}">${name}</li>`,
  )}</ul>
`
}

function numbers(title: string, groups: { name: string; spread: Spread }[], whole: boolean): Html {
  const quantiles = groups.map(({ name, spread: { count, mean, min, max, ...of } }) => [
    name,
    grouped(count),
    figure(mean),
    ...[min, of.p5, of.p25, of.p50, of.p75, of.p95, max].map(figure),
  ])
  const edges = new Map(groups.flatMap(({ spread }) => spread.bins.map(({ from, to }) => [from, to])))
  const bins = [...edges]
    .sort(([a], [b]) => a - b)
    .map(([from, to]) => [
      binName({ from, to }, whole),
      ...groups.map(({ spread }) => grouped(spread.bins.find((bin) => bin.from === from)?.count ?? 0)),
    ])
  const beyond = groups.some(({ spread }) => spread.beyond > 0)
  return html`<details class="numbers"><summary>Numbers</summary>
${table(`${title}: how they are spread`, ['', '#count', '#mean', '#least', '#5%', '#25%', '#median', '#75%', '#95%', '#most'], quantiles)}${table(
  `${title}: by size`,
  ['', ...groups.map(({ name }) => `#${name}`)],
  [
    ...bins,
    ...(beyond ? [['beyond the drawing', ...groups.map(({ spread }) => grouped(spread.beyond))]] : []),
  ],
)}</details>
`
}

function binName({ from, to }: { from: number; to: number }, whole: boolean): string {
  if (!whole) return `${figure(from)} to ${figure(to)}`
  return to - from === 1 ? figure(from) : `${figure(from)} to ${figure(to - 1)}`
}
