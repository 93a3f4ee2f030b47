import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { ClaraError, isErrno } from '#clara/errors.js'
import { addDocuments } from '#clara/index/add.js'
import { compactIndex } from '#clara/index/compact.js'
import { removeDocuments } from '#clara/index/remove.js'
import { verifyIndex } from '#clara/index/verify.js'
import { useDirectory } from '../support/directory.js'
import { withFault } from '../support/disk-faults.js'
import { again, buildTiny, contents, useTinyEmbedder } from '../support/tiny-index.js'

/** Every call in turn takes minutes: CLARA_FAULT_STEP=1. */
const STEP = Number(process.env.CLARA_FAULT_STEP ?? 9)

const tiny = useTinyEmbedder()
const directory = useDirectory()
let fixed: string
let first: Document[]

beforeAll(async () => {
  fixed = await mkdtemp(join(tmpdir(), 'clara-faults-'))
  first = tiny.documents.slice(0, 6) // a checkpoint, and more
  await buildTiny(join(fixed, 'index'), first, tiny.embedder)
})
afterAll(() => rm(fixed, { recursive: true }))

const changes: [string, (path: string) => Promise<unknown>][] = [
  ['build', (path) => buildTiny(path, first, tiny.embedder)],
  [
    'build over an index',
    (path) => buildTiny(path, tiny.documents.slice(6, 12), tiny.embedder, { overwrite: true }),
  ],
  ['add', (path) => addDocuments(path, again(tiny.documents.slice(6, 12)), tiny.embedder, { force: true })],
  ['remove', (path) => removeDocuments(path, [first[2]!.id])],
  ['compact', (path) => compactIndex(path)],
]

test.each(changes)(
  '%s, with any call to the disk failing, fails, and works when it is run again',
  async (name, change) => {
    const prepare = async (to: string) => {
      const path = join(directory.path, to)
      if (name !== 'build') await cp(join(fixed, 'index'), path, { recursive: true })
      if (name === 'compact') await removeDocuments(path, [first[2]!.id])
      return path
    }
    const wanted = await prepare('wanted')
    const before = await readFile(join(wanted, 'manifest.json'), 'utf8').catch(() => undefined)
    await change(wanted)
    let succeeded = 0
    for (let n = 0; ; n += STEP) {
      const path = await prepare('index')
      let error: unknown
      const failed = await withFault(n, n % 2 === 0 ? 'EIO' : 'ENOSPC', () =>
        change(path).catch((e) => (error = e)),
      )
      if (failed === undefined) {
        await rm(path, { recursive: true })
        break
      }
      const place = `call ${n}: ${failed}`
      const after = await contents(wanted)
      if (error === undefined) {
        succeeded++ // what could not be cleared away goes the next time
        expect(await contents(path), place).toMatchObject(after)
      } else {
        expect(error instanceof ClaraError || isErrno(error), `${place}: ${error}`).toBe(true)
        expect(String(error), place).toContain(path)
        const state = await verifyIndex(path).then(
          () => readFile(join(path, 'manifest.json'), 'utf8'),
          () => undefined,
        )
        expect([before, String(after['manifest.json'])], place).toContain(state)
        const isDone = name === 'build' && state !== undefined
        if (isDone) await expect(change(path)).rejects.toMatchObject({ code: 'exists' })
        else await change(path)
      }
      await verifyIndex(path)
      await rm(path, { recursive: true })
    }
    expect(succeeded).toBeLessThan(12)
  },
)
