import { expect, test } from 'vitest'
import { createOnce } from '#clara/inference/once.js'

/** Gives each key its length and the number of the computation; says which keys it was asked for. */
function counting() {
  const once = createOnce(2)
  const asked: string[][] = []
  const call = (keys: string[], fault?: Error, wait: Promise<unknown> = Promise.resolve()) =>
    once(keys, async (rows) => {
      const nth = asked.push(rows.map((row) => keys[row]!))
      await wait
      if (fault) throw fault
      return Float32Array.from(rows.flatMap((row) => [keys[row]!.length, nth]))
    })
  return { asked, call }
}

test('equal keys are computed once, in a call and in those after it', async () => {
  const { asked, call } = counting()
  expect([...(await call(['aa', 'b', 'aa', '']))]).toEqual([2, 1, 1, 1, 2, 1, 0, 1])
  expect([...(await call(['b', 'ccc', 'b']))]).toEqual([1, 1, 3, 2, 1, 1])
  expect([...(await call(['aa', 'ccc']))]).toEqual([2, 1, 3, 2])
  expect(asked).toEqual([['aa', 'b', ''], ['ccc']])
})

test('calls side by side share what is under way', async () => {
  const { asked, call } = counting()
  const results = await Promise.all([call(['a', 'bb']), call(['bb', 'ccc']), call(['ccc', 'a'])])
  expect(results.map((values) => [...values])).toEqual([
    [1, 1, 2, 1],
    [2, 1, 3, 2],
    [3, 2, 1, 1],
  ])
  expect(asked).toEqual([['a', 'bb'], ['ccc']])
})

test('no keys give nothing and compute nothing', async () => {
  const { asked, call } = counting()
  expect(await call([])).toHaveLength(0)
  expect(asked).toEqual([])
})

test('what failed is computed again, and what was there before stays', async () => {
  const { asked, call } = counting()
  await call(['known'])
  await expect(call(['a', 'known'], new Error('first'))).rejects.toThrow('first')
  await expect(call(['a'], new Error('second'))).rejects.toThrow('second')
  expect([...(await call(['a', 'known']))].filter((_, i) => i % 2 === 0)).toEqual([1, 5])
  expect(asked.slice(1, 3)).toEqual([['a'], ['a']])
})

test('a call that shares with one that fails has no part in its error', async () => {
  const { asked, call } = counting()
  let fail = () => {}
  const wait = new Promise<void>((resolve) => {
    fail = resolve
  })
  const failing = call(['a', 'bad'], new Error('bad is bad'), wait)
  const beside = call(['a', 'good'])
  const also = call(['bad', 'good'], new Error('its own'))
  fail()
  await expect(failing).rejects.toThrow('bad is bad')
  expect([...(await beside)].filter((_, i) => i % 2 === 0)).toEqual([1, 4])
  await expect(also).rejects.toThrow('its own')
  expect(asked.slice(0, 2)).toEqual([['a', 'bad'], ['good']])
})

test('the latest 8,192 are remembered', async () => {
  const { asked, call } = counting()
  const keys = Array.from({ length: 9000 }, (_, i) => `key ${i}`)
  await call(keys)
  await call(keys.slice(-8192))
  expect(asked).toHaveLength(1)
  await call(['key 807', 'key 808'])
  expect(asked[1]).toEqual(['key 807'])
  await call(['key 808', 'key 809']) // the oldest but one, asked for just now, has outlived the one after it
  expect(asked[2]).toEqual(['key 809'])
})

test('surrogates that stand alone are not all one', async () => {
  const { asked, call } = counting()
  await call(['\ud800', '\ud801', '\udc00', '\ufffd'])
  expect(asked[0]).toHaveLength(4)
})
