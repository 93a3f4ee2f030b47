/** JSON values one after another, or in a list: what stands in a `.json` file of records, read without holding all of it. */
import { MAX_LINE_BYTES, type RawLine } from './jsonl.js'

/** The bytes of one value, as one line of JSON Lines has them. */
export type RawValue = Pick<RawLine, 'line' | 'bytes'>

const BLANK = new Set(Buffer.from(' \t\r\n'))
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA, NEWLINE] =
  Buffer.from('"\\[]{},\n')

/**
 * The values of a list at the top, else the values at the top; each with the line that it begins in. What is no JSON
 * comes as it is, for the parser to say so.
 * @param onCutOff told where the list is not closed.
 */
export async function* readValues(
  blocks: AsyncIterable<Buffer>,
  onCutOff: (line: number) => void,
): AsyncGenerator<RawValue[]> {
  let [line, begun] = [1, 0]
  let inList = false
  /** Lists and objects that are open inside of the value. */
  let depth = 0
  let [inValue, inString, escaped] = [false, false, false]
  let held: Buffer[] = []
  let heldBytes = 0
  const hold = (part: Buffer) => {
    heldBytes += part.byteLength
    if (heldBytes <= MAX_LINE_BYTES) held.push(part)
    else held = []
  }
  const take = (): RawValue => {
    const value = { line: begun, bytes: heldBytes > MAX_LINE_BYTES ? undefined : Buffer.concat(held) }
    held = []
    heldBytes = 0
    inValue = false
    return value
  }
  for await (const block of blocks) {
    const values: RawValue[] = []
    let from = 0
    const end = (at: number) => {
      hold(block.subarray(from, at))
      values.push(take())
    }
    for (let i = 0; i < block.length; i++) {
      const byte = block[i]!
      if (byte === NEWLINE) line++
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) {
          inString = false
          if (depth === 0) end(i + 1)
        }
        continue
      }
      const isBetween = BLANK.has(byte) || byte === COMMA
      if (inValue && depth === 0 && (isBetween || byte === CLOSE_LIST)) end(i) // after a number or a word
      if (!inValue) {
        if (isBetween) continue
        if (byte === OPEN_LIST && !inList) inList = true
        else if (byte === CLOSE_LIST && inList) inList = false
        else {
          inValue = true
          begun = line
          from = i
        }
        if (!inValue) continue
      }
      if (byte === QUOTE) inString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth <= 0) {
        depth = 0
        end(i + 1)
      }
    }
    if (inValue) hold(block.subarray(from))
    if (values.length > 0) yield values
  }
  if (inValue) yield [take()]
  if (inList) onCutOff(line)
}
