import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '#clara/files/staged-files.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { withFault } from '../support/disk-faults.js'

const directory = useDirectory()
const at = (name: string) => join(directory.path, name)
const fill =
  (content: string, meanwhile = async () => {}) =>
  async (files: { write(data: string): Promise<void> }[]) => {
    for (const [i, file] of files.entries()) await file.write(`${content} ${i}`)
    await meanwhile()
    return content
  }

test('files are not there until all are written, then whole', async () => {
  const targets = [at('a'), at('deep/b')]
  const result = await writeFiles(
    targets,
    {},
    fill('new', async () => {
      for (const target of targets) expect(existsSync(target)).toBe(false)
    }),
  )
  expect(result).toBe('new')
  expect(await Promise.all(targets.map((path) => readFile(path, 'utf8')))).toEqual(['new 0', 'new 1'])
  expect((await readdir(directory.path)).sort()).toEqual(['a', 'deep'])
})

test('no file is no harm', async () => {
  expect(await writeFiles([], {}, fill('nothing'))).toBe('nothing')
})

test('where filling fails nothing is left, and what was there stays', async () => {
  await writeFile(at('a'), 'old')
  const failing = writeFiles([at('a'), at('b')], { overwrite: true }, async (files) => {
    await files[0]!.write('new')
    throw new Error('enough')
  })
  await expect(failing).rejects.toThrow('enough')
  expect(await readdir(directory.path)).toEqual(['a'])
  expect(await readFile(at('a'), 'utf8')).toBe('old')
})

describe('a file that is there', () => {
  test.each([
    ['before it began', false],
    ['when it ended', true],
  ])('%s is kept', async (_, later) => {
    const occupy = () => writeFile(at('b'), 'precious')
    if (!later) await occupy()
    const written = writeFiles([at('a'), at('b')], {}, fill('new', later ? occupy : undefined))
    await expect(written).rejects.toMatchObject(claraError('exists', at('b'), '--overwrite'))
    expect(await readFile(at('b'), 'utf8')).toBe('precious')
    expect(await readdir(directory.path)).toEqual(['b'])
  })

  test('is replaced by overwrite', async () => {
    await writeFile(at('a'), 'old')
    await writeFiles([at('a')], { overwrite: true }, fill('new'))
    expect(await readFile(at('a'), 'utf8')).toBe('new 0')
  })

  test('and is a folder is refused', async () => {
    await mkdir(at('a'))
    await expect(writeFiles([at('a')], { overwrite: true }, fill('new'))).rejects.toMatchObject(
      claraError('exists', at('a'), 'a file was expected'),
    )
  })
})

test('the disk may fail at any call: each file is the old one or the new one, and nothing else is left', async () => {
  let failed: string | undefined
  for (let n = 0; n === 0 || failed; n++) {
    for (const name of ['a', 'b']) await writeFile(at(name), 'old')
    const run = () => writeFiles([at('a'), at('b')], { overwrite: true }, fill('new'))
    failed = await withFault(n, 'EIO', () => run().catch(() => {}))
    const contents = await Promise.all(['a', 'b'].map((name) => readFile(at(name), 'utf8')))
    expect(['old', 'new 0']).toContain(contents[0])
    expect(['old', 'new 1']).toContain(contents[1])
    if (!failed) expect(contents).toEqual(['new 0', 'new 1'])
    if (!failed?.startsWith('rm')) expect((await readdir(directory.path)).sort()).toEqual(['a', 'b'])
    expect(n).toBeLessThan(40)
  }
})

test('what killed runs left is cleared away', async () => {
  const { pid } = spawnSync('true')
  await writeFile(at(`.a.clara-staging-${pid}`), 'half')
  await writeFiles([at('a')], {}, fill('new'))
  expect(await readdir(directory.path)).toEqual(['a'])
})
