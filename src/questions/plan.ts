/** What a run would ask and cost, found out without asking. */

import { BATCH_DISCOUNT, estimateTokens, type Price, usdOf } from '../endpoint/price.js'
import { NO_USAGE, sumOf, type Usage } from '../endpoint/usage.js'
import { mostUsage, requestBody } from './completion.js'
import type { Endpoint, RequestSettings } from './endpoint.js'
import { type Prompt, promptFor, promptKey, repairKey, repairPrompt, type Task } from './prompt.js'
import { parseReply } from './reply.js'
import { readReplyIndex, usdOfReplies } from './reply-journal.js'
import { isRepairable } from './reply-remedy.js'
import type { Work } from './tasks.js'

interface Plan {
  chunks: number
  /** Chunks whose reply is in the journal, or will be when the same passage has been asked about. */
  fromJournal: number
  calls: number
  /** Estimated, for those calls. */
  promptTokens: number
  completionTokens: number
  /** USD; null where the price is not known. */
  usd: number | null
  /** If every token were one byte, every reply as long as may be, and none of the first ones could be used. */
  usdAtMost: number | null
  /** What the replies in the journal cost. */
  usdSpent: number | null
}

interface PlanOptions {
  endpoint: RequestSettings & Pick<Endpoint, 'baseUrl'>
  /** Need not be there. */
  journalPath: string
  price?: Price | undefined
  /** Asked in batches, at their discount. */
  batch?: boolean
}

const LIKELY_TOKENS_OF_A_SUMMARY = 100
const LIKELY_TOKENS_A_PAIR = 100
/** As long as the one that a run draws. */
const TOKEN = '0'.repeat(24)

/** Reads the journal and changes nothing. @throws ClaraError `input` where it is none. */
export async function planQuestions(works: AsyncIterable<Work>, options: PlanOptions): Promise<Plan> {
  const { endpoint, journalPath, price, batch = false } = options
  const repairs = new Map<string, string>()
  const repaired = new Set<string>()
  const journal = await readReplyIndex(journalPath, endpoint, (reply, key, isSettled) => {
    if (!('problem' in parseReply(reply))) return true
    if (isSettled && (repaired.has(key) || !isRepairable(reply))) return true // it is left at that
    repairs.set(key, repairKey(key, reply.content))
    repaired.add(repairKey(key, reply.content))
    return false
  })
  const isThere = (key: string) => journal.has(key) || journal.has(repairs.get(key) ?? '')
  const asked = new Set<string>()
  let likely: Usage = NO_USAGE
  let most: Usage = NO_USAGE
  let longer: number | undefined // that a second request is, at most
  const usual = meanReply(journal)
  let count = 0
  for await (const { task } of works) {
    count++
    const key = promptKey(endpoint, task)
    if (isThere(key) || asked.has(key)) continue
    asked.add(key)
    const prompt = promptFor(task, TOKEN)
    const body = requestBody(endpoint, prompt)
    const promptTokens = estimateTokens(prompt.system) + estimateTokens(prompt.user)
    const completionTokens = usual ?? LIKELY_TOKENS_OF_A_SUMMARY + task.types.length * LIKELY_TOKENS_A_PAIR
    likely = sumOf(likely, { promptTokens, completionTokens })
    const first = mostUsage(body)
    longer ??= mostUsage(requestBody(endpoint, longestRepair(task))).promptTokens - first.promptTokens
    most = sumOf(most, sumOf(first, { ...first, promptTokens: first.promptTokens + longer }))
  }
  const discount = batch ? BATCH_DISCOUNT : 1
  const cost = (usage: Usage, share: number) => (price ? usdOf(usage, price) * share : null)
  return {
    chunks: count,
    fromJournal: count - asked.size,
    calls: asked.size,
    promptTokens: likely.promptTokens,
    completionTokens: Math.round(likely.completionTokens),
    usd: cost(likely, discount),
    usdAtMost: cost(most, discount),
    usdSpent: price ? usdOfReplies(journal.used, price) : null,
  }
}

/** What is sent back where a reply cannot be used: as JSON spells it a control character takes six bytes. */
function longestRepair(task: Task): Prompt {
  return repairPrompt(task, '\u0001'.repeat(4000), '\u0001'.repeat(300), TOKEN)
}

function meanReply(journal: {
  used: Record<'direct' | 'batch', Usage>
  replies: number
}): number | undefined {
  const { direct, batch } = journal.used
  return journal.replies > 0
    ? (direct.completionTokens + batch.completionTokens) / journal.replies
    : undefined
}
