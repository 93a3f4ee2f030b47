/** @returns the k-th largest of `values`, 1 being the largest; their order changes. None may be NaN. */
export function kthLargest(values: Float64Array, k: number): number {
  const aim = k - 1
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const pivot = values[(low + high) >> 1]!
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i]! > pivot) i++
      while (values[j]! < pivot) j--
      if (i > j) break
      const value = values[i]!
      values[i++] = values[j]!
      values[j--] = value
    }
    if (aim <= j) high = j
    else if (aim >= i) low = i
    else break
  }
  return values[aim]!
}
