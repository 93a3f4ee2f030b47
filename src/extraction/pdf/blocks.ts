/** Lines of a column as paragraphs, headings, list items, code and tables. */
import { takeAligned } from './alignment.js'
import { isRtl } from './characters.js'
import type { Line } from './lines.js'
import { LIST_MARK } from './list-marks.js'

export type Block =
  | { kind: 'text'; lines: Line[] }
  | { kind: 'code'; lines: Line[] }
  | { kind: 'table'; markdown: string }
  | { kind: 'picture'; mark: string }

export function blocksOf(lines: readonly Line[]): Block[] {
  const blocks: Block[] = []
  const spacing = usualSpacing(lines)
  let run: Line[] = []
  const end = () => {
    blocks.push(...paragraphs(run, spacing))
    run = []
  }
  for (const part of takeAligned(lines)) {
    if ('line' in part) run.push(part.line)
    else {
      end()
      blocks.push({ kind: 'table', markdown: part.table })
    }
  }
  end()
  return blocks
}

/** Of baselines, in sizes of the type: the most frequent, as titles and gaps are fewer than lines. */
function usualSpacing(lines: readonly Line[]): number {
  const counts = new Map<number, number>()
  for (const [i, line] of lines.entries()) {
    const last = lines[i - 1]
    if (!last || Math.abs(last.size - line.size) > 0.5) continue
    const spacing = Math.round(((line.baseline - last.baseline) / line.size) * 10) / 10
    if (spacing >= 0.9 && spacing <= 2.6) counts.set(spacing, (counts.get(spacing) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 1.3
}

function paragraphs(lines: readonly Line[], spacing: number): Block[] {
  if (lines.length === 0) return []
  const blocks: { kind: 'text' | 'code'; lines: Line[] }[] = []
  for (const [i, line] of lines.entries()) {
    const last = lines[i - 1]
    const kind = line.font.mono && !/^•/.test(line.text) ? 'code' : 'text'
    const block = blocks.at(-1)
    const near = lines.slice(Math.max(i - 4, 0), i + 5)
    const left = Math.min(...near.map(({ x0 }) => x0))
    const right = Math.max(...near.map(({ x1 }) => x1))
    const goesOn = block && last && block.kind === kind
    if (
      goesOn &&
      (kind === 'code' ? closeCode(last, line) : sameParagraph(block.lines, line, { left, right, spacing }))
    )
      block.lines.push(line)
    else blocks.push({ kind, lines: [line] })
  }
  return blocks
}

function closeCode(last: Line, next: Line): boolean {
  return next.baseline - last.baseline < 3 * next.size
}

interface Column {
  left: number
  right: number
  spacing: number
}

function sameParagraph(lines: readonly Line[], next: Line, { left, right, spacing }: Column): boolean {
  const last = lines.at(-1)!
  const distance = (next.baseline - last.baseline) / next.size
  if (Math.abs(last.size - next.size) > 0.12 * Math.max(last.size, next.size)) return false
  if (
    distance < 0.3 ||
    distance > spacing * 1.25 + 0.15 ||
    last.bold !== next.bold ||
    last.italic !== next.italic
  )
    return false
  if (LIST_MARK.test(next.text) || last.leads) return false
  if (/\p{L}[-‐]$/u.test(last.text)) return true
  const rtl = isRtl(next.text)
  const start = rtl ? right - next.x0 - (next.x1 - next.x0) : next.x0 - left
  const lastStart = rtl ? right - last.x1 : last.x0 - left
  const lastEnd = rtl ? last.x0 - left : right - last.x1
  const indent = start - lastStart
  const hangs = LIST_MARK.test(lines[0]!.text) || lines.length > 1
  // A first line that is moved in, unless all but the first are.
  if (indent > 0.8 * next.size && indent < 5 * next.size && !(hangs && lines.length === 1))
    return isHanging(lines, next)
  // A line that ends early ends its paragraph, as the next word would have had room.
  const firstWord = (next.text.indexOf(' ') + 1 || next.text.length) * 0.6 * next.size
  const room = lastEnd - firstWord
  const centred = start > next.size && Math.abs(lastStart - lastEnd) < 2 * next.size
  if (!centred && room > 0.12 * (right - left) + next.size) return false
  return room < 0.05 * (right - left) || !/[.!?:;。！？؟]["”’)]?$/.test(last.text)
}

/** Lines after the first have stood further in before, or there was but the first. */
function isHanging(lines: readonly Line[], next: Line): boolean {
  const second = lines[1]
  return second ? Math.abs(second.x0 - next.x0) < next.size : false
}
