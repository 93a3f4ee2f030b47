/** Short forms of bench/synth, which says what each does; the long ones are run by hand. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

function bench(name: 'kills' | 'canary' | 'memory', ...args: string[]) {
  const path = fileURLToPath(new URL(`../../bench/synth/${name}.mjs`, import.meta.url))
  const { stdout, stderr, status } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout)[name]
}

test('8 kills: no acknowledged reply is paid again, no row lost or doubled, and the results are the same', () => {
  const counts = bench('kills', '--kills', '8', '--seed', '7')
  expect(counts.kills).toBeGreaterThanOrEqual(8)
  expect(counts.replies_acknowledged_at_kills).toBeGreaterThan(0)
  expect(counts).toMatchObject({
    acknowledged_replies_paid_again: 0,
    doubled_rows: 0,
    lost_rows: 0,
    other_results: 0,
    findings: [],
  })
})

test.skipIf(process.platform !== 'linux')('the key is nowhere', () => {
  const counts = bench('canary', '--chunks', '30')
  expect(counts.with_the_key_in_an_error).toBeGreaterThan(5)
  expect(counts.looks_at_processes).toBeGreaterThan(10)
  expect(counts.findings).toEqual([])
})

test('replies are not held: the heap stays as it is while they come and while they are read again', () => {
  const { journal_mib, before, asking, again } = bench(
    'memory',
    ...['--chunks', '3600', '--kib', '16', '--concurrency', '10'],
  )
  expect(journal_mib).toBeGreaterThan(55)
  expect(again.calls).toBe(0)
  // Up to 80 replies, 1.25 MiB, are under way, several times each; how many of them depends on the disk.
  expect(Math.max(...asking.heap_mib)).toBeLessThan(before + 32)
  expect(Math.max(...again.heap_mib)).toBeLessThan(before + 12)
})
