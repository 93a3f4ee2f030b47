/** The example corpus, indexed once for a test file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { readDocuments } from '#clara/documents/read-documents.js'
import { type BuildOptions, buildIndex } from '#clara/index/build.js'
import { type Index, openIndex } from '#clara/index/open.js'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { DEFAULT_EMBEDDER, type EmbedderModel, resolveEmbedder } from '#clara/models/resolve.js'
import { type Corpus, openCorpus } from '#clara/negatives/corpus.js'
import type { Question } from '#clara/questions/question.js'
import { readQuestions } from '#clara/questions/read-questions.js'
import { collect } from './collect.js'

const EXAMPLE = fileURLToPath(new URL('../../example/', import.meta.url))

export function failOnProblem(problem: object): never {
  throw new Error(`unexpected problem ${JSON.stringify(problem)}`)
}

export const exampleDocuments = () => readDocuments([join(EXAMPLE, 'raw_knowledge.jsonl')], failOnProblem)
export const exampleQuestions = (): Promise<Question[]> =>
  collect(readQuestions(join(EXAMPLE, 'qa.jsonl'), failOnProblem))

export function build(
  documents: AsyncIterable<Document>,
  embedder: Embedder,
  outputDir: string,
  options: Partial<BuildOptions> = {},
) {
  return buildIndex(documents, embedder, {
    outputDir,
    overwrite: false,
    precision: 'bf16',
    chunking: { tokens: 256, overlap: 0, split: true },
    force: true, // 32 of the 72 passages are Chinese
    ...options,
  })
}

export interface ExampleIndex {
  model: EmbedderModel
  embedder: Embedder
  /** Folder around the index, for a file's own use too. */
  work: string
  /** Where the index lies. */
  directory: string
  index: Index
  corpus: Corpus
}

export function useExampleIndex(): ExampleIndex {
  const example = {} as ExampleIndex
  beforeAll(async () => {
    example.model = await resolveEmbedder(DEFAULT_EMBEDDER)
    example.embedder = await openEmbedder(example.model, { threads: 2 })
    example.work = await mkdtemp(join(tmpdir(), 'clara-example-'))
    example.directory = join(example.work, 'index')
    await build(exampleDocuments(), example.embedder, example.directory)
    example.index = await openIndex(example.directory, example.model)
    example.corpus = await openCorpus(example.index.chunks)
  })
  afterAll(async () => {
    await example.index?.close()
    await example.embedder?.close()
    if (example.work) await rm(example.work, { recursive: true })
  })
  return example
}
