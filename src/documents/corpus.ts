/** A corpus that can be read more than once. */
import type { OnProblem } from '../errors.js'
import { readAgain } from '../files/read-again.js'
import type { Document } from './document.js'
import { readDocuments } from './read-documents.js'

/** As readDocuments; what is wrong with a record is told the first time only. */
export function documentsOf(sources: string[], onProblem: OnProblem): AsyncIterable<Document> {
  return readAgain((tell) => readDocuments(sources, tell), onProblem)
}
