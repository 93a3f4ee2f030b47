/** The search for one question's negatives: tier by tier, no further than it must. Holds state, computes no score. */
import type { Question } from '../questions/question.js'
import type { Candidate, Next, Outlook, Ranked } from './candidates.js'
import type { Corpus, CorpusChunk } from './corpus.js'
import type { Positive, Positives } from './positives.js'
import type { RowVectors } from './row-vectors.js'
import type { CosineTo, TruthRule, Untrue } from './rules.js'
import { type Limits, refuse, type TooHigh, type TooLow } from './thresholds.js'

/**
 * `hard`: retrieved, and all rules kept. `top`: the same, but among the ranks that are passed over. `easy`: retrieved,
 * under the least score or used often enough already. `random`: drawn, not retrieved. `suspect`: scores
 * like an answer; taken where nothing else is left.
 */
export const TIERS = ['hard', 'top', 'easy', 'random', 'suspect'] as const
export type Tier = (typeof TIERS)[number]

export type Exclusion = Untrue | TooHigh | TooLow | 'same text as a candidate before it' | 'used often enough'

/** What is tried where hard ones run out, in this order. */
const TOO_HIGH: Exclusion[] = ['score near the positive', 'score within the margin', 'score over --max-score']
const TOO_EASY: Exclusion[] = ['score under --min-score', 'used often enough']

export interface Negative extends Candidate {
  chunk: CorpusChunk
  tier: Tier
  /** On the scale that thresholds are on; `undefined` where there is none. */
  judged: number | undefined
}

export interface Excluded extends Negative {
  reason: Exclusion
}

export interface HuntOptions {
  /** Documents of the sample. */
  topK: number
  /** So many of the negatives are drawn at random. */
  randomCount: number
  /** Draws from the corpus before it is given up, where each may be refused for its score. */
  mostDraws: number
  /** `undefined` without a limit. */
  maxUses: number | undefined
  keepFalseNegatives: boolean
}

/** Where a hunt looks: nothing retrieved for a run without embeddings. */
interface Grounds {
  corpus: Corpus
  ranked: Ranked | undefined
  drawn: Iterator<Candidate>
  truth: TruthRule
  /** `undefined` where there are no vectors. */
  nearness: Nearness | undefined
  /** The least standard score that an embedder's score may mean; `undefined` where the embedder does not judge. */
  standard?: ((score: number) => number) | undefined
  /** How often each chunk is a negative so far, in the whole run. */
  uses: Map<number, number>
  /** Keys of texts that the question has already. */
  taken?: Iterable<string> | undefined
}

export interface Nearness {
  vectors: RowVectors
  /** On the scale of `nearCosine`. */
  cosine(chunk: CorpusChunk, vector: Float32Array, positive: number): number
}

interface Stage {
  tier: Tier
  next(): Next
  isOver: boolean
}

export class Hunt {
  readonly chosen: Negative[] = []
  readonly excluded: Excluded[] = []
  /** They wait for their scores. */
  pending: Negative[] = []
  /** Set once the positives are scored; without, no score refuses anything. */
  limits: Limits | undefined
  #stages: Stage[]
  #keys: Set<string>
  #draws = 0
  /** Taken from its stage, and not looked at yet. */
  #next: Candidate | undefined
  #read: { chunk: CorpusChunk; vector: Float32Array | undefined } | undefined

