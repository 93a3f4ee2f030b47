/** An answer's body, whatever the server calls it. */
import { isObject, type JsonObject } from '../files/json-value.js'
import { parsed } from './error-body.js'

/**
 * A value where it is JSON, else its text.
 * @throws SyntaxError where it is said to be JSON and is not; whatever reading throws.
 */
export async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text()
  const events = eventsIn(text)
  if (events.length > 1) return assembled(events)
  const value = parsed(text)
  if (typeof value === 'string' && /json/.test(response.headers.get('content-type') ?? '')) {
    throw new SyntaxError('not JSON')
  }
  return value
}

/** Of a stream that nobody asked for. */
function eventsIn(text: string): JsonObject[] {
  if (!/^(?:\s*(?:data|event|id|retry)?:)/.test(text)) return []
  return text.split('\n').flatMap((line) => {
    const value = line.startsWith('data:') ? parsed(line.slice('data:'.length)) : undefined
    return isObject(value) ? [value] : []
  })
}

/** Their pieces together as one answer, or the one that is an error. */
function assembled(events: JsonObject[]): JsonObject {
  const failed = events.find(({ error }) => error)
  if (failed) return failed
  let content = ''
  let finish: unknown
  for (const { choices } of events) {
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
    if (!isObject(choice)) continue
    const piece = isObject(choice.delta) ? choice.delta.content : undefined
    content += typeof piece === 'string' ? piece : ''
    finish = choice.finish_reason ?? finish
  }
  const usage = events.map((event) => event.usage).findLast(isObject)
  return { choices: [{ message: { content }, finish_reason: finish }], usage }
}
