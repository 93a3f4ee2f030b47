// Builds an index, and notes in a file what it embeds: `node kill-child.mjs MODEL CORPUS DIRECTORY NOTES`.
import { appendFileSync } from 'node:fs'
import { documentsOf } from '#clara/documents/corpus.js'
import { buildIndex } from '#clara/index/build.js'
import { openEmbedder } from '#clara/inference/embedder.js'
import { resolveEmbedder } from '#clara/models/resolve.js'

const [model, corpus, outputDir, notes] = process.argv.slice(2)
const note = (record) => appendFileSync(notes, `${JSON.stringify(record)}\n`)
const embedder = await openEmbedder(await resolveEmbedder(model), { threads: 1 })
const watched = {
  ...embedder,
  embed(texts, kind, nameOf, onEncoded) {
    note({ embedded: texts.map((_, i) => nameOf(i)) })
    return embedder.embed(texts, kind, nameOf, onEncoded)
  },
}
process.stdout.write('ready\n')
await buildIndex(
  documentsOf([corpus], (problem) => {
    throw new Error(JSON.stringify(problem))
  }),
  watched,
  {
    outputDir,
    overwrite: false,
    precision: 'bf16',
    chunking: { tokens: 24, overlap: 0, split: true },
    force: true,
    threads: 1,
    onResume: (chunks) => note({ resumed: chunks }),
  },
)
await embedder.close()
