import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DurableFile, digestFile, readVerified, replaceFile, syncFile } from '#clara/files/durable-file.js'
import { useDirectory } from '../support/directory.js'

const directory = useDirectory()
const MIB = 1 << 20
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

test.each([
  ['nothing', []],
  ['one string', ['Zürich 𠀀\n']],
  ['strings and bytes', ['a', new Uint8Array([0, 255, 10]), 'é']],
  ['exactly the buffer', ['x'.repeat(MIB)]],
  ['more than the buffer in small parts', Array.from({ length: 3000 }, (_, i) => `${i} `.repeat(100))],
  ['more than the buffer at once', [new Uint8Array(3 * MIB + 7).fill(9), 'end']],
])('DurableFile writes and hashes %s', async (_, parts: (string | Uint8Array)[]) => {
  const path = join(directory.path, 'file')
  const whole = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const file = await DurableFile.create(path)
  for (const part of parts) await file.write(part)
  expect(file.bytes).toBe(whole.byteLength)

  const expected = { bytes: whole.byteLength, sha256: sha256(whole) }
  expect(await file.close()).toEqual(expected)
  expect(sha256(await readFile(path))).toBe(expected.sha256)
  expect(await digestFile(path)).toEqual(expected)
  expect(await syncFile(path)).toEqual(expected)
  expect((await readVerified(path, expected))?.equals(whole)).toBe(true) // toEqual takes seconds for it
  expect(await readVerified(path, { ...expected, bytes: expected.bytes + 1 })).toBeUndefined()
  expect(await readVerified(path, { ...expected, sha256: sha256(Buffer.from('other')) })).toBeUndefined()
})

test('DurableFile does not write over a file', async () => {
  const path = await directory.write('file', 'old')
  await expect(DurableFile.create(path)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(path, 'utf8')).toBe('old')
})

test('replaceFile replaces and leaves no temporary file', async () => {
  const path = await directory.write('file', 'old and longer')
  expect(await replaceFile(path, 'new')).toEqual({ bytes: 3, sha256: sha256(Buffer.from('new')) })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(directory.path)).toEqual(['file'])
})

test('replaceFile leaves the old content and no temporary file when it cannot write', async () => {
  const path = await directory.write('file', 'old')
  await expect(replaceFile(path, 12 as unknown as string)).rejects.toThrow()
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(directory.path)).toEqual(['file'])
})

test('replaceFile leaves no temporary file when it cannot rename', async () => {
  await mkdir(join(directory.path, 'folder', 'inside'), { recursive: true })
  await expect(replaceFile(join(directory.path, 'folder'), 'new')).rejects.toThrow()
  expect(await readdir(directory.path)).toEqual(['folder'])
  expect(await readdir(join(directory.path, 'folder'))).toEqual(['inside'])
})

test.skipIf(process.platform === 'win32')(
  'replaceFile leaves the old content when the disk is full',
  async () => {
    const path = await directory.write('file', 'old')
    const script = `
    import { replaceFile } from '#clara/files/durable-file.js'
    process.on('SIGXFSZ', () => {})
    await replaceFile(${JSON.stringify(path)}, 'x'.repeat(${MIB})).catch((error) => console.log(error.code, error.message))`
    // A limit on the size of a file fails a write in the middle, as a full disk does.
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 64; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8' },
    )
    expect(stdout).toMatch(/^io .*file.*: cannot be written: EFBIG/)
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(directory.path)).toEqual(['file'])
  },
)
