/** One run of generateQuestions with all that came out of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Chunk } from '#clara/chunks/chunk.js'
import type { FileProblem } from '#clara/errors.js'
import type { Endpoint } from '#clara/questions/endpoint.js'
import {
  type GenerateCounts,
  type GenerateOptions,
  generateQuestions,
  type WrittenChunk,
} from '#clara/questions/generate.js'
import type { Writing } from '#clara/questions/prompt.js'
import { type LlmServerOptions, startLlmServer } from '../llm-server.js'
import { stream } from '../support/collect.js'

export const KEY = 'sk-canary-4f1d0c'

export const FACTS: Writing = { pairsPerChunk: 1, shares: { fact: 1 }, promptLanguage: 'auto' }

export interface Run {
  written: WrittenChunk[]
  /** Of all that was written, for short. */
  pairs: { question: string; answer: string; docId: string }[]
  problems: FileProblem[]
  progress: number[]
  counts: GenerateCounts
  /** What the iteration threw. */
  error: unknown
}

export type RunOptions = Partial<Omit<GenerateOptions, 'endpoint' | 'writing'>> & {
  pairsPerChunk?: number
  writing?: Partial<Writing>
  url: string
  journalPath: string
  endpoint?: Partial<Endpoint>
}

export async function run(
  chunks: Iterable<Chunk>,
  { url, endpoint, pairsPerChunk = 1, writing, ...options }: RunOptions,
): Promise<Run> {
  const problems: FileProblem[] = []
  const progress: number[] = []
  const { written, counts } = generateQuestions(stream(chunks), {
    endpoint: {
      model: 'test-model',
      baseUrl: url,
      apiKey: KEY,
      timeoutMs: 10_000,
      concurrency: 1,
      ...endpoint,
    },
    writing: { ...FACTS, pairsPerChunk, ...writing },
    onProblem: (problem) => problems.push(problem),
    onProgress: (done) => progress.push(done),
    ...options,
  })
  const result: Run = { written: [], pairs: [], problems, progress, counts, error: undefined }
  try {
    for await (const each of written) {
      result.written.push(each)
      for (const { question, answer } of each.pairs) {
        result.pairs.push({ question, answer, docId: each.chunks[0]!.id })
      }
    }
  } catch (error) {
    result.error = error
  }
  return result
}

export function chunk(
  index: number,
  text = `The river number ${index} flows to the town of Port ${index}.`,
): Chunk {
  return { id: `doc${index}#0`, documentId: `doc${index}`, title: '', text }
}

export function chunks(count: number): Chunk[] {
  return Array.from({ length: count }, (_, index) => chunk(index))
}

/** A server and a place for the journal, both gone after the test. */
export async function setUp(behave?: LlmServerOptions['behave']) {
  const server = await startLlmServer(behave && { behave })
  const directory = await mkdtemp(join(tmpdir(), 'clara-generate-'))
  onTestFinished(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  return { server, url: server.url, journalPath: join(directory, 'replies.jsonl') }
}
