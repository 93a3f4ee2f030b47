import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { cacheKey, NO_CACHE, openScoreCache } from '#clara/negatives/score-cache.js'

let directory: string
const remarks: string[] = []
beforeEach(async () => {
  remarks.length = 0
  const work = await mkdtemp(join(tmpdir(), 'clara-scores-'))
  directory = join(work, 'deep', 'scores')
  onTestFinished(() => rm(work, { recursive: true }))
})

const open = () => openScoreCache(directory, (text) => remarks.push(text))
const keys = [cacheKey('m', 'a'), cacheKey('m', 'b'), cacheKey('m', 'c')]

describe('what was put', () => {
  test('is there the next time, and nothing else', async () => {
    const first = await open()
    await first.put(keys.slice(0, 2), [Float32Array.of(1.5), Float32Array.of(-2, 3)])
    await first.close()
    const second = await open()
    expect(await second.get(keys)).toEqual([Float32Array.of(1.5), Float32Array.of(-2, 3), undefined])
    await second.close()
    expect(remarks).toEqual([])
  })

  test('is not believed where its bytes have changed', async () => {
    const first = await open()
    await first.put(
      keys,
      [1, 2, 3].map((value) => Float32Array.of(value)),
    )
    await first.close()
    for (const name of await readdir(directory)) {
      if (!/\.(log|ldb)$/.test(name)) continue
      const bytes = await readFile(join(directory, name))
      for (const value of [1, 2, 3]) {
        const wanted = Buffer.alloc(4)
        wanted.writeFloatLE(value)
        const at = bytes.indexOf(wanted)
        if (at >= 0) bytes.writeFloatLE(7, at)
      }
      await writeFile(join(directory, name), bytes)
    }
    const second = await open()
    for (const found of await second.get(keys)) expect(found).toBeUndefined()
    await second.close()
  })
})

describe('a cache that cannot be had is done without, and why is said', () => {
  test('when another run uses it', async () => {
    const first = await open()
    expect(await open()).toBe(NO_CACHE)
    expect(remarks).toEqual([expect.stringContaining('another run uses it')])
    await first.close()
  })

  test('when something else is there', async () => {
    const file = join(directory, '..', '..', 'file')
    await writeFile(file, 'x')
    expect(await openScoreCache(file, (text) => remarks.push(text))).toBe(NO_CACHE)
    expect(remarks[0]).toContain(file)
  })

  test('when it is damaged', async () => {
    const first = await open()
    await first.put(
      keys,
      keys.map(() => Float32Array.of(1)),
    )
    await first.close()
    await writeFile(join(directory, 'CURRENT'), 'nonsense')
    expect(await open()).toBe(NO_CACHE)
    expect(remarks[0]).toContain('--score-cache')
  })
})

test('keys differ where any part does', () => {
  const all = [
    cacheKey('a', 'b'),
    cacheKey('ab'),
    cacheKey('a', 'b', ''),
    cacheKey('a,b'),
    cacheKey('b', 'a'),
  ]
  expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(5)
})

test('no cache knows nothing', async () => {
  await NO_CACHE.put(keys, [])
  expect(await NO_CACHE.get(keys)).toEqual([undefined, undefined, undefined])
})
