/** Which flags of clara-synth belong together, and which of them a run that is gone on with must repeat. */
import type { Command } from 'commander'
import { fingerprint, runSettings } from '../files/run-directory.js'
import { readManifest } from '../index/manifest.js'
import { NO_TRAINER } from '../inference/trainer-tokenizer.js'
import type { EmbedderModel } from '../models/resolve.js'
import {
  type ChunkFlags,
  chunkingOf,
  type IndexEmbedderFlags,
  type OutputFlags,
  type SampleFlags,
} from './flags.js'
import { type FormatFlags, formatsOf } from './format-flags.js'
import { refuseIdle } from './idle-flags.js'
import { rerankerOf } from './judging-flags.js'
import { type MiningFlags, miningOptions } from './mining-flags.js'
import type { AskFlags, Asking } from './synth-ask.js'
import type { EmbeddingFlags } from './synth-embeddings.js'
import type { WritingFlags } from './writing-flags.js'

export interface SynthFlags
  extends OutputFlags,
    IndexEmbedderFlags,
    ChunkFlags,
    SampleFlags,
    FormatFlags,
    MiningFlags,
    WritingFlags,
    AskFlags,
    EmbeddingFlags {}

/** What is done to candidates only, which random negatives are not. */
const OF_CANDIDATES = [
  'reranker',
  'maxPercentOfPositive',
  'margin',
  'maxScore',
  'minScore',
  'nearCosine',
  'select',
  'randomShare',
  'skipTop',
  'maxRank',
  'keepFalseNegatives',
  'hybrid',
  'roundTrip',
]

/** @throws ClaraError `usage` for flags that would do nothing. */
export function refuseIdleFlags(
  { localEmbeddings, useEmbeddings, batch }: SynthFlags,
  command: Command,
): void {
  if (!localEmbeddings && !useEmbeddings) {
    refuseIdle(command, OF_CANDIDATES, '--local-embeddings or --use-embeddings')
  }
  if (!useEmbeddings) refuseIdle(command, ['embeddingModel', 'priceEmbeddings'], '--use-embeddings')
  if (!batch) refuseIdle(command, ['batchRequests'], '--batch')
}

/** What the replies depend on, but for the LLM's mood: the same settings may go on from one another. */
export async function settingsOf(
  flags: SynthFlags,
  { endpoint, writing }: Asking,
  model: EmbedderModel,
): Promise<object> {
  return {
    corpus: await corpusOf(flags),
    chunking: chunkingOf(flags.index ? { ...flags, trainer: NO_TRAINER } : flags), // an index is cut already
    embedder: model.model.sha256, // chunks are cut by its tokens
    llm: endpoint.model,
    writing: { ...writing, template: writing.template ?? null },
  }
}

async function corpusOf({ index, inputFile }: SynthFlags): Promise<object> {
  return index ? (await readManifest(index)).files : await Promise.all(inputFile!.map(fingerprint))
}

/** The embedder of a run of the same documents that has begun here: its replies are about chunks that were cut by it. */
export async function begunWith(flags: SynthFlags): Promise<{ sha256: string } | undefined> {
  const { corpus, embedder } = (await runSettings(flags.outputDir)) ?? {}
  if (typeof embedder !== 'string') return undefined
  const isSame = JSON.stringify(corpus) === JSON.stringify(await corpusOf(flags))
  return isSame ? { sha256: embedder } : undefined
}

/**
 * What is made of the replies: another choice costs no call, but for `request_params`, with which all passages are asked
 * about anew: often it is what a run that came to nothing lacked.
 */
export async function changeableOf(flags: SynthFlags, embeddingModel: string | undefined): Promise<object> {
  const { targetTopK, seed, localEmbeddings = false, stages, split, roundTrip, limit, requestParam } = flags
  return {
    limit: limit ?? null,
    ...(requestParam && { request_params: requestParam }),
    top_k: targetTopK,
    seed,
    stages,
    split: split ?? null,
    ...formatsOf(flags),
    local_embeddings: localEmbeddings,
    ...(embeddingModel !== undefined && { embedding_model: embeddingModel }),
    ...((localEmbeddings || embeddingModel !== undefined) && {
      mining: { ...miningOptions(flags), hybrid: flags.hybrid ?? false },
      round_trip: roundTrip,
      reranker: (await rerankerOf(flags))?.model.sha256 ?? null,
    }),
  }
}
