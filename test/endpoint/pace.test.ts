import { setMaxListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type Clock, createPace, type Pace, type Turn } from '#clara/endpoint/pace.js'

/** Time stands still between the things that are due. */
function fakeClock() {
  let time = 0
  let due: { at: number; run: () => void }[] = []
  const clock: Clock = {
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run }
      due.push(timer)
      return () => {
        due = due.filter((other) => other !== timer)
      }
    },
  }
  const settle = async () => {
    for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock,
    settle,
    waiting: () => due.length,
    async until(end: number) {
      for (;;) {
        await settle()
        due.sort((a, b) => a.at - b.at)
        if (!due[0] || due[0].at > end) break
        const next = due.shift()!
        time = Math.max(time, next.at)
        next.run()
      }
      time = end
    },
  }
}

type FakeClock = ReturnType<typeof fakeClock>
const never = new AbortController().signal
setMaxListeners(0, never)

/** Asks for `count` calls at once; each is answered by `serve` after `latency` of fake time. */
function callAll(
  pace: Pace,
  { clock }: FakeClock,
  count: number,
  latency: number,
  serve: (turn: Turn, underWay: number) => void = (turn) => turn.end('served'),
) {
  const log = { started: [] as number[], ended: 0, underWay: 0, peak: 0 }
  for (let call = 0; call < count; call++) {
    pace.turn(100, never).then((turn) => {
      log.started.push(clock.now())
      log.peak = Math.max(log.peak, ++log.underWay)
      const before = log.underWay
      clock.after(latency, () => {
        log.underWay--
        log.ended++
        serve(turn, before)
      })
    })
  }
  return log
}

describe('calls under way', () => {
  it('are as many as allowed, and no more', async () => {
    const time = fakeClock()
    const log = callAll(createPace({ concurrency: 32 }, time.clock), time, 320, 300)
    await time.until(3300)
    expect(log).toMatchObject({ peak: 32, ended: 320 })
    // Four to begin with, then full rounds: nothing was waited for but the endpoint.
    expect(log.started.slice(0, 5)).toEqual([0, 0, 0, 0, 300])
    expect(log.started.at(-1)).toBe(3000)
  })

  it.each([20, 8, 2])('come down to what an endpoint takes (%i), and stay there', async (capacity) => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 50 }, time.clock)
    const counts = { accepted: 0, served: 0, refused: 0 }
    const seen: number[] = []
    const call = async () => {
      const turn = await pace.turn(1, never)
      if (time.clock.now() > 10_000) seen.push(pace.concurrency)
      const accept = counts.accepted < capacity
      if (accept) counts.accepted++
      time.clock.after(accept ? 300 : 20, () => {
        if (accept) counts.accepted--
        if (time.clock.now() > 10_000) counts[accept ? 'served' : 'refused']++
        turn.end(accept ? 'served' : 'throttled')
      })
    }
    for (let calls = 0; calls < 6000; calls++) call()
    await time.until(40_000)
    const possible = (capacity * 30_000) / 300
    expect(counts.served).toBeGreaterThan(possible * 0.75)
    expect(counts.refused).toBeLessThan(counts.served)
    expect(Math.max(...seen)).toBeLessThanOrEqual(capacity + 3)
  })

  it('hardly lessen where one call in twenty is refused at random', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 32 }, time.clock)
    let seed = 1
    const refuses = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647 < 0.05
    }
    const log = callAll(pace, time, 1600, 300, (turn) => turn.end(refuses() ? 'throttled' : 'served'))
    await time.until(30_000)
    expect(log.ended).toBe(1600)
    expect(log.started.at(-1)).toBeLessThan((1600 / 32) * 300 * 1.15)
  })

  it('are halved once for all that were refused together, and rise by one a round trip', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 32 }, time.clock)
    let refuse = false
    callAll(pace, time, 2000, 300, (turn) => turn.end(refuse ? 'throttled' : 'served'))
    await time.until(599)
    expect(pace.concurrency).toBe(32)
    refuse = true
    await time.until(901)
    expect(pace.concurrency).toBeGreaterThanOrEqual(16)
    expect(pace.concurrency).toBeLessThanOrEqual(17) // two replies of the first four were among them
    refuse = false
    await time.until(1300)
    const low = pace.concurrency
    await time.until(1300 + 300 * 10)
    expect(pace.concurrency).toBeGreaterThanOrEqual(low + 8)
    expect(pace.concurrency).toBeLessThanOrEqual(low + 11)
  })

  it('never get to none', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 4 }, time.clock)
    const log = callAll(pace, time, 100, 10, (turn) => turn.end('throttled'))
    await time.until(5000)
    expect(pace.concurrency).toBe(1)
    expect(log.ended).toBe(100)
  })
})

