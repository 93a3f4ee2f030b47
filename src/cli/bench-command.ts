/** clara-bench: retrieval quality, throughput, latency and the index, as numbers. */
import { Command } from 'commander'
import { evaluateRetrieval } from '../benchmarks/retrieval.js'
import { openEmbedder } from '../inference/embedder.js'
import { openReranker, type Reranker } from '../inference/reranker.js'
import { resolveReranker } from '../models/resolve.js'
import { embedderOf } from './auto-embedder.js'
import { indexSpeedCommand } from './bench-index.js'
import { latencyCommand, throughputCommand } from './bench-speed.js'
import {
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { createTalk } from './talk.js'

export function benchCommand(): Command {
  const command = new Command('bench')
    .description('Measures, on this machine and with the user’s own data.')
    .addCommand(retrievalCommand())
    .addCommand(throughputCommand())
    .addCommand(latencyCommand())
    .addCommand(indexSpeedCommand())
  return example(command, 'clara-bench retrieval my-beir-folder --json')
}

interface RetrievalFlags extends OutputFlags, EmbedderFlags {
  reranker?: string
  rerankDepth: number
  split?: string
}

function retrievalCommand(): Command {
  const command = new Command('retrieval')
    .description('nDCG@10, MRR@10 and recall@1/10/100 over a BEIR folder.')
    .argument('<folder>', 'corpus.jsonl, queries.jsonl, qrels/*.tsv')
    .option(
      '--reranker <name|folder>',
      'a cross-encoder that puts the first of each ranking into a new order',
    )
    .option('--split <name>', 'of qrels/: dev is dev.tsv; default: the only one, or test')
    .option('--rerank-depth <n>', 'so many of them', wholeNumber(1, 100), 20)
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-bench retrieval my-beir-folder --json')
  return command.action(measureRetrieval)
}

async function measureRetrieval(folder: string, flags: RetrievalFlags): Promise<void> {
  const talk = createTalk(flags)
  const embedder = await openEmbedder(
    (await embedderOf(flags.embedder, { documents: [folder] }, talk)).model,
    flags,
  )
  let reranker: Reranker | undefined
  try {
    if (flags.reranker) reranker = await openReranker(await resolveReranker(flags.reranker), flags)
    const reranking = reranker && { reranker, depth: flags.rerankDepth }
    const result = await evaluateRetrieval(folder, embedder, talk.onProblem, reranking, flags.split)
    talk.finish()
    printResult(flags, result)
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
  } finally {
    await Promise.all([embedder.close(), reranker?.close()])
  }
}
