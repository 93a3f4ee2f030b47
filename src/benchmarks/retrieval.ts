/** How well an embedder finds what answers a question, over a BEIR folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError, type OnProblem } from '../errors.js'
import { windows } from '../files/windows.js'
import { buildIndex } from '../index/build.js'
import { type Index, openIndex } from '../index/open.js'
import { rerank } from '../index/rerank.js'
import type { Embedder } from '../inference/embedder.js'
import type { Reranker } from '../inference/reranker.js'
import type { Question } from '../questions/question.js'
import { readQuestions } from '../questions/read-questions.js'
import { meanMetrics, metricsOf, type RetrievalMetrics } from './retrieval-metrics.js'

const DEPTH = 100
const WINDOW = 512

interface RetrievalResult extends RetrievalMetrics {
  documents: number
  queries: number
  embedder: string
  /** With a reranker: what it makes of the first `rerank_depth` of each ranking. */
  reranked?: RetrievalMetrics & { reranker: string; rerank_depth: number }
}

interface Reranking {
  reranker: Reranker
  /** So many of each ranking are put into a new order. */
  depth: number
}

/**
 * Documents are embedded whole, cut at the model's limit, as BEIR's own evaluation does; the
 * search is exact. Of several splits it is `test`, unless another is named. The index lies in the system's temporary folder and is removed.
 */
export async function evaluateRetrieval(
  folder: string,
  embedder: Embedder,
  onProblem: OnProblem,
  reranking?: Reranking,
  split?: string,
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
      const reranked: RetrievalMetrics[] = []
      const questions = readQuestions(folder, onProblem, { split, defaultSplit: 'test' })
      const documents = await documentIds(index)
      let missing = 0
      for await (const window of windows(questions, WINDOW)) {
        for (const { docIds } of window) missing += docIds.filter((id) => !documents.has(id)).length
        const rankings = await rankQuestions(window, index, embedder)
        scores.push(...metricsOfAll(window, rankings))
        if (reranking) reranked.push(...metricsOfAll(window, await rerankTops(window, rankings, reranking)))
      }
      if (missing > 0) {
        const reason = `${missing} relevant ${missing === 1 ? 'document' : 'documents'} of its questions not in the corpus: not to be found`
        onProblem({ path: folder, reason, note: true })
      }
      if (scores.length === 0) throw new ClaraError('input', `${folder}: no query has a relevant document`)
      return {
        documents: counts.documents,
        queries: scores.length,
        embedder: embedder.model.card.name,
        ...meanMetrics(scores),
        ...(reranking && {
          reranked: {
            reranker: reranking.reranker.model.card.name,
            rerank_depth: reranking.depth,
            ...meanMetrics(reranked),
          },
        }),
      }
    } finally {
      await index.close()
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function documentIds({ chunks }: Index): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const { documentId } of chunks.all()) ids.add(documentId)
  return ids
}

async function rankQuestions(questions: Question[], index: Index, embedder: Embedder): Promise<Chunk[][]> {
  const vectors = await embedder.embed(
    questions.map(({ question }) => question),
    'query',
  )
  const { ids, k } = await index.search(vectors, DEPTH, { method: 'exact' })
  return Promise.all(
    questions.map((_, row) =>
      Promise.all(Array.from(ids.subarray(row * k, (row + 1) * k), index.chunks.read)),
    ),
  )
}

function metricsOfAll(questions: Question[], rankings: Chunk[][]): RetrievalMetrics[] {
  return questions.map(({ docIds }, row) =>
    metricsOf(
      rankings[row]!.map(({ documentId }) => documentId),
      new Set(docIds),
    ),
  )
}

/** The first so many by the reranker's score, and the rest after them. */
async function rerankTops(
  questions: Question[],
  rankings: Chunk[][],
  { reranker, depth }: Reranking,
): Promise<Chunk[][]> {
  const tops = await rerank(
    reranker,
    questions.map(({ question }) => question),
    rankings.map((ranking) => ranking.slice(0, depth).map((chunk) => ({ chunk, text: passageOf(chunk) }))),
  )
  return rankings.map((ranking, i) => [...tops[i]!.map(({ item }) => item.chunk), ...ranking.slice(depth)])
}
