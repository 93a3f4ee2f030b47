import { spawn } from 'node:child_process'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Lock, tryLock, waitForLock } from '#clara/files/lock.js'
import { startOf } from '#clara/files/processes.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const lockPath = () => join(directory.path, 'lock')
const module = new URL('../../dist/files/lock.js', import.meta.url).href

/** Runs until it is told to end; prints a line when it has begun. */
function child(script: string) {
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const begun = new Promise<void>((resolve) => process_.stdout.once('data', () => resolve()))
  const ended = new Promise<void>((resolve) => process_.once('close', () => resolve()))
  return { process: process_, begun, ended }
}

async function take(): Promise<Lock> {
  const got = await tryLock(lockPath())
  expect(got).toHaveProperty('release')
  return got as Lock
}

test('one holds it, the other learns who; released, it can be had again', async () => {
  const lock = await take()
  expect(await tryLock(lockPath())).toMatchObject({ pid: process.pid, host: hostname() })
  await lock.release()
  expect(existsSync(lockPath())).toBe(false)
  await (await take()).release()
})

test.each([
  ['of a process that is no more', { pid: 2 ** 22 + 7, host: hostname(), started: null }],
  ['of a process whose id went to another', { pid: process.pid, host: hostname(), started: '1' }],
])('a lock %s is taken over', async (_, holder) => {
  writeFileSync(lockPath(), JSON.stringify(holder))
  await (await take()).release()
})

test('one of a living process, or of another machine, is not', async () => {
  const started = await startOf(process.pid)
  for (const holder of [
    { pid: process.pid, host: hostname(), started },
    { pid: 2 ** 22 + 7, host: 'elsewhere', started: null },
  ]) {
    writeFileSync(lockPath(), JSON.stringify(holder))
    expect(await tryLock(lockPath())).toMatchObject(holder)
  }
  expect(await waitForLock(lockPath(), () => {})).toMatchObject({ host: 'elsewhere' })
})

test('one that nobody can read is respected while it is young, then taken over', async () => {
  writeFileSync(lockPath(), '{"pid":') // as a killed process leaves it
  const nineSecondsAgo = Date.now() / 1000 - 9
  utimesSync(lockPath(), nineSecondsAgo, nineSecondsAgo)
  const before = performance.now()
  await (await take()).release()
  expect(performance.now() - before).toBeGreaterThan(500)
})

test('a killed holder is noticed by who waits', async () => {
  const script = `import { tryLock } from ${JSON.stringify(module)}
    await tryLock(${JSON.stringify(lockPath())}); console.log('held'); setInterval(() => {}, 1000)`
  const holder = child(script)
  await holder.begun
  let told = 0
  const waiting = waitForLock(lockPath(), ({ pid }) => {
    expect(pid).toBe(holder.process.pid)
    told++
    holder.process.kill('SIGKILL')
  })
  await ((await waiting) as Lock).release()
  expect(told).toBe(1)
})

test('a process that exits gives it back', async () => {
  const script = `import { tryLock } from ${JSON.stringify(module)}
    await tryLock(${JSON.stringify(lockPath())}); process.exit(3)`
  await child(script).ended
  expect(existsSync(lockPath())).toBe(false)
})

test('many that find a stale lock at once still go one by one', async () => {
  const counter = await directory.write('counter', '0')
  writeFileSync(lockPath(), JSON.stringify({ pid: 2 ** 22 + 7, host: hostname(), started: null }))
  const script = `import { readFileSync, writeFileSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { waitForLock } from ${JSON.stringify(module)}
    console.log('ready')
    for (let i = 0; i < 5; i++) {
      const lock = await waitForLock(${JSON.stringify(lockPath())}, () => {})
      const value = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
      await sleep(3)
      writeFileSync(${JSON.stringify(counter)}, String(value + 1))
      await lock.release()
    }`
  await Promise.all(Array.from({ length: 6 }, () => child(script).ended))
  expect(readFileSync(counter, 'utf8')).toBe('30')
})
