/** Short forms of bench/faults, which says what each does; the long ones are run by hand. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Runs one of them, and gives back what it counted. */
function faults(name: 'kills' | 'mutations' | 'syscalls', ...args: string[]) {
  const path = fileURLToPath(new URL(`../../bench/faults/${name}.mjs`, import.meta.url))
  const { stdout, stderr, status } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout === '' ? undefined : JSON.parse(stdout)[name]
}

test('12 kills of builds, adds and compactions lose, double and damage nothing', () => {
  const counts = faults('kills', '--kills', '12', '--seed', '7')
  expect(counts.kills).toBeGreaterThanOrEqual(12)
  expect(counts).toMatchObject({ lost_rows: 0, doubled_rows: 0, corrupt: 0, windows_embedded_twice: 0 })
}, 120_000)

test('60 changes of files are refused, 60 with right hashes crash nothing, on each engine', () => {
  const counts = faults('mutations', '--count', '60', '--hashed', '60', '--seed', '7')
  for (const engine of ['native', 'npm']) {
    expect(counts[engine].plain).toMatchObject({ crashes_by_signal: 0, silently_accepted: 0 })
    expect(counts[engine].hashed).toMatchObject({ crashes_by_signal: 0 })
  }
}, 120_000)

test('a graph that cannot be written, synced or closed is no success', () => {
  const counts = faults('syscalls', '--only', 'build', '--files', 'index.usearch')
  if (counts === undefined) return // no compiler
  expect(counts.build.failed).toBeGreaterThan(10)
  expect(counts.found).toEqual([])
}, 120_000)
