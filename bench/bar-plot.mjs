/** Plots of benchmarks as SVG: Observable Plot in a DOM that is no browser. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

const OURS = '#0072b2'
const THEIRS = '#999999'
const EXTRAPOLATED = '#d55e00'

/** @param title for who does not see it. */
function svg(title, options) {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const element = Plot.plot({
    document,
    style: { background: '#ffffff', color: '#222222', fontFamily: 'system-ui, sans-serif', fontSize: '12px' },
    ...options,
  })
  element.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const named = document.createElementNS('http://www.w3.org/2000/svg', 'title')
  named.textContent = title
  element.prepend(named)
  return `${element.outerHTML}\n`
}

/** @param rows { name, value, low, high }; ours are those whose names begin with clara. */
export function barPlot(title, rows) {
  const colour = ({ name }) => (name.startsWith('clara') ? OURS : THEIRS)
  return svg(title, {
    width: 720,
    height: 65 + 32 * rows.length,
    marginLeft: 270,
    marginRight: 50,
    marginBottom: 45,
    x: { label: title, grid: true, zero: true },
    y: { label: null, domain: rows.map(({ name }) => name) },
    marks: [
      Plot.barX(rows, { x: 'value', y: 'name', fill: colour }),
      Plot.ruleY(rows, { x1: 'low', x2: 'high', y: 'name', stroke: '#222222' }),
      Plot.text(rows, {
        x: 'high',
        y: 'name',
        text: ({ value }) => value.toFixed(1),
        textAnchor: 'start',
        dx: 5,
      }),
      Plot.ruleX([0]),
    ],
  })
}

const PANELS = [
  ['build_seconds', 'build, s'],
  ['build_peak_mib', 'most memory, MiB'],
  ['questions_per_second', 'questions mined/s'],
]

/** Measured sizes, and one that is only computed from them in another colour. */
export function growthPlot(points, extrapolated) {
  const rows = PANELS.flatMap(([key, panel]) =>
    points.filter((point) => point[key]).map((point) => ({ panel, chunks: point.chunks, value: point[key] })),
  )
  const beyond = PANELS.flatMap(([key, panel]) =>
    extrapolated[key]
      ? [
          { panel, chunks: points.at(-1).chunks, value: points.at(-1)[key] },
          { panel, chunks: extrapolated.chunks, value: extrapolated[key].value },
        ]
      : [],
  )
  return svg('How time, memory and rate grow with the number of chunks', {
    width: 720,
    height: 620,
    marginLeft: 60,
    marginRight: 140,
    x: { type: 'log', label: 'chunks', grid: true },
    y: { type: 'log', label: null, grid: true },
    fy: { label: null, domain: PANELS.map(([, panel]) => panel) },
    marks: [
      Plot.frame({ stroke: '#cccccc' }),
      Plot.line(rows, { x: 'chunks', y: 'value', fy: 'panel', stroke: OURS }),
      Plot.dot(rows, { x: 'chunks', y: 'value', fy: 'panel', fill: OURS }),
      Plot.line(beyond, {
        x: 'chunks',
        y: 'value',
        fy: 'panel',
        stroke: EXTRAPOLATED,
        strokeDasharray: '5 4',
      }),
      Plot.dot(
        beyond.filter((_, i) => i % 2 === 1),
        { x: 'chunks', y: 'value', fy: 'panel', stroke: EXTRAPOLATED, fill: '#ffffff' },
      ),
    ],
  })
}
