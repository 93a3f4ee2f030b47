/** --request-param: fields of the user's own in the requests to an endpoint. */
import { type Command, InvalidArgumentError } from 'commander'
import type { RequestParams } from '../questions/endpoint.js'

export interface RequestParamFlags {
  requestParam?: RequestParams
}

/** What other flags say, or what one reply to one passage does not go together with. */
const TAKEN: Record<string, string> = {
  model: 'pass --model',
  messages: 'they are the prompt and the passage: pass --prompt',
  max_tokens: 'pass --max-output-tokens',
  max_completion_tokens: 'pass --max-output-tokens',
  stream: 'whole replies are read',
  stream_options: 'whole replies are read',
  n: 'one reply is read',
}

export function requestParamFlag(command: Command): Command {
  return command.option(
    '--request-param <name=json>',
    'a field to put into each request, may be given again: enable_thinking=false, reasoning_effort=low (a bare word is a text)',
    addParam,
  )
}

function addParam(text: string, before: RequestParams = {}): RequestParams {
  const [, name, value] = /^([A-Za-z][\w.-]*)=([\s\S]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('expected a name and JSON: enable_thinking=false')
  }
  const taken = TAKEN[name]
  if (taken !== undefined && Object.hasOwn(TAKEN, name)) {
    throw new InvalidArgumentError(`${name} is not taken here: ${taken}`)
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is there twice`)
  return { ...before, [name]: paramValue(value) }
}

/** Shells take the quotation marks off: what cannot be meant as JSON is a text. */
function paramValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    if (/^[\p{L}][\p{L}\p{N}_./:+-]*$/u.test(text) && !/^(?:true|false|null|none|undefined|nan)$/i.test(text))
      return text
    throw new InvalidArgumentError(`${text} is no JSON: expected false, 0.5, "a text" or {"a": "value"}`)
  }
}
