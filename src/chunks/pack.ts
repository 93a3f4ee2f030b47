/** Units into chunks: as full as the budget allows, ending at a paragraph where that costs little. */
import { MAX_SPAN } from './spans.js'
import type { Draft, Unit } from './units.js'

/** The units from `first` up to `end`; those before `fresh` repeat the chunk before. */
export interface Packed {
  first: number
  fresh: number
  end: number
}

interface Packing {
  units: Unit[]
  budget: number
  trainerBudget: number
  overlapTokens: number
  /** Tokens of all units before each one, and of all at the last place. */
  sums: Float64Array
  /** The same of the trainer's tokens, each behind the one before. */
  trainerSums: Float64Array
}

/** A last chunk below this share of the budget takes sentences from the chunk before. */
const TINY = 0.25

/**
 * Greedy. A paragraph that does not fit what is left of a chunk, but a chunk of its own, starts
 * one when the chunk is at least half full. A heading goes with the text after it. Every unit is
 * fresh in one chunk; a unit above the budget gets its own.
 */
export function pack({ units, budget, trainerBudget }: Draft, overlapTokens: number): Packed[] {
  const packing = {
    units,
    budget,
    trainerBudget,
    overlapTokens,
    sums: runningSums(units.map(({ tokens }) => tokens)),
    trainerSums: runningSums(units.map(({ trainedBehind }) => trainedBehind)),
  }
  const chunks: Packed[] = []
  for (let fresh = 0; fresh < units.length; ) {
    const first = overlapStart(packing, chunks.at(-1), fresh)
    const end = chunkEnd(packing, first, fresh)
    chunks.push({ first, fresh, end })
    fresh = end
  }
  return evenLast(packing, chunks)
}

function runningSums(numbers: number[]): Float64Array {
  const sums = new Float64Array(numbers.length + 1)
  for (const [i, number] of numbers.entries()) sums[i + 1] = sums[i]! + number
  return sums
}

function tokensOf({ sums }: Packing, first: number, end: number): number {
  return sums[end]! - sums[first]!
}

/** What units take of a chunk, of `budget`, by the tokenizer by which they take more. */
function loadOf(packing: Packing, first: number, end: number): number {
  const { units, budget, trainerBudget, trainerSums } = packing
  const tokens = tokensOf(packing, first, end)
  if (first === end || trainerBudget === Number.POSITIVE_INFINITY) return tokens
  const trained = units[first]!.trained + trainerSums[end]! - trainerSums[first + 1]!
  return Math.max(tokens, (trained * budget) / trainerBudget)
}

function fits(packing: Packing, first: number, end: number, budget = packing.budget): boolean {
  const { units } = packing
  return loadOf(packing, first, end) <= budget && units[end - 1]!.end - units[first]!.start <= MAX_SPAN
}

/** The first of the last units before `fresh` that the chunk repeats: not all of the chunk before. */
function overlapStart(packing: Packing, before: Packed | undefined, fresh: number): number {
  if (before === undefined || packing.overlapTokens === 0) return fresh
  const next = withHeadings(packing, fresh)
  let first = fresh
  while (first - 1 > before.first && tokensOf(packing, first - 1, fresh) <= packing.overlapTokens) {
    if (!fits(packing, first - 1, next)) break
    first--
  }
  return first
}

/** The end of what has to stay together from a unit on: headings and the unit after them, if they fit. */
function withHeadings(packing: Packing, from: number): number {
  const { units } = packing
  let end = from
  while (end < units.length - 1 && units[end]!.heading && fits(packing, from, end + 2)) end++
  return end + 1
}

function chunkEnd(packing: Packing, first: number, fresh: number): number {
  const { units } = packing
  let end = fresh + 1
  while (end < units.length && fits(packing, first, end + 1)) end++
  if (end === units.length || units[end]!.opens) return end
  return paragraphEnd(packing, first, fresh, end) ?? beforeHeadings(packing, fresh, end)
}

/** The start of the paragraph at `end`, if the chunk had better end there. */
function paragraphEnd(packing: Packing, first: number, fresh: number, end: number): number | undefined {
  const { units, budget, overlapTokens } = packing
  let start = end
  while (start > fresh && !units[start]!.opens) start--
  if (start === fresh || loadOf(packing, first, start) < budget / 2) return undefined
  let stop = end
  while (stop < units.length && !units[stop]!.opens) {
    stop++
    if (!fits(packing, start, stop, budget - overlapTokens)) return undefined
  }
  return start
}

/** `end`, or the headings before it, if the next chunk can hold them with their text. */
function beforeHeadings(packing: Packing, fresh: number, end: number): number {
  let start = end
  while (start > fresh && packing.units[start - 1]!.heading) start--
  return start > fresh && fits(packing, start, end + 1) ? start : end
}

/** Moves the cut before a tiny last chunk back to a more even one, if possible at a paragraph. */
function evenLast(packing: Packing, chunks: Packed[]): Packed[] {
  const { units, budget } = packing
  const last = chunks.at(-1)
  const before = chunks.at(-2)
  if (last === undefined || before === undefined || loadOf(packing, last.fresh, last.end) >= budget * TINY)
    return chunks
  let best = last.fresh
  let least = Number.POSITIVE_INFINITY
  for (let cut = last.fresh - 1; cut > before.fresh && fits(packing, cut, last.end); cut--) {
    const gap = Math.abs(loadOf(packing, before.first, cut) - loadOf(packing, cut, last.end))
    const cost = (units[cut]!.opens ? gap : gap + budget / 2) + (units[cut - 1]!.heading ? budget : 0)
    if (cost < least) [best, least] = [cut, cost]
  }
  if (best === last.fresh) return chunks
  const moved = { ...before, end: best }
  return [
    ...chunks.slice(0, -2),
    moved,
    { first: overlapStart(packing, moved, best), fresh: best, end: last.end },
  ]
}
