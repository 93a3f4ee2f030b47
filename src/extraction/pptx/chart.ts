/** Words and numbers that charts and diagrams carry along: they are drawn from these, so nothing is guessed. */
import { markdownTable } from '../markdown-table.js'
import type { Part } from './parts.js'
import { paragraphText } from './text.js'
import { at, child, childrenOf, find, findAll, numberOf, type XmlNode } from './xml.js'

/** Its title and its numbers, a row each category, a column each series. */
export function chartText({ root }: Part): string {
  const chart = child(root, 'chart')
  const title = at(chart, 'title', 'tx', 'rich')
  const series = chart ? findAll(chart, 'ser') : []
  const named = series.map((each) => cached(child(each, 'tx')).get(0) ?? '')
  const categories = cached(child(series[0], 'cat') ?? child(series[0], 'xVal'))
  const columns = series.map((each) => cached(child(each, 'val') ?? child(each, 'yVal')))
  const rows = [...new Set([categories, ...columns].flatMap((column) => [...column.keys()]))]
    .sort((a, b) => a - b)
    .map((row) => [categories.get(row) ?? '', ...columns.map((column) => column.get(row) ?? '')])
  const table = rows.length > 0 ? markdownTable([['', ...named], ...rows]) : ''
  return [title ? paragraphs(title) : '', table].filter(Boolean).join('\n\n')
}

/** What was last read from the workbook, by its index. */
function cached(reference: XmlNode | undefined): Map<number, string> {
  const points = reference ? findAll(reference, 'pt') : []
  return new Map(points.map((point) => [numberOf(point, 'idx'), child(point, 'v')?.text.trim() ?? '']))
}

/** A diagram's texts as a list, in the order of its data. */
export function diagramText({ root }: Part): string {
  const texts = findAll(root, 'pt').map((point) => {
    const body = child(point, 't')
    return body ? paragraphs(body) : ''
  })
  return texts
    .filter(Boolean)
    .map((text) => `- ${text}`)
    .join('\n')
}

function paragraphs(body: XmlNode): string {
  return childrenOf(body, 'p').map(paragraphText).filter(Boolean).join(' ')
}

/** The id by which a frame names its chart or its diagram's data. */
export function frameReference(frame: XmlNode): string | undefined {
  const data = at(frame, 'graphic', 'graphicData')
  return child(data, 'chart')?.attributes.get('r:id') ?? find(data, 'relIds')?.attributes.get('dm')
}
