// Tries mutations FIRST … END of a seed: `node mutations-child.mjs ORIGINAL OLDER WORK hashed|plain SEED FIRST END`.
// Each has a random stream of its own, so that one that takes the process down can be tried alone. Before a
// mutation is used its number is printed: the last number of a process that died is the one.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readManifest } from '../../dist/index/manifest.js'
import { verifyIndex } from '../../dist/index/verify.js'
import { answers } from './common.mjs'
import { craft, mutate, restore, seeded } from './mutate.mjs'

const [original, older, index, mode, seed, first, end] = process.argv.slice(2)
const manifest = await readManifest(original)
const expected = await answers(original)

/** `ClaraError code`, or what it was instead. */
async function outcome(use) {
  try {
    return { result: await use() }
  } catch (error) {
    if (error.name === 'ClaraError')
      return { refused: error.message.includes(index) ? 'by name' : `without a name: ${error.message}` }
    return { odd: String(error.stack ?? error).slice(0, 600) }
  }
}

/** The same value in other bytes. */
function isSameManifest() {
  try {
    const parse = (path) => JSON.stringify(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')))
    return parse(index) === parse(original)
  } catch {
    return false
  }
}

for (let n = Number(first); n < Number(end); n++) {
  const random = seeded(Number(seed) * 1_000_003 + n)
  restore(index, original)
  const done = mode === 'hashed' ? await craft(index, manifest, random) : mutate(index, older, random)
  if (!done) {
    console.log(JSON.stringify({ n, unchanged: true }))
    continue
  }
  console.log(JSON.stringify({ n, ...done }))
  const used = await outcome(() => answers(index))
  const verified = await outcome(() => verifyIndex(index).then(() => 'right'))
  console.log(
    JSON.stringify({
      n,
      ...done,
      used: used.odd
        ? { odd: used.odd }
        : used.refused
          ? `refused ${used.refused}`
          : used.result === expected
            ? 'same answers'
            : 'other answers',
      verified: verified.odd
        ? { odd: verified.odd }
        : verified.refused
          ? `refused ${verified.refused}`
          : 'right',
      sameManifest: done.name === 'manifest.json' && isSameManifest(),
    }),
  )
}
