/** Written chunks -> the pairs and summaries that are believed, and those that are not. */
import { type PairFault, pairFaults } from './checks/check-pair.js'
import { type SummaryFault, summaryFaults } from './checks/check-summary.js'
import { createDuplicates, type Duplicates } from './checks/duplicates.js'
import { leakFinder } from './checks/leak.js'
import { readPassage } from './checks/passage.js'
import type { WrittenChunk } from './generate.js'
import { PAIR_TYPES, type PairType } from './pair-types.js'
import type { WrittenPair } from './reply.js'

export type Reason =
  | PairFault
  | SummaryFault
  | 'more of its type than were asked for'
  | 'the same question as one before'
  | 'nearly the same question as one before'
  | 'a question that does not find its passage'
  | 'a passage that had a summary before'
  | 'not of the form that was asked for'

export interface BelievedPair extends WrittenPair {
  type: PairType
  /** Of the chunk or chunks that it was written about. */
  chunkIds: string[]
}

export interface Rejected {
  chunkIds: string[]
  reasons: Reason[]
  /** One of the three. */
  pair?: WrittenPair
  summary?: string
  /** As JSON: what should have been a pair. */
  malformed?: string
}

/** What one reply came to. */
export interface Judged {
  chunkIds: string[]
  documentIds: string[]
  /** What each chunk says: what goes into `docs`. */
  passages: string[]
  pairs: BelievedPair[]
  /** `undefined` for one that is not believed. */
  summary: string | undefined
  rejected: Rejected[]
  /** Halves of surrogate pairs that are U+FFFD now, where the reply had any. */
  repaired?: number
}

/** In the order of the chunks, each pair judged by itself and by the questions before it. */
export async function* judge(written: AsyncIterable<WrittenChunk>): AsyncGenerator<Judged> {
  const before: Before = { questions: createDuplicates(), summarised: createDuplicates() }
  for await (const each of written) yield judgeOne(each, before)
}

/** What has come by now. */
interface Before {
  questions: Duplicates
  /** Passages. */
  summarised: Duplicates
}

export function judgeOne(
  { chunks, task, summary, pairs, malformed, repaired }: WrittenChunk,
  before: Before,
): Judged {
  const chunkIds = chunks.map(({ id }) => id)
  const grounds = {
    passages: task.passages.map(readPassage),
    leak: leakFinder(task.system),
    answersIn: task.answersIn,
  }
  const left = [...task.types]
  const judged: Judged = {
    chunkIds,
    documentIds: chunks.map(({ documentId }) => documentId),
    passages: task.passages,
    pairs: [],
    summary: undefined,
    rejected: [],
    ...(repaired !== undefined && { repaired }),
  }
  const types = typesOf(pairs, task.types)
  for (const [i, pair] of pairs.entries()) {
    const type = types[i] ?? left[0] ?? task.types[0]!
    const reasons: Reason[] = pairFaults({ ...pair, type }, grounds)
    const place = left.indexOf(type)
    if (place < 0) reasons.push('more of its type than were asked for')
    if (reasons.length === 0 && !before.questions.add(pair.question))
      reasons.push('the same question as one before')
    if (reasons.length > 0) {
      judged.rejected.push({ chunkIds, reasons, pair })
      continue
    }
    left.splice(place, 1)
    judged.pairs.push({ ...pair, type, chunkIds })
  }
  for (const each of malformed) {
    judged.rejected.push({ chunkIds, reasons: ['not of the form that was asked for'], malformed: each })
  }
  if (chunks.length > 1) return judged // nobody asked for a summary of several
  const reasons: Reason[] = summaryFaults(summary, grounds)
  if (reasons.length === 0 && !before.summarised.add(task.passages[0]!)) {
    reasons.push('a passage that had a summary before')
  }
  if (reasons.length === 0) judged.summary = summary
  else judged.rejected.push({ chunkIds, reasons, summary })
  return judged
}

/** As the model names them; one without a name of ours has the type that was asked for at its place. `undefined`: one too many. */
function typesOf(pairs: WrittenPair[], asked: readonly PairType[]): (PairType | undefined)[] {
  const named = pairs.map(({ type }) => {
    const name = type.toLowerCase().replace(/[\s_]+/g, '-')
    return PAIR_TYPES.find((each) => each === name)
  })
  const open = [...asked]
  for (const type of named) {
    const place = type ? open.indexOf(type) : -1
    if (place >= 0) open.splice(place, 1)
  }
  return named.map((type) => type ?? open.shift())
}
