import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { mapInOrder } from '#clara/endpoint/in-order.js'
import { stream } from '../support/collect.js'

it.each([
  ['the consumer breaks off', undefined],
  ['one item fails', new Error('item 3')],
])('has nothing under way any more when %s', async (_, failure) => {
  let active = 0
  const results = mapInOrder(stream([0, 1, 2, 3, 4, 5]), 4, undefined, async (item) => {
    active++
    await sleep(item === 0 ? 1 : 20 * item) // stands for a write to disk, which no abort cuts short
    active--
    if (item === 3 && failure) throw failure
    return item
  })
  const consume = async () => {
    for await (const item of results) if (item === 0 && !failure) break
  }
  if (failure) await expect(consume()).rejects.toBe(failure)
  else await consume()
  expect(active).toBe(0)
})
