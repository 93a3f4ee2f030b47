/** A line on calls: how many, how fast, what they cost, how long it will go on. */

import { dollars } from '../endpoint/price.js'
import type { BatchLook } from '../questions/batches/batching.js'
import type { Generation } from '../questions/generate.js'
import { onInterrupt } from './run-cli.js'
import type { Talk } from './talk.js'
import { timeLeft } from './time-left.js'

/** @param run is there when the first chunk is done. */
export function askingProgress(talk: Talk, total: number, run: () => Generation): (done: number) => void {
  const start = performance.now()
  const show = talk.progress()
  return (done) => show(() => askingLine(done, total, (performance.now() - start) / 1000, run()))
}

/** `seconds`: since the start. Chunks whose reply was there take no time, and are not part of the rate. */
export function askingLine(done: number, total: number, seconds: number, run: Generation): string {
  const { counts, spending, concurrency } = run
  const asked = done - counts.fromJournal
  const rate = asked / seconds
  const left = timeLeft(total - done, rate)
  const usd = spending.usd === null ? '' : `, ${dollars(spending.usd)}`
  const failed = counts.failed > 0 ? `, ${counts.failed} failed` : ''
  return (
    `${done} of ${total} chunks, ${rate.toFixed(1)}/s, ${counts.calls} calls ` +
    `(${concurrency()} at once)${usd}${failed}${left}`
  )
}

/** Says what a batch is about when it begins, and how far it is now and then. */
export function batchProgress(talk: Talk): (look: BatchLook) => void {
  const show = talk.progress()
  let shown = ''
  return ({ id, status, done, requests }) => {
    if (id !== shown) {
      talk.remark(`batch ${id}: ${requests} requests, at half price, within a day`)
      onInterrupt(`batch ${id} goes on without this process: run the same command again to fetch its replies`)
      shown = id
    }
    show(() => `batch ${id}: ${status}, ${done} of ${requests} done`)
  }
}
