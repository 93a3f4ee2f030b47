/** The journal of clara-synth -> how many replies were paid for. */
import { readLines } from '../../files/jsonl.js'

/** Whole lines: a kill may have torn the last one. */
export async function countReplies(path: string): Promise<number> {
  let replies = 0
  for await (const { bytes, start, end } of readLines(path)) {
    if (bytes === undefined || end - start > bytes.byteLength) replies++
  }
  return replies
}
