/** From the order in which a line is seen to that in which it is read: what the Unicode bidirectional algorithm does, backwards. */
import { isMostlyRtl, isRtl } from './characters.js'

const MIRRORED = new Map(
  ['()', '[]', '{}', '<>', '«»', '‹›'].flatMap(([open, close]) => [
    [open!, close!],
    [close!, open!],
  ]),
)

/** @param cells from left to right, one a glyph; a ligature's letters are already in the order in which they are read. */
export function readingText(cells: readonly string[]): string {
  if (!cells.some(isRtl)) return cells.join('')
  return isMostlyRtl(cells.join('')) ? backwards(cells) : partly(cells)
}

/** Runs of other letters and of digits keep their order in a line that is read from the right. */
function backwards(cells: readonly string[]): string {
  const turned = [...cells].reverse().map((cell) => MIRRORED.get(cell) ?? cell)
  return keepingRuns(turned, (cell) => /[\p{L}\p{N}]/u.test(cell) && !isRtl(cell), MIRRORED)
}

/** Runs of Arabic or Hebrew in a line that is read from the left. */
function partly(cells: readonly string[]): string {
  return keepingRuns(cells, isRtl, new Map())
}

/** Turns each run around that begins and ends with a cell of one kind, and has none but neutral ones between. */
function keepingRuns(
  cells: readonly string[],
  ofKind: (cell: string) => boolean,
  mirrored: ReadonlyMap<string, string>,
): string {
  const done: string[] = []
  for (let i = 0; i < cells.length; ) {
    if (!ofKind(cells[i]!)) {
      done.push(cells[i++]!)
      continue
    }
    let end = i
    for (let j = i; j < cells.length && (ofKind(cells[j]!) || isNeutral(cells[j]!)); j++)
      if (ofKind(cells[j]!)) end = j
    const run = cells.slice(i, end + 1).reverse()
    done.push(...run.map((cell) => mirrored.get(cell) ?? cell))
    i = end + 1
  }
  return done.join('')
}

function isNeutral(cell: string): boolean {
  return !/\p{L}|\p{N}/u.test(cell)
}
