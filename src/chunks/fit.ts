/** Chunks that their own count shows to be over the budget: token counts need not add up. */
import { type CountTokens, countSpans, type TrainerRoom } from './count-tokens.js'
import type { Packed } from './pack.js'
import type { Span } from './spans.js'
import type { Draft, Unit } from './units.js'

interface Piece extends Packed {
  draft: number
  /** Known to fit, or one unit, which was counted as such. */
  done: boolean
}

/**
 * The spans of each draft's chunks, in order. A chunk above the budget first loses what it
 * repeats of the chunk before, then is halved, until each fits or is a single unit.
 */
export async function fitChunks(
  drafts: Draft[],
  packed: Packed[][],
  countTokens: CountTokens,
  trainer: TrainerRoom | undefined,
): Promise<Span[][]> {
  let pieces = packed.flatMap((chunks, draft) =>
    chunks.map((chunk) => ({ ...chunk, draft, done: chunk.end - chunk.first === 1 })),
  )
  while (pieces.some((piece) => !piece.done)) {
    pieces = await fitOnce(drafts, pieces, countTokens, trainer)
  }
  const spans: Span[][] = drafts.map(() => [])
  for (const piece of pieces) spans[piece.draft]!.push(spanOf(drafts[piece.draft]!, piece))
  return spans
}

async function fitOnce(
  drafts: Draft[],
  pieces: Piece[],
  countTokens: CountTokens,
  trainer: TrainerRoom | undefined,
): Promise<Piece[]> {
  const open = pieces.filter((piece) => !piece.done)
  const items = open.map((piece) => {
    const draft = drafts[piece.draft]!
    return { text: draft.text, span: spanOf(draft, piece) }
  })
  const [counts, trained] = await Promise.all([
    countSpans(items, countTokens),
    trainer && countSpans(items, trainer.countTokens),
  ])
  const fitting = new Set(
    open.filter(({ draft }, i) => {
      const { budget, trainerBudget } = drafts[draft]!
      return counts[i]! <= budget && (trained?.[i] ?? 0) <= trainerBudget
    }),
  )
  return pieces.flatMap((piece) => {
    const draft = drafts[piece.draft]!
    if (piece.done || fitting.has(piece)) return { ...piece, done: true }
    return smaller(draft.units, piece)
  })
}

function spanOf({ units }: Draft, { first, end }: Packed): Span {
  return { start: units[first]!.start, end: units[end - 1]!.end }
}

function smaller(units: Unit[], piece: Piece): Piece[] {
  const { first, fresh, end } = piece
  if (first < fresh) return [{ ...piece, first: fresh, done: end - fresh === 1 }]
  const cut = middle(units, first, end)
  return [
    { ...piece, end: cut, done: cut - first === 1 },
    { ...piece, first: cut, fresh: cut, done: end - cut === 1 },
  ]
}

/** The cut that leaves the two parts most even, if possible not after a heading. */
function middle(units: Unit[], first: number, end: number): number {
  let all = 0
  for (let i = first; i < end; i++) all += units[i]!.tokens
  let best = first + 1
  let least = Number.POSITIVE_INFINITY
  let left = 0
  for (let cut = first + 1; cut < end; cut++) {
    left += units[cut - 1]!.tokens
    const cost = Math.abs(all - 2 * left) + (units[cut - 1]!.heading ? all : 0)
    if (cost < least) [best, least] = [cut, cost]
  }
  return best
}
