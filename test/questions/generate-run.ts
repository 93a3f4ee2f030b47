/** One run of generateQuestions with all that came out of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Chunk } from '#clara/chunks/chunk.js'
import type { Problem } from '#clara/errors.js'
import {
  type Endpoint,
  type GenerateCounts,
  type GeneratedPair,
  type GenerateOptions,
  generateQuestions,
} from '#clara/questions/generate.js'
import { type LlmServerOptions, startLlmServer } from '../llm-server.js'
import { stream } from '../support/collect.js'

export const KEY = 'sk-canary-4f1d0c'

export interface Run {
  pairs: GeneratedPair[]
  problems: Problem[]
  progress: number[]
  counts: GenerateCounts
  /** What the iteration threw. */
  error: unknown
}

export type RunOptions = Partial<Omit<GenerateOptions, 'endpoint'>> & {
  url: string
  journalPath: string
  endpoint?: Partial<Endpoint>
}

export async function run(chunks: Iterable<Chunk>, { url, endpoint, ...options }: RunOptions): Promise<Run> {
  const problems: Problem[] = []
  const progress: number[] = []
  const { pairs, counts } = generateQuestions(stream(chunks), {
    endpoint: {
      model: 'test-model',
      baseUrl: url,
      apiKey: KEY,
      timeoutMs: 10_000,
      concurrency: 1,
      ...endpoint,
    },
    pairsPerChunk: 1,
    onProblem: (problem) => problems.push(problem),
    onProgress: (done) => progress.push(done),
    ...options,
  })
  const result: Run = { pairs: [], problems, progress, counts, error: undefined }
  try {
    for await (const pair of pairs) result.pairs.push(pair)
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
