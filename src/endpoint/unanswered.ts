/** When there is no point in asking an endpoint on. */
import { ClaraError } from '../errors.js'
import type { Answered, Paid } from './calls.js'
import type { Failure } from './failure.js'

/** So many calls one after the other without an answer, and the run stops. */
const MAX_UNANSWERED = 5

/**
 * @param name the endpoint's, for messages.
 * @param what is asked about, in the plural.
 * @returns what is told each answer. @throws ClaraError `llm` for one after which there is no point in asking on.
 */
export function unansweredGuard(name: string, what: string): (answer: Answered<Paid>) => void {
  let unanswered = 0
  return (answer) => {
    if ('reply' in answer) {
      unanswered = 0
      return
    }
    const { failure } = answer
    if (failure.kind === 'fatal') throw new ClaraError('llm', `${name}: ${failure.reason}`)
    unanswered = wasAnswered(failure) ? 0 : unanswered + 1
    if (unanswered < MAX_UNANSWERED) return
    if (failure.kind === 'unclear') {
      throw new ClaraError(
        'llm',
        `${name}: ${failure.reason}: so for ${unanswered} ${what} in a row: check that this API key may use this model`,
      )
    }
    throw new ClaraError(
      'llm',
      `${name}: no answer for ${unanswered} ${what} in a row: ${failure.reason}: check the base URL, ` +
        'that the server runs, and the timeout; then run again, replies received so far are kept',
    )
  }
}

function wasAnswered({ kind }: Failure): boolean {
  return kind === 'throttled' || kind === 'busy' || kind === 'rejected' || kind === 'refused'
}
