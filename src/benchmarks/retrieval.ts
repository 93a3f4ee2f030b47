/** How well an embedder finds what answers a question, over a BEIR folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { windows } from '../files/windows.js'
import { buildIndex } from '../index/build.js'
import { type Index, openIndex } from '../index/open.js'
import type { Embedder } from '../inference/embedder.js'
import type { Question } from '../questions/question.js'
import { readQuestions } from '../questions/read-questions.js'
import { meanMetrics, metricsOf, type RetrievalMetrics } from './retrieval-metrics.js'

const DEPTH = 100
const WINDOW = 512

export interface RetrievalResult extends RetrievalMetrics {
  documents: number
  queries: number
  embedder: string
}

/**
 * Documents are embedded whole, cut at the model's limit, as BEIR's own evaluation does; the
 * search is exact. The index lies in the system's temporary folder and is removed.
 */
export async function evaluateRetrieval(
  folder: string,
  embedder: Embedder,
  onProblem: OnProblem,
): Promise<RetrievalResult> {
  const work = await mkdtemp(join(tmpdir(), 'clara-bench-'))
  try {
    const { counts } = await buildIndex(readDocuments([folder], onProblem), embedder, {
      outputDir: join(work, 'index'),
      overwrite: false,
      force: true, // a low figure is what is asked for
      chunking: { tokens: embedder.model.card.maxTokens, overlap: 0, split: false },
    })
    const index = await openIndex(join(work, 'index'), embedder.model)
    try {
      const scores: RetrievalMetrics[] = []
      for await (const window of windows(readQuestions(folder, onProblem), WINDOW)) {
        scores.push(...(await scoreQuestions(window, index, embedder)))
      }
      if (scores.length === 0) throw new ClaraError('input', `${folder}: no query has a relevant document`)
      return {
        documents: counts.documents,
        queries: scores.length,
        embedder: embedder.model.card.name,
        ...meanMetrics(scores),
      }
    } finally {
      await index.close()
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function scoreQuestions(
  questions: Question[],
  index: Index,
  embedder: Embedder,
): Promise<RetrievalMetrics[]> {
  const vectors = await embedder.embed(
    questions.map(({ question }) => question),
    'query',
  )
  const { ids, k } = await index.search(vectors, DEPTH, { method: 'exact' })
  return Promise.all(
    questions.map(async ({ docIds }, row) => {
      const chunks = await Promise.all(Array.from(ids.subarray(row * k, (row + 1) * k), index.chunks.read))
      return metricsOf(
        chunks.map(({ documentId }) => documentId),
        new Set(docIds),
      )
    }),
  )
}
