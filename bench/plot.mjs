// Queries a second (log scale) against recall, as an SVG of one panel for each data set.

// Okabe and Ito: told apart by the colour-blind too; shapes tell the rest.
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#7f7f7f']
const SHAPES = [
  (x, y) => `<circle cx="${x}" cy="${y}" r="3.5"/>`,
  (x, y) => `<rect x="${x - 3.2}" y="${y - 3.2}" width="6.4" height="6.4"/>`,
  (x, y) => `<path d="M${x} ${y - 4.2}L${x + 4} ${y + 3}H${x - 4}Z"/>`,
  (x, y) => `<path d="M${x} ${y - 4.5}L${x + 4.5} ${y}L${x} ${y + 4.5}L${x - 4.5} ${y}Z"/>`,
]
const PANEL = { width: 400, height: 300, left: 62, right: 16, top: 34, bottom: 46 }
const TITLE_HEIGHT = 40
const LEGEND_ROW = 20
const LEGEND_COLUMNS = 3
/** Recall is shown by what is missing, on a log scale; what misses less is drawn at the edge. */
const LEAST_MISSING = 0.0005
const RECALL_TICKS = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1]

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const round = (value) => Number(value.toFixed(1))
const missing = (recall) => -Math.log10(Math.max(LEAST_MISSING, 1 - recall))

/** @param panels [{ title, lines: [{ name, exact, points: [{ recall, perSecond }] }] }]; an exact search is a level line. */
export function plot({ title, panels }) {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const style = (name) => {
    const i = names.indexOf(name)
    return {
      colour: COLOURS[i % COLOURS.length],
      shape: SHAPES[i % SHAPES.length],
      dash: i >= COLOURS.length,
    }
  }
  const width = Math.max(2, panels.length) * PANEL.width
  const legendTop = TITLE_HEIGHT + PANEL.height + 8
  const height = legendTop + Math.ceil(names.length / LEGEND_COLUMNS) * LEGEND_ROW + 8
  const parts = panels.map((panel, i) => drawPanel(panel, i * PANEL.width, style))
  const legend = names.map((name, i) => {
    const x = PANEL.left + (i % LEGEND_COLUMNS) * ((width - PANEL.left) / LEGEND_COLUMNS)
    const y = legendTop + Math.floor(i / LEGEND_COLUMNS) * LEGEND_ROW + 10
    return `${stroke(
      [
        [x, y],
        [x + 26, y],
      ],
      style(name),
    )}${mark(x + 13, y, style(name))}${text(x + 34, y + 4, name)}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(width / 2, 24, title, 'text-anchor="middle" font-size="16" font-weight="600"')}
${parts.join('\n')}
${legend.join('\n')}
</svg>
`
}

function drawPanel({ title, lines }, offset, style) {
  const box = {
    left: offset + PANEL.left,
    right: offset + PANEL.width - PANEL.right,
    top: TITLE_HEIGHT + PANEL.top,
    bottom: TITLE_HEIGHT + PANEL.height - PANEL.bottom,
  }
  const points = lines.flatMap((line) => line.points)
  const lowest = Math.min(0.99, ...points.map(({ recall }) => recall))
  const ticks = RECALL_TICKS.filter((tick, i) => tick >= lowest || RECALL_TICKS[i + 1] > lowest)
  const [left, right] = [missing(ticks[0]), missing(1)]
  const rates = points.map(({ perSecond }) => Math.log10(perSecond))
  const [low, high] = [
    Math.floor(Math.min(...rates)),
    Math.max(Math.ceil(Math.max(...rates)), Math.floor(Math.min(...rates)) + 1),
  ]
  const x = (recall) =>
    round(box.left + ((Math.max(left, missing(recall)) - left) / (right - left)) * (box.right - box.left))
  const y = (perSecond) =>
    round(box.bottom - ((Math.log10(perSecond) - low) / (high - low)) * (box.bottom - box.top))
  return [
    ...ticks.map((tick) => verticalTick(x(tick), box, tick)),
    ...decades(low, high).map(({ value, label }) => horizontalTick(y(value), box, label)),
    `<path d="M${box.left} ${box.top}V${box.bottom}H${box.right}" fill="none" stroke="#333333"/>`,
    text((box.left + box.right) / 2, box.top - 12, title, 'text-anchor="middle" font-weight="600"'),
    text((box.left + box.right) / 2, box.bottom + 38, 'recall@10', 'text-anchor="middle"'),
    text(
      0,
      0,
      'queries a second',
      `text-anchor="middle" transform="translate(${offset + 14} ${(box.top + box.bottom) / 2}) rotate(-90)"`,
    ),
    ...lines.map((line) => {
      const places = line.points.map(({ recall, perSecond }) => [x(recall), y(perSecond)])
      const way = line.exact ? [[box.left, places[0][1]], ...places] : places
      return stroke(way, style(line.name)) + places.map(([px, py]) => mark(px, py, style(line.name))).join('')
    }),
  ].join('\n')
}

function decades(low, high) {
  const all = []
  for (let power = low; power <= high; power++) {
    all.push({ value: 10 ** power, label: (10 ** power).toLocaleString('en') })
    if (power < high)
      for (const times of [2, 5])
        all.push({
          value: times * 10 ** power,
          label: high - low < 3 ? (times * 10 ** power).toLocaleString('en') : '',
        })
  }
  return all
}

const verticalTick = (x, { top, bottom }, label) =>
  `<path d="M${x} ${top}V${bottom}" stroke="#e4e4e4"/>${text(x, bottom + 16, label, 'text-anchor="middle" font-size="10"')}`
const horizontalTick = (y, { left, right }, label) =>
  `<path d="M${left} ${y}H${right}" stroke="${label ? '#e4e4e4' : '#f2f2f2'}"/>${text(left - 6, y + 4, label, 'text-anchor="end" font-size="10"')}`
const text = (x, y, content, more = '') =>
  `<text x="${x}" y="${y}" fill="#222222" ${more}>${escaped(content)}</text>`
const mark = (x, y, { shape, colour }) => `<g fill="${colour}">${shape(x, y)}</g>`
const stroke = (places, { colour, dash }) =>
  `<polyline points="${places.map((place) => place.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.8"${dash ? ' stroke-dasharray="5 3"' : ''}/>`
