/** Token ids of many texts, flat: text i has `ids[starts[i]] … ids[starts[i + 1] - 1]`. */
export interface Encodings {
  ids: Int32Array
  /** Length: texts + 1. */
  starts: Int32Array
  /** Texts that were cut at the model's limit. */
  truncated: number
}

export function encodedLength(encodings: Encodings, index: number): number {
  return encodings.starts[index + 1]! - encodings.starts[index]!
}
