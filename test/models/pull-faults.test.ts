/** Whatever a hub does, the model is there with every byte right, or nothing of it is. */
import { appendFileSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type HubReply, type ModelHub, startModelHub } from '../model-hub.js'
import { useDirectory } from '../support/directory.js'
import {
  FILES,
  isWhole,
  modelFolder,
  noise,
  pullFrom,
  tinyEntry,
  tinyRepository,
} from '../support/hub-model.js'
import { type Seeded, seeded } from '../support/seeded.js'

const FAULTS = 500
const cache = useDirectory()
let hub: ModelHub

beforeEach(async () => {
  vi.stubEnv('CLARA_CACHE_DIR', cache.path)
  vi.stubEnv('no_proxy', '127.0.0.1')
  hub = await startModelHub(tinyRepository())
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

const KINDS: ((random: Seeded) => HubReply)[] = [
  () => ({ cut: true }),
  (random) => ({ cutAfter: random.below(31_000) }),
  (random) => ({ cutAfter: random.below(31_000), drip: 1000 }),
  (random) => ({ status: random.pick([408, 429, 500, 502, 503, 504]), headers: { 'retry-after': '0' } }),
  (random) => ({ status: random.pick([400, 401, 403, 404, 410, 418]) }),
  (random) => ({ status: random.pick([204, 206, 304, 416]) }),
  (random) => ({ body: noise(random.below(40_000), random.below(1000)) }),
  (random) => ({ body: random.pick(Object.values(FILES)) }), // another file
  (random) => ({ body: flipped(random) }),
  (random) => ({ length: random.below(60_000), cutAfter: random.below(30_000) }),
  (random) => ({ length: null, cutAfter: random.below(30_000) }),
  (random) => ({ body: Buffer.alloc(random.below(30_000)), length: null }),
  () => ({ endless: true, length: null }),
  // a timeout takes up to a second: one of four
  (random) =>
    random.below(4) ? { cut: true } : { hang: random.pick(['before-headers', 'in-body'] as const) },
  () => ({ ignoreRange: true }),
  (random) => ({ shiftRange: random.pick([-1000, -1, 1, 500]) }),
  () => ({ gzip: true }),
  () => ({ etag: null }),
  () => ({ etag: 'W/"weak"' }),
  (random) => ({ etag: `"${random.below(100)}"` }),
  () => ({ redirectTo: 'file:///etc/passwd' }),
  () => ({ redirectTo: '/' }),
  () => ({
    body: Buffer.from('<!doctype html><title>Log in</title>'),
    headers: { 'content-type': 'text/html' },
  }),
  () => ({ body: Buffer.from('<!doctype html><title>Log in</title>') }),
  () => ({ body: Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n') }),
  (random) => ({ drip: 1 + random.below(3000), dripMs: 1 }),
]

/** One bit of one file is other. */
function flipped(random: Seeded): Buffer {
  const data = Buffer.from(random.pick(Object.values(FILES)))
  data[random.below(data.length)]! ^= 1 << random.below(8)
  return data
}

/** What a killed pull, a full disk or a stranger may have left. */
function damagePartial(random: Seeded): void {
  const folder = join(cache.path, 'models/.tiny-model.partial')
  const parts = existsSync(folder) ? readdirSync(folder) : []
  if (parts.length === 0) return
  const part = join(folder, random.pick(parts))
  const how = random.below(4)
  if (how === 0) rmSync(part)
  else if (how === 1) truncateSync(part, random.below(1000))
  else if (how === 2) appendFileSync(part, noise(random.below(20_000), random.below(99)))
  else writeFileSync(part, noise(random.below(40_000), random.below(99)))
}

test(`${FAULTS} random faults leave no file that is not verified`, { timeout: 120_000 }, async () => {
  const random = seeded(20261123)
  const count = { faults: 0, pulls: 0, whole: 0, errors: new Map<string, number>() }
  while (count.faults < FAULTS) {
    const first = hub.requests.length
    const faults = new Map(
      Array.from({ length: 1 + random.below(4) }, () => [random.below(10), random.pick(KINDS)(random)]),
    )
    hub.behave = (_, index) => {
      const reply = faults.get(index - first)
      if (reply) count.faults++
      return reply ?? {}
    }
    const entry = tinyEntry({ known: random.next() < 0.5, revision: random.next() < 0.9 ? undefined : null })
    const error = await pullFrom(hub, entry, { timeoutMs: 200 }).then(
      () => undefined,
      (reason) => reason,
    )
    count.pulls++
    if (error) {
      expect(error, error.stack).toMatchObject({
        name: 'ClaraError',
        code: expect.stringMatching(/^(network|model|io)$/),
      })
      count.errors.set(error.code, (count.errors.get(error.code) ?? 0) + 1)
    }
    expect(isWhole(cache.path), String(error)).toBe(error === undefined)
    if (!error) count.whole++
    if (random.next() < 0.3) damagePartial(random)
    if (error && random.next() < 0.2) {
      hub.behave = () => ({})
      await pullFrom(hub, entry) // nothing that was left stands in the way
      expect(isWhole(cache.path)).toBe(true)
    }
    rmSync(modelFolder(cache.path), { recursive: true, force: true })
  }
  console.log(
    `${count.faults} faults in ${count.pulls} pulls: ${count.whole} whole,`,
    Object.fromEntries(count.errors),
  )
  expect(count.whole).toBeGreaterThan(20)
  expect(count.pulls - count.whole).toBeGreaterThan(20)
})
