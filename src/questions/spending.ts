/** Counts what replies cost, and lets no call begin that could exceed the budget. */
import { ClaraError } from '../errors.js'
import type { Usage } from './endpoint.js'
import { type Price, usdOf } from './price.js'

export interface SpendingOptions {
  /** Without it costs are not known. */
  price?: Price | undefined
  /** USD, for all that the journal holds and this run adds. Needs a price. */
  budgetUsd?: number | undefined
}

export interface Spending {
  /** What was paid before this run. */
  before(usage: Usage, discount?: number): void
  /** What this run paid. */
  add(usage: Usage, discount?: number): void
  /** What a call that came to nothing may have cost: it counts for the budget only. */
  lose(usage: Usage): void
  /**
   * Waits until a call of this cost fits beside those under way, counting each at its most.
   * @returns what ends the reservation; whoever calls it has added what was paid.
   * @throws ClaraError `budget` where it does not fit and nothing is under way that could make room;
   * `signal.reason`.
   */
  reserve(most: Usage, signal: AbortSignal): Promise<() => void>
  /** USD of this run, and of the journal with it; null where the price is not known. */
  readonly usd: number | null
  readonly totalUsd: number | null
  /** Tokens of this run's replies and of the journal's. */
  readonly total: Readonly<Usage>
}

export function createSpending({ price, budgetUsd }: SpendingOptions): Spending {
  if (budgetUsd !== undefined && !price) throw new RangeError('a budget needs a price')
  const cost = (usage: Usage, discount = 1) => (price ? usdOf(usage, price) * discount : 0)
  const total = { promptTokens: 0, completionTokens: 0 }
  const count = (usage: Usage) => {
    total.promptTokens += usage.promptTokens
    total.completionTokens += usage.completionTokens
  }
  let before = 0
  let spent = 0
  let lost = 0
  let reserved = 0
  let underWay = 0
  const waiting: (() => void)[] = []
  return {
    before(usage, discount) {
      before += cost(usage, discount)
      count(usage)
    },
    add(usage, discount) {
      spent += cost(usage, discount)
      count(usage)
    },
    lose(usage) {
      lost += cost(usage)
    },
    async reserve(most, signal) {
      const usd = cost(most)
      while (budgetUsd !== undefined && before + spent + lost + reserved + usd > budgetUsd) {
        if (underWay === 0) throw overBudget(before + spent + lost, usd, budgetUsd)
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
    total,
    get usd() {
      return price ? spent : null
    },
    get totalUsd() {
      return price ? before + spent : null
    },
  }
}

function overBudget(spent: number, next: number, budget: number): ClaraError {
  const dollars = (usd: number) => `$${usd.toFixed(usd < 1 ? 4 : 2)}`
  return new ClaraError(
    'budget',
    `the budget is ${dollars(budget)}, ${dollars(spent)} is spent, and the next call could cost ` +
      `${dollars(next)}: run the same command again with a larger --budget-usd to go on; the replies ` +
      'received so far are kept',
  )
}
