/** rejected.jsonl -> how many pairs each check refused, and some of them. */
import type { OnProblem } from '../../errors.js'
import { isObject, type JsonObject } from '../../files/json-value.js'
import { readJsonObjects } from '../../files/records.js'
import { Reservoir } from './choose.js'
import { type Excerpt, excerptOf, MOST_ANSWER, MOST_QUESTION } from './excerpt.js'
import { OTHERS, WordCounts } from './tallies.js'
import type { WantedTexts } from './wanted.js'

export interface RejectedCounts {
  pairs: number
  summaries: number
  /** Pairs, and summaries, with each fault; one may have several. */
  reasons: { name: string; count: number }[]
  summary_reasons: { name: string; count: number }[]
}

export interface RejectedExample {
  reason: string
  chunkId: string
  type: string
  question: Excerpt
  answer: Excerpt
  quotes: Excerpt[]
  summary: Excerpt | undefined
  /** Of the chunk; `undefined` until it is found. */
  passage: Excerpt | undefined
}

const SHOWN = 3
const MOST_QUOTES = 5
const MOST_NAME = 100
const MOST_ID = 1000

export async function countRejected(
  path: string,
  seed: number,
  onProblem: OnProblem,
): Promise<{ counts: RejectedCounts; examples: RejectedExample[] }> {
  const [ofPairs, ofSummaries] = [new WordCounts(), new WordCounts()]
  const byReason = new Map<string, Reservoir<RejectedExample>>()
  const counts = { pairs: 0, summaries: 0 }
  for await (const { line, value } of readJsonObjects(path, onProblem)) {
    const why = value.reasons
    if (!Array.isArray(why) || !why.every((each) => typeof each === 'string')) {
      onProblem({ path, line, reason: 'reasons is no list of strings' })
      continue
    }
    const isPair = isObject(value.pair)
    if (isPair) counts.pairs++
    else counts.summaries++
    for (const each of new Set<string>(why)) {
      const reason = (isPair ? ofPairs : ofSummaries).add(each)
      if (reason === OTHERS) continue
      const reservoir =
        byReason.get(reason) ?? new Reservoir<RejectedExample>(SHOWN, seed, 'rejected', reason)
      byReason.set(reason, reservoir)
      reservoir.offer(() => exampleOf(reason, value))
    }
  }
  const [reasons, summaryReasons] = [ofPairs.sorted(), ofSummaries.sorted()]
  const names = new Set([...reasons, ...summaryReasons].map(({ name }) => name))
  return {
    counts: { ...counts, reasons, summary_reasons: summaryReasons },
    examples: [...names].flatMap((name) => byReason.get(name)?.items ?? []),
  }
}

export function wantPassages(examples: RejectedExample[], wanted: WantedTexts): void {
  for (const example of examples) {
    wanted.want(example.chunkId, (text) => {
      example.passage = text
    })
  }
}

function exampleOf(reason: string, { chunk_id: chunk, pair, summary }: JsonObject): RejectedExample {
  const { type, question, answer, quotes, malformed } = isObject(pair) ? pair : {}
  const first = Array.isArray(chunk) ? chunk[0] : chunk
  return {
    reason,
    chunkId: textOf(first).slice(0, MOST_ID),
    type: textOf(type).slice(0, MOST_NAME),
    question: excerptOf(textOf(question ?? malformed), MOST_QUESTION),
    answer: excerptOf(textOf(answer), MOST_ANSWER),
    quotes: (Array.isArray(quotes) ? quotes : [])
      .slice(0, MOST_QUOTES)
      .map((quote) => excerptOf(textOf(quote), MOST_QUESTION)),
    summary: typeof summary === 'string' ? excerptOf(summary, MOST_ANSWER) : undefined,
    passage: undefined,
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
