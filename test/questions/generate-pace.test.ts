import { describe, expect, it } from 'vitest'
import { chunks, run, setUp } from './generate-run.js'

/** Milliseconds between the n-th request and the one after. */
const gaps = (times: number[]) => times.slice(1).map((time, i) => time - times[i]!)

describe('calls of a run', () => {
  it('all wait as long as Retry-After says to one of them', async () => {
    const times: number[] = []
    const place = await setUp((_, index) => {
      times.push(performance.now())
      return index === 2 ? { status: 429, headers: { 'retry-after': '2' } } : { delayMs: 100 }
    })
    const { counts } = await run(chunks(12), { ...place, endpoint: { concurrency: 4 } })
    expect(counts).toMatchObject({ pairs: 12, calls: 13 })
    const long = gaps(times).filter((gap) => gap > 1900)
    expect(long).toHaveLength(1)
    expect(gaps(times).indexOf(long[0]!)).toBe(3) // the four that were under way, then nobody
  })

  it('adapt: an endpoint that takes three at once refuses few', async () => {
    let active = 0
    let refused = 0
    const place = await setUp(async () => {
      if (active >= 3) {
        refused++
        return { status: 429 }
      }
      active++
      await new Promise((resolve) => setTimeout(resolve, 30))
      active--
      return {}
    })
    const { counts } = await run(chunks(120), { ...place, endpoint: { concurrency: 32 } })
    expect(counts).toMatchObject({ pairs: 120, failed: 0 })
    expect(refused).toBeLessThan(100)
  })

  it('are fewer where their texts together are too long for the context that a server’s slots share', async () => {
    let active = 0
    let served = 0
    const dropped = new Set<() => void>()
    const place = await setUp(async () => {
      active++
      const isDropped = await new Promise<boolean>((resolve) => {
        const drop = () => resolve(true)
        dropped.add(drop)
        // As llama.cpp does it: what is under way is dropped, all of it.
        if (active > 2) for (const each of dropped) each()
        else setTimeout(() => resolve(false), 30)
        setTimeout(() => dropped.delete(drop), 30)
      })
      active--
      if (!isDropped) served++
      return isDropped
        ? { status: 500, error: { message: 'Context size has been exceeded.', type: 'server_error' } }
        : {}
    })
    const { counts } = await run(chunks(60), { ...place, endpoint: { concurrency: 16 } })
    expect(counts).toMatchObject({ pairs: 60, failed: 0 })
    expect(served).toBe(60)
    expect(counts.calls).toBeLessThan(100)
  })

  it.each([
    ['exceeds the available context size (8192 tokens), try increasing it', 'request (9000 tokens) '],
    ['is too large to process. increase the physical batch size', 'input (596 tokens) '],
  ])('are made once for what a server will never read, said with a 500: %s', async (words, subject) => {
    const place = await setUp(() => ({ status: 500, error: { message: `${subject}${words}` } }))
    const { counts, error } = await run(chunks(20), { ...place, endpoint: { concurrency: 4 } })
    expect(error).toMatchObject({ code: 'llm' })
    expect(String(error)).toMatch(/or --chunk-tokens, or start the server with a longer context/)
    expect(counts.calls).toBeLessThanOrEqual(16)
  })

  it.each([{ requestsPerMinute: 240 }, { tokensPerMinute: 240 * 120 }])('keep to %j', async (limit) => {
    const times: number[] = []
    const place = await setUp(() => {
      times.push(performance.now())
      return {} // of 120 tokens
    })
    await run(chunks(14), { ...place, endpoint: { concurrency: 10, ...limit } })
    const seconds = (times.at(-1)! - times[0]!) / 1000
    expect(seconds).toBeGreaterThan(1.5) // 14 calls at four a second, of which a second's worth at once
    expect(seconds).toBeLessThan(6)
  })
})
