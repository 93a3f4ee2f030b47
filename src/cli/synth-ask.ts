/** What clara-synth asks the endpoint, at once or in batches, and what it would ask. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Chunk, passageOf } from '../chunks/chunk.js'
import { dollars, roundedUsd } from '../endpoint/price.js'
import type { ChunkStore } from '../index/chunk-store.js'
import { openChunks } from '../index/snapshot.js'
import type { EmbedderModel } from '../models/resolve.js'
import { askInBatches } from '../questions/ask-in-batches.js'
import type { BatchCounts } from '../questions/batches/batching.js'
import { first } from '../questions/first.js'
import { type Generation, generateQuestions } from '../questions/generate.js'
import { planQuestions } from '../questions/plan.js'
import type { Writing } from '../questions/prompt.js'
import { type Related, tasksFor } from '../questions/tasks.js'
import { askingProgress, batchProgress } from './asking-progress.js'
import { type Asked, type EndpointFlags, JOURNAL } from './endpoint-flags.js'
import type { OutputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT, onInterrupt } from './run-cli.js'
import type { ApiEmbeddings } from './synth-embeddings.js'
import { cutDocuments, REPLIES_ARE_KEPT, type SourceFlags } from './synth-source.js'
import type { Talk } from './talk.js'

export interface AskFlags extends SourceFlags, OutputFlags, EndpointFlags {
  limit?: number
  dryRun?: boolean
  retryFailed?: boolean
  batch?: boolean
  batchRequests: number
}

/** What is asked, of whom, and for how much. */
export interface Asking extends Asked {
  writing: Writing
  /** With --use-embeddings. */
  embeddings: ApiEmbeddings | undefined
}

/** A run that has begun. */
interface Asks {
  generation: Generation
  /** Once all is written: of this run, and of all replies that the directory holds. The report's file knows no single run. */
  summary(): { run: object; report: object }
}

export async function ask(
  flags: AskFlags,
  { endpoint, spending, writing, embeddings }: Asking,
  chunks: ChunkStore,
  related: Related | undefined,
  talk: Talk,
): Promise<Asks> {
  const total = Math.min(chunks.count, flags.limit ?? chunks.count)
  const shared = { endpoint, ...spending, journalPath: join(flags.outputDir, JOURNAL) }
  const generation: Generation = generateQuestions(chosen(flags, chunks), {
    ...shared,
    writing,
    related,
    retryFailed: flags.retryFailed,
    onProgress: askingProgress(talk, total, () => generation),
    onProblem: talk.onProblem,
    onRemark: talk.remark,
  })
  talk.remark(`passages go to ${generation.name}`)
  const batched = flags.batch
    ? await askInBatches(() => tasksFor(chosen(flags, chunks), writing, related), {
        ...shared,
        batchRequests: flags.batchRequests,
        onProgress: batchProgress(talk),
      })
    : undefined
  onInterrupt(() => `${soFar(generation, total)}: ${REPLIES_ARE_KEPT}`)
  embeddings?.countBeside(() => generation.spending.totalUsd ?? 0)
  return { generation, summary: () => summaryOf(endpoint.model, generation, batched) }
}

function soFar({ counts, spending: { usd } }: Generation, total: number): string {
  return `${counts.chunks} of ${total} chunks${usd === null ? '' : `, ${dollars(usd)} in this run`}`
}

function summaryOf(
  model: string,
  { counts, spending }: Generation,
  batched: BatchCounts | undefined,
): { run: object; report: object } {
  const { total } = spending
  const [usd, totalUsd] = [spending.usd, spending.totalUsd].map(roundedUsd)
  const { promptTokens: prompt_tokens, completionTokens: completion_tokens } = total
  return {
    run: { model, ...counts, usd, ...(batched && { batched }), totalUsd },
    report: { model, prompt_tokens, completion_tokens, usd: totalUsd },
  }
}

/** Cuts the documents in a folder that goes again; an index is there already. Related chunks are not looked for. */
export async function dryRun(
  flags: AskFlags,
  asking: Asking,
  model: EmbedderModel,
  talk: Talk,
): Promise<void> {
  const { endpoint, spending, embeddings } = asking
  const work = await mkdtemp(join(tmpdir(), 'clara-dry-run-'))
  try {
    const chunks = flags.index
      ? await openChunks(flags.index)
      : await cutDocuments(flags, join(work, 'chunks'), model, talk)
    const { plan, vectors } = await planAll(flags, asking, chunks).finally(() => chunks.close())
    talk.finish()
    const unknown = spending.price ? {} : { usd: 'unknown', usdAtMost: 'unknown', usdSpent: 'unknown' }
    printResult(flags, {
      dryRun: true,
      model: endpoint.model,
      ...plan,
      usd: roundedUsd(plan.usd),
      usdAtMost: roundedUsd(plan.usdAtMost),
      usdSpent: roundedUsd(plan.usdSpent),
      ...(flags.json ? {} : unknown),
      ...(vectors && {
        embeddings: { model: embeddings!.model, ...vectors, usd: roundedUsd(vectors.usd) },
      }),
    })
    const likely = (plan.usd ?? 0) + (plan.usdSpent ?? 0) + (vectors?.usd ?? 0) + (embeddings?.usd() ?? 0)
    if (spending.budgetUsd !== undefined && likely > spending.budgetUsd) {
      talk.remark(
        `--budget-usd ${spending.budgetUsd} would stop the run before its end: about ${dollars(likely)} is expected in all`,
      )
    }
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function planAll(flags: AskFlags, asking: Asking, chunks: ChunkStore) {
  const { endpoint, spending, writing, embeddings } = asking
  const plan = await planQuestions(tasksFor(chosen(flags, chunks), writing, undefined), {
    endpoint,
    journalPath: join(flags.outputDir, JOURNAL),
    price: spending.price,
    batch: flags.batch ?? false,
  })
  return { plan, vectors: await embeddings?.plan(passagesOf(chunks)) }
}

async function* passagesOf(chunks: ChunkStore): AsyncGenerator<string> {
  for await (const chunk of chunks.all()) yield passageOf(chunk)
}

function chosen({ limit }: AskFlags, chunks: ChunkStore): AsyncIterable<Chunk> {
  return limit === undefined ? chunks.all() : first(chunks.all(), limit)
}
