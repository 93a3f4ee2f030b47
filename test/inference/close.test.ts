import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../fixtures/close-while-busy.mjs', import.meta.url))

// ONNX Runtime's binding aborts the process when its thread is stopped inside a call. A model of
// which one file is refused is closed while the others load.
test.each([
  ['loading', 80],
  ['loading', 120],
  ['loading', 160],
  ['embedding', 100],
  ['embedding', 200],
])('threads that are closed while %s (%i ms) end, and the process goes on', (busyWith, ms) => {
  const child = spawnSync(process.execPath, [script, busyWith, String(ms)], { encoding: 'utf8' })
  expect(child).toMatchObject({
    stdout: expect.stringMatching(/^(done|rejected)\n$/),
    stderr: '',
    status: 0,
    signal: null,
  })
})
