/** @returns where `value` is among ascending numbers, or else the next larger one. */
export function firstNotBelow(ascending: Uint32Array, value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
