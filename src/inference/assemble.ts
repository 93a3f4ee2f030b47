/** Cuts texts to the model's limit and puts the special tokens around them. */
import type { Encodings } from './encoding.js'
import { type Slot, specialTokens } from './template.js'

interface Row {
  question: number[]
  passage: number[]
  /** Whether a text was cut before it was tokenized. */
  cut: boolean
}

/**
 * Rows of at most `maxTokens`. Special tokens are never cut. Of a pair the passage is cut; the
 * question only where it alone would leave no room for a token of the passage.
 * @throws RangeError when `maxTokens` has no room for a token of each text.
 */
export function assemble(
  rows: Row[],
  slots: Slot[],
  maxTokens: number,
  unknownId: number | undefined,
): Encodings {
  const room = maxTokens - specialTokens(slots)
  const texts = slots.filter(({ ids }) => typeof ids === 'string').length
  if (room < texts) throw new RangeError(`${maxTokens} tokens: expected at least ${maxTokens - room + texts}`)
  const cut = rows.map((row) => cutToRoom(row, room))
  const starts = startsOf(cut, slots)
  const ids = new Int32Array(starts.at(-1)!)
  const typeIds = slots.some(({ typeId }) => typeId !== 0) ? new Uint8Array(ids.length) : undefined
  let at = 0
  for (const row of cut) {
    for (const slot of slots) {
      const part = typeof slot.ids === 'string' ? row[slot.ids] : slot.ids
      ids.set(part, at)
      typeIds?.fill(slot.typeId, at, at + part.length)
      at += part.length
    }
  }
  const unknown = cut.map((row) => occurrences(row, unknownId))
  const unknownRows = Array.from(cut.keys()).filter((i) => unknown[i]! * 2 > tokensOf(cut[i]!))
  const cutRows = Array.from(cut.keys()).filter((i) => cut[i]!.cut)
  return {
    ids,
    starts,
    ...(typeIds && { typeIds }),
    ...(cutRows.length > 0 && { cutRows }),
    truncated: cutRows.length,
    tokens: ids.length - cut.length * specialTokens(slots),
    unknown: unknown.reduce((sum, count) => sum + count, 0),
    ...(unknownRows.length > 0 && { unknownRows }),
  }
}

function cutToRoom(row: Row, room: number): Row {
  const { question, passage } = row
  if (question.length + passage.length <= room) return row
  const kept = question.slice(0, passage.length > 0 ? room - 1 : room)
  return { question: kept, passage: passage.slice(0, room - kept.length), cut: true }
}

function tokensOf({ question, passage }: Row): number {
  return question.length + passage.length
}

function startsOf(rows: Row[], slots: Slot[]): Int32Array {
  const special = specialTokens(slots)
  const starts = new Int32Array(rows.length + 1)
  rows.forEach(({ question, passage }, i) => {
    starts[i + 1] = starts[i]! + question.length + passage.length + special
  })
  return starts
}

function occurrences({ question, passage }: Row, id: number | undefined): number {
  if (id === undefined) return 0
  let count = 0
  for (const token of question) if (token === id) count++
  for (const token of passage) if (token === id) count++
  return count
}
