/** Tables that lines tell: lattices, and rows between lines above and below as books have them. */
import { alignedTable } from './alignment.js'
import { gridsOf, type Table } from './grids.js'
import { linesOf } from './lines.js'
import type { Rule } from './page.js'
import type { Segment } from './segments.js'

/** Points: lines of one table begin and end at the same places. */
const SAME = 3
/** Points: a table between two lines is no taller. */
const TALLEST = 500
/** Lines of a page that are looked at: drawings and maps have any number. */
const MOST = 2000
/** Ems: between lines, cells stand closer than in plain text. */
const APART = 0.7

/** Tables of a page, and the segments that are in none. */
export function takeTables(
  segments: readonly Segment[],
  rules: readonly Rule[],
): { tables: Table[]; rest: Segment[] } {
  const taken = new Set<Segment>()
  const tables: Table[] = []
  const take = (found: readonly Table[]) => {
    for (const table of found) {
      if (table.segments.some((segment) => taken.has(segment))) continue
      tables.push(table)
      for (const segment of table.segments) taken.add(segment)
    }
  }
  take(gridsOf(segments, rules))
  take(
    betweenLines(
      segments.filter((segment) => !taken.has(segment)),
      rules,
    ),
  )
  return { tables, rest: segments.filter((segment) => !taken.has(segment)) }
}

/** Between the first and last of lines that are above each other and equally long. */
function betweenLines(segments: readonly Segment[], rules: readonly Rule[]): Table[] {
  return stacks(rules).flatMap((stack) => {
    const [first, last] = [stack[0]!, stack.at(-1)!]
    const box = { x0: first.from - SAME, x1: first.to + SAME, y0: first.at, y1: last.at }
    const within = segments.filter(
      ({ x0, x1, baseline }) => x0 >= box.x0 && x1 <= box.x1 && baseline > box.y0 && baseline < box.y1 + 1,
    )
    const markdown = alignedTable(linesOf(within, APART))
    return markdown ? [{ ...box, markdown, segments: within }] : []
  })
}

function stacks(rules: readonly Rule[]): Rule[][] {
  const done: Rule[][] = []
  const flat = rules.filter(({ horizontal }) => horizontal).slice(0, MOST)
  for (const rule of flat.sort((a, b) => a.at - b.at)) {
    const stack = done.find(
      ([first]) =>
        Math.abs(first!.from - rule.from) < SAME &&
        Math.abs(first!.to - rule.to) < SAME &&
        rule.at - first!.at < TALLEST,
    )
    if (stack) stack.push(rule)
    else done.push([rule])
  }
  return done.filter((stack) => stack.at(-1)!.at - stack[0]!.at > 20)
}
