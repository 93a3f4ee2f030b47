import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openIndex } from '#clara/index/open.js'
import { verifyIndex } from '#clara/index/verify.js'
import { openEmbedder } from '#clara/inference/embedder.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '#clara/models/resolve.js'
import { collect } from '../support/collect.js'
import { jsonl, useDirectory } from '../support/directory.js'
import { exampleDocuments } from '../support/example-index.js'
import { seeded } from '../support/seeded.js'
import { expectSame } from '../support/tiny-index.js'
import { TINY } from '../support/tiny-model.js'

/** A tiny model takes most of them: opening the embedded one is what takes the time. */
const MODELS = [
  { name: 'the embedded model', path: DEFAULT_EMBEDDER, kills: 8 },
  { name: 'a tiny model', path: join(TINY, 'bert-mean'), kills: 22 },
]
const CHILD = fileURLToPath(new URL('kill-child.mjs', import.meta.url))
const directory = useDirectory()

interface Note {
  embedded?: string[]
  resumed?: number
}

/** @returns whether it came to its end before it was killed. */
async function run(
  model: string,
  corpus: string,
  to: string,
  notes: string,
  killAfterMs?: number,
): Promise<boolean> {
  const child = spawn(process.execPath, [CHILD, model, corpus, to, notes], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<boolean>((resolve, reject) =>
    child.on('close', (code, signal) => {
      if (code === 0) resolve(true)
      else if (signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr))
    }),
  )
  if (killAfterMs !== undefined) {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await Promise.race([sleep(killAfterMs), ended])
    child.kill('SIGKILL')
  }
  return ended
}

const lines = async <T>(path: string): Promise<T[]> =>
  (await readFile(path, 'utf8').catch(() => ''))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

/** Chunks of the last checkpoint that is on disk. */
async function rowsKept(index: string): Promise<number> {
  const [, ...checkpoints] = await lines<{ rows: number }>(join(index, '.work/progress.jsonl'))
  return checkpoints.at(-1)?.rows ?? 0
}

test.each(MODELS)(
  'a build by $name that is killed $kills times gives what one that is left alone gives, and embeds no window twice',
  async ({ path, kills: wanted }) => {
    const random = seeded(20261123)
    const documents = await collect(exampleDocuments())
    const rows = documents.slice(0, 45).map(({ id, text }) => ({ _id: id, text }))
    const corpus = await directory.write('corpus.jsonl', jsonl(...rows))
    const whole = join(directory.path, 'whole')
    const started = performance.now()
    await run(path, corpus, whole, join(directory.path, 'notes'))
    const longest = (performance.now() - started) / 2 // the first half is node, and opening the model
    const order = (await lines<{ id: string }>(join(whole, 'chunks.jsonl'))).map(({ id }) => `chunk ${id}`)
    expect(order.length).toBeGreaterThan(192) // two checkpoints, and more

    let kills = 0
    let index = ''
    for (let round = 0; kills < wanted; round++) {
      index = join(directory.path, `index-${round}`)
      await mkdir(index)
      for (let attempt = 0, isDone = false; !isDone; attempt++) {
        const notes = join(directory.path, `notes-${round}-${attempt}`)
        const kept = await rowsKept(index)
        isDone = await run(path, corpus, index, notes, kills < wanted ? random.next() * longest : undefined)
        if (!isDone) kills++
        isDone ||= existsSync(join(index, 'manifest.json')) // killed when all was done
        const told = await lines<Note>(notes)
        const embedded = told.flatMap((note) => note.embedded ?? [])
        if (embedded.length > 0) expect(told[0]?.resumed ?? 0).toBe(kept)
        expect(embedded).toEqual(order.slice(kept, kept + embedded.length))
      }
      await expectSame(index, whole)
    }
    await verifyIndex(index)
    await expectSameResults(path, index, whole)
  },
  300_000,
)

async function expectSameResults(path: string, one: string, other: string): Promise<void> {
  const model = await resolveEmbedder(path)
  const embedder = await openEmbedder(model, { threads: 1 })
  const queries = await embedder.embed(['What is attention?', 'How is an index built?'], 'query')
  const found = await Promise.all(
    [one, other].map(async (directory) => {
      const index = await openIndex(directory, model)
      return index.search(queries, 10, { method: 'graph' }).finally(index.close)
    }),
  )
  await embedder.close()
  expect(found[0]).toEqual(found[1])
}
