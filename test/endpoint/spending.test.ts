import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { estimateTokens, listPrice, mostTokens, usdOf } from '#clara/endpoint/price.js'
import { createSpending } from '#clara/endpoint/spending.js'

const tokens = (promptTokens: number, completionTokens = 0) => ({ promptTokens, completionTokens })
const price = { input: 1e6, output: 2e6 } // a dollar a token, and two
const never = new AbortController().signal

describe('a budget', () => {
  it('counts calls under way at their most, whatever they turn out to cost', async () => {
    const spending = createSpending({ price, budgetUsd: 100 })
    spending.before(tokens(10), 'direct')
    let worst = 0
    let underWay = 0
    const call = async () => {
      const release = await spending.reserve(tokens(20), never)
      underWay += 20
      worst = Math.max(worst, spending.totalUsd! + underWay)
      await sleep(1)
      spending.add(tokens(5), 'direct')
      underWay -= 20
      release()
    }
    const calls = await Promise.allSettled(Array.from({ length: 40 }, call))
    const made = calls.filter(({ status }) => status === 'fulfilled').length
    expect(worst).toBeLessThanOrEqual(100)
    expect(made).toBe(15) // the last begins at 10 + 14 x 5 = 80
    expect(spending.usd).toBe(75)
    for (const outcome of calls) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'budget' })
    }
  })

  it('counts what was lost, which is no known cost', async () => {
    const spending = createSpending({ price, budgetUsd: 10 })
    spending.lose(tokens(6))
    await expect(spending.reserve(tokens(5), never)).rejects.toMatchObject({ code: 'budget' })
    expect(spending.totalUsd).toBe(0)
  })

  it('lets nobody wait for ever', async () => {
    const spending = createSpending({ price, budgetUsd: 10 })
    const stop = new AbortController()
    const release = await spending.reserve(tokens(8), stop.signal)
    const waiting = spending.reserve(tokens(8), stop.signal)
    stop.abort(new Error('enough'))
    release() // as an aborted call does
    await expect(waiting).rejects.toThrow('enough')
  })

  it('counts calls in batches at half price', async () => {
    const spending = createSpending({ price, budgetUsd: 10 })
    spending.before(tokens(8), 'batch')
    spending.add(tokens(2, 2), 'batch')
    expect(spending).toMatchObject({ usd: 3, totalUsd: 7, total: tokens(10, 2) })
    await spending.reserve(tokens(3), never)
    await expect(createSpending({ price, budgetUsd: 2 }).reserve(tokens(3), never)).rejects.toThrow('$3.00')
  })

  it('of nothing lets free calls through', async () => {
    const free = createSpending({ price: { input: 0, output: 0 }, budgetUsd: 0 })
    await free.reserve(tokens(1e9), never)
  })
})

describe('prices', () => {
  it('are those of the list, also for a dated version', () => {
    expect(listPrice('gpt-4o-mini')).toEqual({ input: 0.15, output: 0.6 })
    expect(listPrice('gpt-4o-mini-2024-07-18')).toEqual(listPrice('gpt-4o-mini'))
    for (const name of ['llama3', 'gpt-4o-mini-my-finetune', 'toString', ''])
      expect(listPrice(name)).toBeUndefined()
    expect(usdOf(tokens(1e6, 1e6), { input: 0.15, output: 0.6 })).toBeCloseTo(0.75)
  })

  it.each(['The mill stands by the river. '.repeat(40), '磨坊坐落在河边。'.repeat(40)])(
    'bound tokens from above: %s',
    (text) => {
      expect(estimateTokens(text)).toBeGreaterThan(text.length / 6)
      expect(mostTokens(text)).toBeGreaterThanOrEqual(estimateTokens(text))
    },
  )
})
