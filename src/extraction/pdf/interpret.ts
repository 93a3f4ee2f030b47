/**
 * A page's drawing operators (ISO 32000-2, 8 and 9) followed as far as text, lines and images need it. pdf.js's own text
 * extraction turns right-to-left runs around before their ligatures are taken apart, and tells neither lines nor what is marked
 * as no part of the text.
 */
import type { Drawing } from './drawing.js'
import type { Page, Pixels } from './page.js'
import type { Operators } from './paths.js'

/** @param functions numbers of operators, in order, each with its arguments. */
export function interpret(
  ops: Operators,
  functions: readonly number[],
  args: readonly unknown[],
  drawing: Drawing,
): Page {
  const names = new Map(Object.entries(ops).map(([name, number]) => [number, name]))
  for (const [index, number] of functions.entries()) {
    const act = ACTIONS[names.get(number) ?? '']
    if (act) act(drawing, (args[index] ?? []) as never[], ops)
  }
  return drawing.finish()
}

type Action = (to: Drawing, args: never[], ops: Operators) => void

const ACTIONS: Readonly<Record<string, Action>> = {
  save: (to) => to.save(),
  restore: (to) => to.restore(),
  transform: (to, args) => to.transform(args),
  paintFormXObjectBegin: (to, [matrix]) => {
    to.save()
    to.transform(matrix ?? null)
  },
  paintFormXObjectEnd: (to) => to.restore(),
  setGState: (to, [entries]) => to.setGraphicsState(entries ?? []),
  beginGroup: (to) => to.beginGroup(),
  endGroup: (to) => to.restore(),
  setFont: (to, [name, size]) => to.setFont(name!, size!),
  setCharSpacing: (to, [charSpacing]) => to.set({ charSpacing: charSpacing! }),
  setWordSpacing: (to, [wordSpacing]) => to.set({ wordSpacing: wordSpacing! }),
  setHScale: (to, [percent]) => to.set({ scale: percent! / 100 }),
  setTextRise: (to, [rise]) => to.set({ rise: rise! }),
  setLeading: (to, [leading]) => to.set({ leading: -leading! }),
  beginText: (to) => to.beginText(null),
  setTextMatrix: (to, [matrix]) => to.beginText(matrix ?? null),
  moveText: (to, [x, y]) => to.moveText(x!, y!),
  setLeadingMoveText: (to, [x, y]) => {
    to.set({ leading: y! })
    to.moveText(x!, y!)
  },
  nextLine: (to) => to.nextLine(),
  showText: (to, [glyphs]) => to.show(glyphs ?? []),
  beginMarkedContent: (to, [tag]) => to.mark(tag),
  beginMarkedContentProps: (to, [tag]) => to.mark(tag),
  endMarkedContent: (to) => to.unmark(),
  paintImageXObject: (to, [name]) => to.picture(name!),
  paintInlineImageXObject: (to, [pixels]) => pixels && to.picture(pixels),
  paintImageMaskXObject: (to, [mask]) => mask && to.picture({ ...(mask as object), kind: 4 } as Pixels),
  constructPath: (to, [operator, data], ops) => to.path(operator!, (data as never[] | undefined)?.[0], ops),
}
