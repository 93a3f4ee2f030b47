import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprint, moveResults, openRunDirectory } from '#clara/files/run-directory.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const out = () => join(directory.path, 'deep', 'out')
const open = (settings: object, overwrite = false) =>
  openRunDirectory(out(), settings, { last: 'report.json', overwrite })
/** Whether there is something to go on from; the process is gone after that. */
const start = async (settings: object, overwrite = false) => {
  const run = await open(settings, overwrite)
  await run.release()
  return run.resumed
}
const finish = () => writeFile(join(out(), 'report.json'), '{}')

test('a fresh run has nothing to go on from, the same again has', async () => {
  expect(await start({ seed: 1 })).toBe(false)
  expect(JSON.parse(await readFile(join(out(), 'run.json'), 'utf8'))).toEqual({ seed: 1 })
  expect(await start({ seed: 1 })).toBe(true)
  expect(await readdir(out())).toEqual(['run.json'])
})

test('an empty directory is taken', async () => {
  await mkdir(out(), { recursive: true })
  expect(await start({ seed: 1 })).toBe(false)
})

test('a run with other settings is refused and kept', async () => {
  await start({ seed: 1 })
  await expect(start({ seed: 2 })).rejects.toMatchObject(
    claraError('exists', out(), 'other settings (seed was 1, now 2)'),
  )
  expect(await start({ seed: 1 })).toBe(true)
})

test.each([1, 2])('a finished run is refused (seed %i)', async (seed) => {
  await start({ seed: 1 })
  await finish()
  await expect(start({ seed })).rejects.toMatchObject(claraError('exists', out(), 'finished run'))
})

test.each([
  ['a filled directory', 'deep/out/mine', 'not empty'],
  ['a file', 'deep/out', 'is a file'],
])('%s that no run made is refused', async (_, name, message) => {
  await directory.write(name, 'precious')
  await expect(start({ seed: 1 })).rejects.toMatchObject(claraError('exists', out(), message))
  expect(await readFile(join(directory.path, name), 'utf8')).toBe('precious')
})

test.each([
  [1, true],
  [2, false],
])('overwrite starts with seed %i where a run had 1; something to go on from: %s', async (seed, resumes) => {
  await start({ seed: 1 })
  expect(await start({ seed }, true)).toBe(resumes)
  expect(JSON.parse(await readFile(join(out(), 'run.json'), 'utf8'))).toEqual({ seed })
})

test('overwrite of a finished run by another that is killed does not leave the old one’s results as its own', async () => {
  await start({ seed: 1 })
  await finish()
  await start({ seed: 2 }, true) // and then it is killed
  expect(await start({ seed: 2 })).toBe(true)
})

test('moveResults moves files into place and replaces what was there', async () => {
  await start({ seed: 1 })
  await directory.write('deep/out/.work/data', 'new')
  await directory.write('deep/out/.work/report.json', '{}')
  await directory.write('deep/out/data', 'old')
  await moveResults(join(out(), '.work'), out(), ['data', 'report.json'])
  expect(await readFile(join(out(), 'data'), 'utf8')).toBe('new')
  expect(existsSync(join(out(), 'report.json'))).toBe(true)
  expect(await readdir(join(out(), '.work'))).toEqual([])
})

test('the fingerprint of an input depends on names and contents, not on where it lies', async () => {
  const file = await directory.write('one/a.md', 'text')
  await directory.write('one/deep/b.md', 'more')
  await directory.write('two/a.md', 'text')
  await directory.write('two/deep/b.md', 'more')
  const at = (name: string) => fingerprint(join(directory.path, name))
  const before = await at('one')
  expect(await at('two')).toEqual(before)
  expect(await fingerprint(file)).toMatchObject({ bytes: 4 })
  await directory.write('two/deep/b.md', 'more.')
  expect(await at('two')).not.toEqual(before)
  await directory.write('two/deep/b.md', 'more')
  await directory.write('two/c.md', '')
  expect(await at('two')).not.toEqual(before)
  await expect(at('gone')).rejects.toMatchObject(claraError('input', join(directory.path, 'gone')))
})

test('one that was killed while it wrote its settings is begun again', async () => {
  await mkdir(out(), { recursive: true })
  await writeFile(join(out(), '.run.json.4711.tmp'), '{"se')
  expect(await start({ seed: 1 })).toBe(false)
  expect(await readdir(out())).toEqual(['run.json'])
})

test('a finished run that another process replaces keeps its report until that one has ended', async () => {
  await start({ seed: 1 })
  await finish()
  const other = await open({ seed: 1 }, true)
  await finish() // the other is done, but has not let go
  await expect(open({ seed: 2 }, true)).rejects.toMatchObject(claraError('exists', 'is writing there'))
  expect(existsSync(join(out(), 'report.json'))).toBe(true)
  await other.release()
  expect(await start({ seed: 2 }, true)).toBe(false)
  expect(existsSync(join(out(), 'report.json'))).toBe(false)
})

test('what a killed process left of its lock or its settings is no reason to refuse the directory', async () => {
  await directory.write(
    'deep/out/run.lock',
    `{"pid":999999999,"host":"${hostname()}","started":null,"since":""}`,
  )
  await directory.write('deep/out/.run.json.17.tmp', '{')
  expect(await start({ seed: 1 })).toBe(false)
  expect(await readdir(out())).toEqual(['run.json'])
})
