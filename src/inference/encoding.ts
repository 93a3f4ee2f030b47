/** Token ids of many texts or pairs, flat: row i has `ids[starts[i]] … ids[starts[i + 1] - 1]`. */
export interface Encodings {
  ids: Int32Array
  /** Length: rows + 1. */
  starts: Int32Array
  /** Segment of each of `ids`; absent where all are 0. */
  typeIds?: Uint8Array
  /** Rows that were cut at the model's limit. */
  truncated: number
  /** Of `ids`, those that come from the texts: special tokens are not counted. */
  tokens: number
  /** Of `tokens`, those that stand for something that the vocabulary lacks. */
  unknown: number
}

export interface TextPair {
  question: string
  passage: string
}

export function encodedLength(encodings: Encodings, index: number): number {
  return encodings.starts[index + 1]! - encodings.starts[index]!
}
