import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { passageOf } from '../dist/chunks/chunk.js'
import { chunkDocuments } from '../dist/chunks/split.js'
import { openEmbedder, readDocuments, resolveEmbedder } from '../dist/index.js'
import { randomFor, shuffled } from '../dist/negatives/random.js'

/** Short, to have many of them. */
const MAX_TOKENS = 24
const WINDOW = 1024
const SOURCES = ['clara-pretrain/corpus.jsonl', 'xquad-en/corpus.jsonl', 'documents']

/**
 * Embeds the texts of a folder of BEIR folders, cut into passages of at most 24 tokens, each once,
 * in a seeded order, and writes the vectors as float32. Gives back how many there are.
 */
export async function embedTexts(data, path) {
  const model = await resolveEmbedder('all-minilm-l6-v2')
  const embedder = await openEmbedder(model)
  try {
    const sources = SOURCES.map((name) => join(data, name)).filter(existsSync)
    const options = { maxTokens: MAX_TOKENS, overlapTokens: 0, split: true }
    const texts = new Set()
    if (sources.length === 0) return 0
    const documents = readDocuments(sources, () => {})
    for await (const chunk of chunkDocuments(documents, options, embedder.tokenizer.countTokens)) {
      texts.add(passageOf(chunk))
    }
    const order = shuffled([...texts], randomFor('texts'))
    const vectors = new Float32Array(order.length * embedder.dims)
    for (let i = 0; i < order.length; i += WINDOW) {
      vectors.set(await embedder.embed(order.slice(i, i + WINDOW), 'document'), i * embedder.dims)
    }
    writeFileSync(path, new Uint8Array(vectors.buffer))
    return order.length
  } finally {
    await embedder.close()
  }
}
