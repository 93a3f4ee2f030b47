/** What to do where a reply cannot be used, and where none can. */
import type { Cause } from '../endpoint/trial.js'
import { isRefusal, type Reply } from './reply.js'

const LESS_THINKING =
  '--request-param \'reasoning_effort="low"\', or --request-param \'chat_template_kwargs={"enable_thinking":false}\''
const FORM =
  'the model does not keep to the form that it is asked for: try another --model, or a larger one; ' +
  'rejected text of its replies is in llm_journal.jsonl'

/** @param limit of a reply's tokens, where there is one. */
export function causeOf(
  reply: Reply,
  parsed: object | { problem: string },
  limit: number | undefined,
): Cause | undefined {
  if (!('problem' in parsed)) return undefined
  const { problem } = parsed
  const most = limit === undefined ? 'the server’s own limit' : `${limit} tokens`
  if (isAllThought(reply)) {
    return {
      problem: `the reply was cut off at the token limit before it began (${most})`,
      remedy:
        `a model that thinks first has spent them on that: raise --max-output-tokens (4000 and more), ` +
        `or let it think less: ${LESS_THINKING}`,
    }
  }
  if (reply.finishReason === 'length') {
    const remedy = 'raise --max-output-tokens, or lower --pairs-per-chunk'
    return { problem: `the reply was cut off at the token limit (${most})`, remedy }
  }
  if (isRefusal(reply)) return { problem, remedy: 'another --model may write about these texts' }
  if (reply.content.trim() === '') {
    const remedy = `the model may have written its thoughts only: try ${LESS_THINKING}, or another --model`
    return { problem, remedy }
  }
  return { problem, remedy: FORM }
}

/** Whether saying what was wrong may bring a better reply. */
export function isRepairable(reply: Reply): boolean {
  return !isRefusal(reply) && !isAllThought(reply)
}

/** Cut off while the model thought: to ask again with the same limit is to pay for the same. */
function isAllThought({ content, finishReason }: Reply): boolean {
  if (finishReason !== 'length') return false
  return /^\s*(?:<think(?:ing)?>(?![\s\S]*<\/think(?:ing)?>)|$)/.test(content)
}