/** So many calls at a time, in the order they came; the others wait there. */
function slots({ clock }: FakeClock, count: number, service: () => number) {
  const waiting: (() => void)[] = []
  let busy = 0
  const next = () => {
    while (busy < count && waiting.length > 0) waiting.shift()!()
  }
  return {
    /** @returns what hangs up. */
    serve(done: () => void): () => void {
      let stop: (() => void) | undefined
      const end = () => {
        busy--
        next()
      }
      const begin = () => {
        busy++
        stop = clock.after(service(), () => {
          done()
          end()
        })
      }
      waiting.push(begin)
      next()
      return () => {
        const at = waiting.indexOf(begin)
        if (at >= 0) waiting.splice(at, 1)
        else if (stop) {
          stop()
          end()
        }
      }
    },
  }
}

/** Keeps the pace's queue full; a call is late at `deadline`, and made again where it was our own queue. */
function ask(
  pace: Pace,
  time: FakeClock,
  server: ReturnType<typeof slots>,
  calls: number,
  deadline = 60_000,
) {
  const log = { served: 0, lost: 0, late: 0, at: [] as number[] }
  const call = async (again: boolean) => {
    const turn = await pace.turn(500, never, again)
    const cancel = time.clock.after(deadline, () => {
      leave()
      log.late++
      if (turn.isQueued) call(true)
      else log.lost++
      turn.end('late')
    })
    const leave = server.serve(() => {
      cancel()
      log.served++
      log.at.push(time.clock.now())
      turn.end('served')
    })
  }
  for (let i = 0; i < calls; i++) call(false)
  return log
}

/** Of replies between a half and twice as long as usual. */
function lengths(usual: number, spread = 2) {
  let seed = 7
  return () => {
    seed = (seed * 48271) % 2147483647
    return usual * spread ** (2 * (seed / 2147483647) - 1)
  }
}

describe('a server that refuses none and answers few at a time', () => {
  it.each([
    [1, 16, 1000],
    [1, 32, 4000],
    [4, 32, 3000],
  ])('%i at a time is asked for little more, with %i allowed', async (count, concurrency, latency) => {
    const time = fakeClock()
    const pace = createPace({ concurrency }, time.clock)
    const log = ask(pace, time, slots(time, count, lengths(latency, 1.3)), 2000)
    await time.until(latency * 100)
    expect(pace.concurrency).toBeLessThanOrEqual(4 * count)
    const half = log.at.filter((at) => at > latency * 50).length
    expect(half).toBeGreaterThan(count * 50 * 0.85) // and nothing is lost by it
    expect(log).toMatchObject({ late: 0, lost: 0 })
  })

  it.each([
    [15_000, 1.2],
    [25_000, 2],
    [55_000, 1.05],
  ])('loses no passage to a queue of our own: %i ms a call, of 60 s', async (latency, spread) => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 16 }, time.clock)
    const log = ask(pace, time, slots(time, 1, lengths(latency, spread)), 60)
    await time.until(latency * 150)
    expect(log.served + log.lost).toBe(60)
    expect(log.lost).toBe(0)
    expect(log.late).toBeLessThan(20)
  })

  it('loses those that are late for themselves, alone', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 16 }, time.clock)
    let n = 0
    const log = ask(
      pace,
      time,
      slots(time, 1, () => (++n % 10 === 0 ? 90_000 : 5000)),
      40,
    )
    await time.until(4_000_000)
    expect(log.served).toBeGreaterThan(30)
    expect(log.served + log.lost).toBe(40)
  })
})

