/** Examples of candidates that were passed over because they may answer the question. */

import { Reservoir } from './choose.js'
import { type Excerpt, excerptOf, MOST_ANSWER, MOST_PASSAGE, MOST_QUESTION } from './excerpt.js'
import type { DocOrigin, Origin, PassedOver } from './provenance.js'
import { mayAnswer } from './reasons.js'
import type { ReportRow } from './rows.js'
import type { WantedTexts } from './wanted.js'

/** How a document did, by whatever model scored it. */
export type Standing = Pick<DocOrigin, 'rank' | 'embedder' | 'reranker'>

export interface Caught extends Standing {
  reason: string
  chunkId: string
  question: Excerpt
  answer: Excerpt
  positive: { text: Excerpt } & Standing
  /** `undefined` until it is found, and where it is nowhere. */
  text: Excerpt | undefined
}

/** So many of each reason are looked for, and so many of those that are found are shown. */
const LOOKED_FOR = 16
const SHOWN = 3
const MOST_REASONS = 16
/** A longer id is looked for nowhere. */
const MOST_ID = 1000

export class CaughtExamples {
  readonly #byReason = new Map<string, Reservoir<Caught>>()

  constructor(private readonly seed: number) {}

  add({ row }: ReportRow, origin: Origin): void {
    for (const each of origin.excluded) {
      const { chunkId, reason } = each
      if (!mayAnswer(reason) || chunkId === undefined || chunkId.length > MOST_ID) continue
      this.#of(reason)?.offer(() => caught(row, origin, { ...each, chunkId }))
    }
  }

  #of(reason: string): Reservoir<Caught> | undefined {
    const known = this.#byReason.get(reason)
    if (known || this.#byReason.size >= MOST_REASONS) return known
    const reservoir = new Reservoir<Caught>(LOOKED_FOR, this.seed, 'caught', reason)
    this.#byReason.set(reason, reservoir)
    return reservoir
  }

  get all(): Caught[] {
    return [...this.#byReason.values()].flatMap(({ items }) => items)
  }

  /** Those whose text was found before the others. */
  shown(): Caught[] {
    return [...this.#byReason.values()].flatMap(({ items }) =>
      [...items.filter(({ text }) => text), ...items.filter(({ text }) => !text)].slice(0, SHOWN),
    )
  }
}

export function wantTexts(examples: Caught[], wanted: WantedTexts): void {
  for (const example of examples) {
    wanted.want(example.chunkId, (text) => {
      example.text = text
    })
  }
}

function caught(
  { question, answer, docs, positives }: ReportRow['row'],
  { docs: origins }: Origin,
  { reason, chunkId, rank, embedder, reranker }: PassedOver & { chunkId: string },
): Caught {
  const at = positives[0]!
  const { rank: ofPositive, ...scores } = origins[at]!
  return {
    reason,
    chunkId,
    rank,
    embedder,
    reranker,
    question: excerptOf(question, MOST_QUESTION),
    answer: excerptOf(answer, MOST_ANSWER),
    positive: {
      text: excerptOf(docs[at]!, MOST_PASSAGE),
      rank: ofPositive,
      embedder: scores.embedder,
      reranker: scores.reranker,
    },
    text: undefined,
  }
}
