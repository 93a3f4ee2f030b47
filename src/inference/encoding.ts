/** Token ids of many texts or pairs, flat: row i has `ids[starts[i]] … ids[starts[i + 1] - 1]`. */
export interface Encodings {
  ids: Int32Array
  /** Length: rows + 1. */
  starts: Int32Array
  /** Segment of each of `ids`; absent where all are 0. */
  typeIds?: Uint8Array
  /** Rows that were cut at the model's limit. */
  truncated: number
  /** Which rows those are; absent where there are none. */
  cutRows?: number[]
  /** Of `ids`, those that come from the texts: special tokens are not counted. */
  tokens: number
  /** Of `tokens`, those that stand for something that the vocabulary lacks. */
  unknown: number
  /** Rows of which over half of the tokens are unknown; absent where there are none. */
  unknownRows?: number[]
}

export interface TextPair {
  question: string
  passage: string
}

export function encodedLength(encodings: Encodings, index: number): number {
  return encodings.starts[index + 1]! - encodings.starts[index]!
}

export function allRows({ starts }: Encodings): number[] {
  return Array.from({ length: starts.length - 1 }, (_, row) => row)
}

export function joinEncodings(parts: Encodings[]): Encodings {
  const sum = (of: (part: Encodings) => number) => parts.reduce((total, part) => total + of(part), 0)
  const ids = new Int32Array(sum((part) => part.ids.length))
  const typeIds = parts.some((part) => part.typeIds) ? new Uint8Array(ids.length) : undefined
  const starts = new Int32Array(sum((part) => part.starts.length - 1) + 1)
  const cutRows: number[] = []
  const unknownRows: number[] = []
  let [token, row] = [0, 0]
  for (const part of parts) {
    for (const cut of part.cutRows ?? []) cutRows.push(row + cut)
    for (const unknown of part.unknownRows ?? []) unknownRows.push(row + unknown)
    ids.set(part.ids, token)
    if (part.typeIds) typeIds!.set(part.typeIds, token)
    for (const start of part.starts.subarray(1)) starts[++row] = token + start
    token += part.ids.length
  }
  const counts = {
    truncated: sum((part) => part.truncated),
    tokens: sum((part) => part.tokens),
    unknown: sum((part) => part.unknown),
  }
  return {
    ids,
    starts,
    ...(typeIds && { typeIds }),
    ...(cutRows.length > 0 && { cutRows }),
    ...(unknownRows.length > 0 && { unknownRows }),
    ...counts,
  }
}