describe('a server that bears all that is asked', () => {
  it.each([
    [1.5, 0.9],
    [3, 0.85],
    [6, 0.75],
  ])('is asked for all of it, whatever the lengths of its replies (x%f)', async (spread, share) => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 32 }, time.clock)
    const log = ask(pace, time, slots(time, 1000, lengths(3000, spread)), 2000, 600_000)
    await time.until(150_000)
    const usual = lengths(3000, spread)
    const mean = Array.from({ length: 1000 }, usual).reduce((sum, each) => sum + each, 0) / 1000
    expect(log.served).toBeGreaterThan(((32 * 150_000) / mean) * share)
  })
})

describe('a pause', () => {
  it('holds back every call, the longest one counts, and what is under way goes on', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 2 }, time.clock)
    const log = callAll(pace, time, 6, 100)
    await time.until(50)
    pace.pause(5000)
    pace.pause(1000)
    await time.until(5049)
    expect(log).toMatchObject({ ended: 2, started: [0, 0] })
    await time.until(6000)
    expect(log.started).toEqual([0, 0, 5050, 5050, 5150, 5150])
  })
})

describe('limits a minute', () => {
  it.each([1, 30, 600])('keep to %i requests in any minute', async (requestsPerMinute) => {
    const time = fakeClock()
    const log = callAll(createPace({ concurrency: 100, requestsPerMinute }, time.clock), time, 2000, 250)
    await time.until(240_000)
    const most = Math.max(
      ...log.started.map((start) => log.started.filter((at) => at >= start && at < start + 60_000).length),
    )
    expect(most).toBeLessThanOrEqual(requestsPerMinute + Math.ceil(requestsPerMinute / 60))
    expect(log.started.length).toBeGreaterThanOrEqual(
      Math.min(2000, Math.floor(requestsPerMinute * 4 * 0.98)),
    )
  })

  it('count tokens as they were used, once that is known', async () => {
    const rates = [50, 100, 400].map(async (used) => {
      const time = fakeClock()
      const pace = createPace({ concurrency: 10, tokensPerMinute: 60_000 }, time.clock)
      const log = callAll(pace, time, 2600, 100, (turn) => turn.end('served', used))
      await time.until(120_000)
      return log.started.length * used
    })
    for (const tokens of await Promise.all(rates)) {
      expect(tokens).toBeGreaterThan(120_000 * 0.97)
      expect(tokens).toBeLessThan(120_000 * 1.05)
    }
  })

  it('let a call through that is larger than a second’s worth, and pay it off', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 10, tokensPerMinute: 600 }, time.clock)
    const log = callAll(pace, time, 5, 10) // of 100 tokens each: ten seconds' worth
    await time.until(60_000)
    expect(log.started).toEqual([0, 10_000, 20_000, 30_000, 40_000])
  })

  it('are stopped for no longer than two minutes by a server that reports absurd usage', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 1, tokensPerMinute: 600 }, time.clock)
    const log = callAll(pace, time, 2, 10, (turn) => turn.end('served', 1e9))
    await time.until(120_000)
    expect(log.started).toHaveLength(2)
  })
})

describe('waiting', () => {
  it('is ended by an abort, and no timer stays', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 1, requestsPerMinute: 1 }, time.clock)
    const stop = new AbortController()
    await pace.turn(1, stop.signal)
    pace.pause(60_000)
    const reason = new Error('enough')
    const turns = [pace.turn(1, stop.signal), pace.turn(1, stop.signal)]
    stop.abort(reason)
    for (const turn of turns) await expect(turn).rejects.toBe(reason)
    await expect(pace.turn(1, stop.signal)).rejects.toBe(reason)
    expect(time.waiting()).toBe(0)
  })

  it('is shorter for what was tried before', async () => {
    const time = fakeClock()
    const pace = createPace({ concurrency: 1 }, time.clock)
    const order: string[] = []
    const call = async (name: string, again: boolean) => {
      const turn = await pace.turn(1, never, again)
      order.push(name)
      turn.end('served')
    }
    const first = await pace.turn(1, never)
    const calls = [call('new 1', false), call('new 2', false), call('again 1', true), call('again 2', true)]
    first.end('throttled')
    await Promise.all(calls)
    expect(order).toEqual(['again 1', 'again 2', 'new 1', 'new 2'])
  })
})
