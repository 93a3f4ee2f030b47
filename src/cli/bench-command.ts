/** clara-bench: retrieval quality, throughput, latency and the index, as numbers. */
import { Command } from 'commander'
import { evaluateRetrieval } from '../benchmarks/retrieval.js'
import { type Embedder, openEmbedder } from '../inference/embedder.js'
import { resolveEmbedder } from '../models/resolve.js'
import { indexSpeedCommand } from './bench-index.js'
import { latencyCommand, throughputCommand } from './bench-speed.js'
import { type EmbedderFlags, embedderFlags, example, type OutputFlags, outputFlags } from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { createTalk, type Talk } from './talk.js'

export function benchCommand(): Command {
  const command = new Command('bench')
    .description('Measures, on this machine and with the user’s own data.')
    .addCommand(retrievalCommand())
    .addCommand(throughputCommand())
    .addCommand(latencyCommand())
    .addCommand(indexSpeedCommand())
  return example(command, 'clara-bench retrieval my-beir-folder --json')
}

type BenchFlags = OutputFlags & EmbedderFlags

function retrievalCommand(): Command {
  const command = new Command('retrieval')
    .description('nDCG@10, MRR@10 and recall@1/10/100 over a BEIR folder.')
    .argument('<folder>', 'corpus.jsonl, queries.jsonl, qrels/*.tsv')
  benchFlags(command, 'clara-bench retrieval my-beir-folder --json')
  return command.action((folder: string, flags: BenchFlags) =>
    measure(flags, (embedder, talk) => evaluateRetrieval(folder, embedder, talk.onProblem)),
  )
}

function benchFlags(command: Command, line: string): void {
  embedderFlags(command)
  outputFlags(command)
  example(command, line)
}

async function measure(
  flags: BenchFlags,
  run: (embedder: Embedder, talk: Talk) => Promise<object>,
): Promise<void> {
  const talk = createTalk(flags)
  const embedder = await openEmbedder(await resolveEmbedder(flags.embedder), flags)
  try {
    const result = await run(embedder, talk)
    talk.finish()
    printResult(flags, result)
    process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
  } finally {
    await embedder.close()
  }
}
