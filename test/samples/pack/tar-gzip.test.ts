import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { pack as tarPack } from 'tar-stream'
import { afterAll, describe, expect, it } from 'vitest'
import { DurableFile } from '#clara/files/durable-file.js'
import { writeTarGzip } from '#clara/samples/pack/tar-gzip.js'
import { readTar, type TarEntry } from '#clara/samples/pack/tar-reader.js'
import { seeded } from '../../support/seeded.js'

const work = mkdtempSync(join(tmpdir(), 'clara-tar-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const { below } = seeded(7)
const text = Buffer.from(Array.from({ length: 900_000 }, () => 97 + below(12)))
let count = 0

async function written(cut: () => number): Promise<Buffer> {
  const path = join(work, `${++count}.tar.gz`)
  const file = await DurableFile.create(path)
  await writeTarGzip(file, [
    {
      name: 'a.jsonl',
      mode: 0o644,
      bytes: text.byteLength,
      async *content() {
        for (let at = 0, size = cut(); at < text.byteLength; at += size, size = cut())
          yield text.subarray(at, at + size)
      },
    },
    { name: 'empty', mode: 0o644, bytes: 0, async *content() {} },
  ])
  await file.close()
  return readFileSync(path)
}

describe('the bytes of an archive', () => {
  it('do not depend on the pieces that a file is read in', async () => {
    const whole = await written(() => text.byteLength)
    expect((await written(() => 4096)).equals(whole)).toBe(true)
    expect((await written(() => 1 + below(70_000))).equals(whole)).toBe(true)
  })

  it('are those of the files, an empty one too, and read back', async () => {
    const seen: [string, number, number][] = []
    let entry: TarEntry
    let bytes = 0
    const tar = gunzipSync(await written(() => 1000))
    async function* pieces() {
      for (let at = 0; at < tar.byteLength; at += 700) yield tar.subarray(at, at + 700)
    }
    await readTar(pieces(), {
      begin(each) {
        entry = each
        bytes = 0
      },
      data(block) {
        bytes += block.byteLength
      },
      end() {
        seen.push([entry.name, entry.bytes, bytes])
      },
    })
    expect(seen).toEqual([
      ['a.jsonl', 900_000, 900_000],
      ['empty', 0, 0],
    ])
  })

  it('may be of a file over 8 GiB, whose size is written in another way', async () => {
    const pack = tarPack()
    pack.on('error', () => {})
    pack.entry({ name: 'large', size: 9 * 2 ** 30, mtime: new Date(0) }).on('error', () => {})
    const { value: header } = await pack[Symbol.asyncIterator]().next()
    pack.destroy()
    const sizes: number[] = []
    async function* only() {
      yield header as Buffer
    }
    const handler = { begin: ({ bytes }: TarEntry) => sizes.push(bytes), data() {}, end() {} }
    await expect(readTar(only(), handler)).rejects.toThrow('ends too early')
    expect(sizes).toEqual([9 * 2 ** 30])
  })
})
