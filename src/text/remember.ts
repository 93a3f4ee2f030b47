/** What was worked out of texts is kept for a while: the same passage is compared with many questions. */

/**
 * Two generations: what was not asked for while the young one filled up is forgotten.
 * @param units UTF-16 units of text in a generation
 */
export function remember<T>(work: (text: string) => T, units: number): (text: string) => T {
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  let filled = 0
  return (text) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const result = old.get(text) ?? work(text)
    if (filled > units) {
      old = young
      young = new Map()
      filled = 0
    }
    filled += text.length
    young.set(text, result)
    return result
  }
}