  constructor(
    readonly question: Question,
    readonly positives: Positives,
    private readonly grounds: Grounds,
    private readonly options: HuntOptions,
  ) {
    const { ranked, taken } = grounds
    this.#keys = new Set(taken)
    const stage = (tier: Tier, next: () => Next): Stage => ({ tier, next, isOver: false })
    const tops: Candidate[] = ranked?.skipped ?? []
    this.#stages = [
      ...(ranked
        ? [
            stage('hard', () => ranked.next()),
            stage('hard', () => ranked.beyond((score) => this.#outlook(score))),
            stage('top', () => tops.shift()),
          ]
        : []),
      stage('random', () => this.#draw()),
    ]
  }

  get needed(): number {
    return this.options.topK - this.positives.positives.length
  }

  get isDone(): boolean {
    return this.chosen.length >= this.needed
  }

  get ranked(): Ranked | undefined {
    return this.grounds.ranked
  }

  /**
   * Gathers candidates to be scored: as many as are still wanted, if all of them should be right.
   * @returns whether the search must go deeper first, or a chunk has to be read.
   */
  gather(): 'deeper' | 'unread' | 'ready' {
    for (const stage of this.#stages) {
      while (!stage.isOver && this.#wants(stage.tier)) {
        const candidate = this.#next ?? stage.next()
        if (candidate === 'deeper') return 'deeper'
        if (candidate === undefined) {
          if (this.pending.length > 0) return 'ready' // what becomes of them decides how it goes on
          stage.isOver = true
          this.#fallBack(stage.tier)
        } else if (!this.#consider(candidate, stage.tier)) {
          this.#next = candidate
          return 'unread'
        } else this.#next = undefined
      }
    }
    return 'ready'
  }

  /** What `gather` stopped at. */
  async read(): Promise<void> {
    const { corpus, nearness } = this.grounds
    const { position } = this.#next!
    const [chunk, vector] = await Promise.all([corpus.read(position), nearness?.vectors.read(position)])
    this.#read = { chunk, vector }
  }

  /** @param judged of each pending candidate, in order; `undefined` where nothing scores. */
  settle(judged: ArrayLike<number> | undefined): void {
    const { pending } = this
    this.pending = []
    for (const [i, candidate] of pending.entries()) {
      const score = judged?.[i]
      const reason =
        (score !== undefined && this.limits ? refuse(score, this.limits) : undefined) ??
        this.#overused(candidate)
      if (this.isDone) return
      candidate.judged = score
      if (reason === undefined) this.#choose(candidate)
      else {
        this.excluded.push({ ...candidate, reason })
        this.#keepAsPositive(candidate.chunk, score)
      }
    }
  }

  #wants(tier: Tier): boolean {
    const { needed, chosen, pending } = this
    if (chosen.length + pending.length >= needed) return false
    return tier === 'random' || retrieved(chosen) + retrieved(pending) < needed - this.options.randomCount
  }

  /** @returns whether it could: what is not in memory has to be read first. */
  #consider({ position, rank, score }: Candidate, tier: Tier): boolean {
    const { corpus, nearness, truth } = this.grounds
    const chunk = this.#read?.chunk ?? corpus.known(position)
    const vector = this.#read?.vector ?? nearness?.vectors.known(position)
    if (!chunk || (nearness && !vector)) return false
    this.#read = undefined
    const cosineTo: CosineTo | undefined =
      nearness && ((positive) => nearness.cosine(chunk, vector!, positive))
    const reason =
      truth(chunk, cosineTo) ??
      (this.#keys.has(chunk.key) ? ('same text as a candidate before it' as const) : undefined)
    const candidate = { position, rank, score, chunk, tier, judged: undefined }
    if (reason !== undefined) this.excluded.push({ ...candidate, reason })
    else {
      this.#keys.add(chunk.key)
      this.pending.push(candidate)
    }
    return true
  }

  /** Of what is ranked so deep that there are many: whether it is worth a look. */
  #outlook(score: number): Outlook {
    const { limits, grounds } = this
    if (!limits || !grounds.standard) return 'over'
    const standard = grounds.standard(score)
    if (standard < limits.least) return 'over'
    return standard > limits.most ? 'not yet' : 'may pass'
  }

  #draw(): Candidate | undefined {
    if (this.limits && this.#draws++ >= this.options.mostDraws) return undefined
    for (;;) {
      const { value, done } = this.grounds.drawn.next()
      if (done) return undefined
      const known = [...this.chosen, ...this.excluded, ...this.pending].some(
        ({ position }) => position === value.position,
      )
      if (!known) return value
    }
  }

  #overused({ position }: Candidate): Exclusion | undefined {
    const { maxUses } = this.options
    if (maxUses === undefined || (this.grounds.uses.get(position) ?? 0) < maxUses) return undefined
    return 'used often enough'
  }

  #choose(negative: Negative): void {
    const { uses } = this.grounds
    uses.set(negative.position, (uses.get(negative.position) ?? 0) + 1)
    this.chosen.push(negative)
  }

  /** After what was retrieved: what was only too easy. After what was drawn: that, and what is least like an answer. */
  #fallBack(tier: Tier): void {
    if (tier === 'top') this.#readmit(TOO_EASY, 'easy', () => this.#wants('easy'))
    if (tier === 'random') {
      this.#readmit(TOO_EASY, 'easy', () => !this.isDone)
      this.#readmit(TOO_HIGH, 'suspect', () => !this.isDone)
    }
  }

  #readmit(reasons: Exclusion[], tier: Tier, wants: () => boolean): void {
    const again = this.excluded.filter(({ reason }) => reasons.includes(reason))
    if (tier === 'suspect') again.sort((a, b) => a.judged! - b.judged!)
    for (const { reason, ...candidate } of again) {
      if (!wants()) return
      const at = this.excluded.findIndex(({ position }) => position === candidate.position)
      this.excluded.splice(at, 1)
      this.#choose({ ...candidate, tier })
    }
  }

  /** A candidate that scores no less than a positive is one. */
  #keepAsPositive(chunk: CorpusChunk, score: number | undefined): void {
    if (!this.options.keepFalseNegatives || !this.limits || score === undefined) return
    if (score < this.limits.positive || this.needed <= 1) return
    const positive: Positive = { chunk, text: chunk.text, key: chunk.key }
    this.positives.positives.push(positive)
  }
}

function retrieved(negatives: Negative[]): number {
  let count = 0
  for (const { tier } of negatives) if (tier !== 'random') count++
  return count
}
