import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { stageDirectory, writeDirectory } from '#clara/files/staged-directory.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const target = () => join(directory.path, 'out')
const fill = (content: string) => async (path: string) => {
  await writeFile(join(path, 'a'), content)
  await writeFile(join(path, 'b'), content)
  return content
}

test('a directory is not there until it is published, then whole', async () => {
  const staged = await stageDirectory(target())
  await fill('new')(staged.path)
  expect(existsSync(target())).toBe(false)
  await staged.publish()
  expect((await readdir(target())).sort()).toEqual(['a', 'b'])
  expect(await readdir(directory.path)).toEqual(['out'])
})

test('parents are made, and writeDirectory gives back what fill returned', async () => {
  const deep = join(directory.path, 'x', 'y', 'out')
  expect(await writeDirectory(deep, {}, fill('new'))).toBe('new')
  expect(await readFile(join(deep, 'b'), 'utf8')).toBe('new')
})

test('an empty directory is no obstacle', async () => {
  await mkdir(target())
  await writeDirectory(target(), {}, fill('new'))
  expect(await readdir(directory.path)).toEqual(['out'])
})

test.each([
  ['before it began', false],
  ['while it was filled', true],
])('a filled directory that was there %s is refused and kept', async (_, later) => {
  const occupy = () => directory.write('out/mine', 'precious')
  if (!later) await occupy()
  const written = writeDirectory(target(), {}, async (path) => {
    await fill('new')(path)
    if (later) await occupy()
  })
  await expect(written).rejects.toMatchObject(claraError('exists', target(), '--overwrite'))
  expect(await readdir(target())).toEqual(['mine'])
  expect(await readdir(directory.path)).toEqual(['out'])
})

test('a file in its place is refused', async () => {
  await directory.write('out', 'a file')
  await expect(writeDirectory(target(), {}, fill('new'))).rejects.toMatchObject(
    claraError('exists', target(), 'is a file'),
  )
})

test('overwrite replaces all that was there', async () => {
  await directory.write('out/old/deep', 'old')
  await writeDirectory(target(), { overwrite: true }, fill('new'))
  expect((await readdir(target())).sort()).toEqual(['a', 'b'])
  expect(await readdir(directory.path)).toEqual(['out'])
})

test.each([false, true])(
  'a fill that throws leaves nothing of its own (overwrite: %s)',
  async (overwrite) => {
    if (overwrite) await directory.write('out/old', 'old')
    const written = writeDirectory(target(), { overwrite }, async (path) => {
      await fill('half')(path)
      throw new Error('in the middle')
    })
    await expect(written).rejects.toThrow('in the middle')
    expect(await readdir(directory.path)).toEqual(overwrite ? ['out'] : [])
    if (overwrite) expect(await readdir(target())).toEqual(['old'])
  },
)

describe('what other runs left', () => {
  const leave = async (pid: number, name = 'out') => {
    await directory.write(`.${name}.clara-staging-${pid}/half`, 'written')
    return `.${name}.clara-staging-${pid}`
  }
  const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid

  test('is removed when its process is dead', async () => {
    await leave(deadPid())
    await writeDirectory(target(), {}, fill('new'))
    expect(await readdir(directory.path)).toEqual(['out'])
  })

  test('is kept when its process lives, or it is for another target', async () => {
    const alive = await leave(process.ppid)
    const other = await leave(deadPid(), 'other')
    await writeDirectory(target(), {}, fill('new'))
    expect((await readdir(directory.path)).sort()).toEqual([other, alive, 'out'].sort())
  })
})

describe('a process that ends in the middle', () => {
  const script = fileURLToPath(new URL('../fixtures/stage-and-die.mjs', import.meta.url))
  const die = (how: string) => spawnSync(process.execPath, [script, target(), how], { encoding: 'utf8' })

  test.each([
    ['exit', { status: 3 }],
    ['throw', { status: 1 }],
  ])('by %s leaves nothing', async (how, ending) => {
    const child = die(how)
    expect(child).toMatchObject(ending)
    expect(basename(child.stdout)).toMatch(/^\.out\.clara-staging-/)
    expect(await readdir(directory.path)).toEqual([])
  })

  test('by SIGKILL leaves no target, and what it left goes with the next run', async () => {
    const child = die('kill')
    expect(child.signal).toBe('SIGKILL')
    expect(await readdir(directory.path)).toEqual([basename(child.stdout)])
    await writeDirectory(target(), {}, fill('new'))
    expect(await readdir(directory.path)).toEqual(['out'])
  })
})
