/** A corpus that can be read more than once. */
import type { OnProblem } from '../errors.js'
import type { Document } from './document.js'
import { readDocuments } from './read-documents.js'

/** As readDocuments; what is wrong with a record is told the first time only. */
export function documentsOf(sources: string[], onProblem: OnProblem): AsyncIterable<Document> {
  let told = 0
  return {
    [Symbol.asyncIterator]() {
      let met = 0
      return readDocuments(sources, (problem) => {
        if (met++ < told) return
        told = met
        onProblem(problem)
      })
    },
  }
}
