// One command on an index, with a note of each window that it embeds:
// `node kills-child.mjs build|add|compact INDEX NOTES [CORPUS]`.
import { appendFileSync } from 'node:fs'
import { documentsOf } from '../../dist/documents/corpus.js'
import { addDocuments } from '../../dist/index/add.js'
import { buildIndex } from '../../dist/index/build.js'
import { compactIndex } from '../../dist/index/compact.js'
import { openEmbedder } from '../../dist/inference/embedder.js'
import { resolveEmbedder } from '../../dist/models/resolve.js'
import { CHUNK_TOKENS, MODEL } from './common.mjs'

const [command, directory, notes, corpus] = process.argv.slice(2)
const note = (record) => appendFileSync(notes, `${JSON.stringify(record)}\n`)
const onProblem = (problem) => {
  throw new Error(JSON.stringify(problem))
}

if (command === 'compact') await compactIndex(directory, { threads: 1 })
else {
  const embedder = await openEmbedder(await resolveEmbedder(MODEL), { threads: 1 })
  const watched = {
    ...embedder,
    embed(texts, kind, nameOf, onEncoded) {
      note({ embedded: texts.map((_, i) => nameOf(i)) })
      return embedder.embed(texts, kind, nameOf, onEncoded)
    },
  }
  const options = { force: true, threads: 1, onResume: (chunks) => note({ resumed: chunks }) }
  const documents = documentsOf([corpus], onProblem)
  if (command === 'add') await addDocuments(directory, documents, watched, options)
  else {
    await buildIndex(documents, watched, {
      ...options,
      outputDir: directory,
      overwrite: false,
      chunking: { tokens: CHUNK_TOKENS, overlap: 0, split: true },
    })
  }
  await embedder.close()
}
