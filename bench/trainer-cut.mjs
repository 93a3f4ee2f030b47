// Of a corpus' chunks, how many are longer than what the trainer reads of a document: cut for the embedder alone, as before, and
// for the trainer too, as commands do by default. Counted by SentencePiece, another implementation than the one that cut them.
//
//   npm run build && node bench/trainer-cut.mjs CORPUS… --python PYTHON [--output FILE]
//
// CORPUS is a file or folder as commands take it. PYTHON has sentencepiece.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readDocuments } from '../dist/documents/read-documents.js'
import { storeChunks } from '../dist/index/chunks-only.js'
import { DEFAULT_CHUNKING } from '../dist/index/trainer.js'
import { openTokenizer } from '../dist/inference/open-tokenizer.js'
import { DEFAULT_EMBEDDER, resolveEmbedder } from '../dist/models/resolve.js'
import { keep } from './keep.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string', default: 'python3' }, output: { type: 'string' } },
})
const MODEL = fileURLToPath(new URL('../models/mistral-7b-tokenizer/tokenizer.model', import.meta.url))
const COUNT = `
import json, sys, sentencepiece
model = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
print(json.dumps([len(ids) for ids in model.encode(json.load(sys.stdin))]))
`
const LIMIT = DEFAULT_CHUNKING.trainer.tokens

function countTokens(texts) {
  const { status, stdout, stderr } = spawnSync(flags.python, ['-c', COUNT, MODEL], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const embedder = await resolveEmbedder(DEFAULT_EMBEDDER)
const tokenizer = await openTokenizer(embedder)
const work = mkdtempSync(join(tmpdir(), 'clara-cut-'))

async function cut(corpus, chunking) {
  const onProblem = ({ path, line, reason }) => console.error(`${path}:${line}: ${reason}`)
  const store = await storeChunks(readDocuments([corpus], onProblem), embedder, tokenizer, {
    outputDir: join(work, 'chunks'),
    chunking,
  })
  const texts = []
  for await (const [, { text }] of store.entries()) texts.push(text)
  await store.close()
  const counts = countTokens(texts)
  return { chunks: counts.length, over: counts.filter((n) => n > LIMIT).length, longest: Math.max(...counts) }
}

const corpora = {}
try {
  for (const corpus of positionals) {
    const { trainer: _, ...embedderAlone } = DEFAULT_CHUNKING
    corpora[basename(corpus)] = {
      embedder_alone: await cut(corpus, embedderAlone),
      trainer_too: await cut(corpus, DEFAULT_CHUNKING),
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true })
  await tokenizer.close()
}
process.stdout.write(
  keep({ date: new Date().toISOString(), node: process.version, limit: LIMIT, corpora }, flags.output),
)
