/** Counts what replies cost, and lets no call begin that could exceed the budget. */
import { ClaraError } from '../errors.js'
import { BATCH_DISCOUNT, dollars, type Price, usdOf } from './price.js'
import { NO_USAGE, sumOf, type Usage } from './usage.js'

export interface SpendingOptions {
  /** Without it costs are not known. */
  price?: Price | undefined
  /** USD, for all that the journal holds and this run adds. Needs a price. */
  budgetUsd?: number | undefined
  /** USD of the budget that others have spent by now. */
  besides?: (() => number) | undefined
}

/** A call in a batch is cheaper. */
type Way = 'direct' | 'batch'

export interface Spending {
  /** What was paid before this run. */
  before(usage: Usage, way: Way): void
  /** What this run paid. */
  add(usage: Usage, way: Way): void
  /** What a call that came to nothing may have cost: it counts for the budget only. */
  lose(usage: Usage): void
  /**
   * Waits until a call of this cost fits beside those under way, counting each at its most.
   * @returns what ends the reservation; whoever calls it has added what was paid.
   * @throws ClaraError `budget` where it does not fit and nothing is under way that could make room;
   * `signal.reason`.
   */
  reserve(most: Usage, signal: AbortSignal): Promise<() => void>
  /** Whether the budget allows it beside what is spent; a batch is one call. */
  fits(most: Usage, way: Way): boolean
  /** @throws ClaraError `budget` that says what would not fit. */
  refuse(most: Usage, way: Way): never
  /** USD of this run, and of the journal with it; null where the price is not known. */
  readonly usd: number | null
  readonly totalUsd: number | null
  /** Tokens of this run's replies and of the journal's. */
  readonly total: Readonly<Usage>
}

export function createSpending({ price, budgetUsd, besides = () => 0 }: SpendingOptions): Spending {
  if (budgetUsd !== undefined && !price) throw new RangeError('a budget needs a price')
  // Costs are made of sums of tokens, not summed up: the same whatever order replies come in.
  const earlier = noTokens()
  const now = noTokens()
  const cost = ({ direct, batch }: Record<Way, Usage>) =>
    price ? usdOf(direct, price) + usdOf(batch, price) * BATCH_DISCOUNT : 0
  const total = () => ({
    direct: sumOf(earlier.direct, now.direct),
    batch: sumOf(earlier.batch, now.batch),
  })
  const costOf = (usage: Usage, way: Way) => cost({ ...noTokens(), [way]: usage })
  const taken = () => cost(total()) + lost + besides()
  let lost = 0
  let reserved = 0
  let underWay = 0
  const waiting: (() => void)[] = []
  return {
    before(usage, way) {
      earlier[way] = sumOf(earlier[way], usage)
    },
    add(usage, way) {
      now[way] = sumOf(now[way], usage)
    },
    lose(usage) {
      lost += costOf(usage, 'direct')
    },
    async reserve(most, signal) {
      const usd = costOf(most, 'direct')
      while (budgetUsd !== undefined && taken() + reserved + usd > budgetUsd) {
        if (underWay === 0) throw overBudget(taken(), usd, budgetUsd)
        await new Promise<void>((resolve) => waiting.push(resolve)) // until a call ends: an abort ends them
        signal.throwIfAborted()
      }
      reserved += usd
      underWay++
      return () => {
        underWay--
        reserved = underWay === 0 ? 0 : reserved - usd // no rounding error is carried on
        for (const resume of waiting.splice(0)) resume()
      }
    },
    fits: (most, way) => budgetUsd === undefined || taken() + costOf(most, way) <= budgetUsd,
    refuse(most, way) {
      throw overBudget(taken(), costOf(most, way), budgetUsd ?? 0)
    },
    get total() {
      const { direct, batch } = total()
      return sumOf(direct, batch)
    },
    get usd() {
      return price ? cost(now) : null
    },
    get totalUsd() {
      return price ? cost(total()) : null
    },
  }
}

function noTokens(): Record<Way, Usage> {
  return { direct: NO_USAGE, batch: NO_USAGE }
}

function overBudget(spent: number, next: number, budget: number): ClaraError {
  return new ClaraError(
    'budget',
    `the budget is ${dollars(budget)}, ${dollars(spent)} is spent, and the next call could cost ` +
      `${dollars(next)}: run the same command again with a larger --budget-usd to go on; the replies ` +
      'received so far are kept',
  )
}
