/** A source that is read more than once. */
import type { OnProblem } from '../errors.js'

/** What is wrong with a record is told the first time only. */
export function readAgain<T>(
  read: (onProblem: OnProblem) => AsyncGenerator<T>,
  onProblem: OnProblem,
): AsyncIterable<T> {
  let told = 0
  return {
    [Symbol.asyncIterator]() {
      let met = 0
      return read((problem) => {
        if (met++ < told) return
        told = met
        onProblem(problem)
      })
    },
  }
}
