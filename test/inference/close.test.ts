import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

/** So that there is something to calibrate. */
const cache = mkdtempSync(join(tmpdir(), 'clara-empty-cache-'))
afterAll(() => rmSync(cache, { recursive: true }))

function run(script: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`../fixtures/${script}`, import.meta.url))
  const env = { ...process.env, CLARA_CACHE_DIR: cache }
  return spawnSync(process.execPath, [path, ...args], { encoding: 'utf8', timeout: 60_000, env })
}

// ONNX Runtime's binding aborts the process when its thread is stopped inside a call. A model of
// which one file is refused is closed while the others load. A calibration takes several seconds.
test.each([
  ['loading', 20],
  ['loading', 40],
  ['loading', 160],
  ['embedding', 0],
  ['embedding', 100],
  ['embedding', 200],
  ['calibrating', 0],
  ['calibrating', 600],
])('threads that are closed while %s (%i ms) end, and the process goes on', (busyWith, ms) => {
  const start = performance.now()
  expect(run('close-while-busy.mjs', busyWith, String(ms))).toMatchObject({
    stdout: expect.stringMatching(/^(done|rejected)\n$/),
    stderr: '',
    status: 0,
    signal: null,
  })
  expect(performance.now() - start).toBeLessThan(5000)
})

test.runIf(process.platform === 'linux')('what cannot be opened leaves no thread behind', () => {
  const { stdout, stderr, status } = run('open-and-fail.mjs')
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(9)
  expect(lines.shift()).toBe('none, twice: opened, 0 threads left')
  for (const line of lines) expect(line).toMatch(/^[\w ]+: model, 0 threads left$/)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
})

test('graphs with changed bytes never end the process', () => {
  const { stdout, stderr, status, signal } = run('open-damaged.mjs', '24', 'changed bytes')
  const outcomes = stdout.trimEnd().split('\n')
  expect(outcomes).toHaveLength(24)
  for (const line of outcomes) expect(line).toMatch(/^\d+ (vectors|model)$/)
  expect({ stderr, status, signal }).toEqual({ stderr: '', status: 0, signal: null })
})
