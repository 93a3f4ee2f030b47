/** clara-bench index: how fast an index is built, opened and searched. */

import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { type IndexSpeedResult, measureIndex } from '../benchmarks/index-speed.js'
import type { Precision } from '../index/graph.js'
import { PRECISIONS } from '../index/manifest.js'
import { example, type OutputFlags, outputFlags, wholeNumber, wholeNumbers } from './flags.js'
import { printResult } from './print-result.js'
import { table } from './print-table.js'
import { createTalk } from './talk.js'
import { print } from './terminal.js'

interface IndexFlags extends OutputFlags {
  rows: number
  dims: number
  queries: number
  precision: Precision
  expansions: number[]
  vectors?: string
  threads: number
  repeat: number
  seed: number
}

export function indexSpeedCommand(): Command {
  const command = new Command('index')
    .description(
      'Build rate, queries a second against recall, memory and time to open, for exact search and the HNSW graph.',
    )
    .option('--rows <n>', 'vectors of the corpus; 0: all of --vectors', wholeNumber(0, 100_000_000), 10_000)
    .option('--dims <n>', 'values of a vector', wholeNumber(1, 1 << 16), 384)
    .option('--queries <n>', 'vectors that are searched for', wholeNumber(1, 1_000_000), 1000)
    .addOption(
      new Option('--precision <kind>', 'of the vectors inside the graph').choices(PRECISIONS).default('i8'),
    )
    .option(
      '--expansions <list>',
      'candidates that the graph keeps',
      wholeNumbers,
      [16, 32, 64, 128, 256, 512],
    )
    .option(
      '--vectors <file>',
      'float32 vectors, row-major: the corpus, then the queries; otherwise synthetic',
    )
    .addOption(
      new Option('--threads <n>', 'at most')
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'all cores'),
    )
    .option('--repeat <n>', 'trials of each search; the median counts', wholeNumber(1, 1000), 3)
    .option('--seed <n>', 'of the synthetic vectors', wholeNumber(0), 42)
  outputFlags(command)
  example(command, 'clara-bench index --rows 100000 --precision i8 --json')
  return command.action(async (flags: IndexFlags) => {
    const talk = createTalk(flags)
    if (process.platform !== 'linux') talk.remark('memory is measured on Linux only')
    const result = await measureIndex({ ...flags, onStep: talk.remark })
    talk.finish()
    if (flags.json) printResult(flags, result)
    else if (!flags.quiet) printSpeed(flags, result)
  })
}

function printSpeed(flags: OutputFlags, { exact, graph, ...facts }: IndexSpeedResult): void {
  printResult(flags, facts)
  for (const [name, { points, ...rest }] of Object.entries({ exact, graph })) {
    print(['', name])
    printResult(flags, rest)
    const rows = points.map(({ k, expansion = '', recall, queries_per_second }) =>
      [k, expansion, recall, queries_per_second].map(String),
    )
    print(table([['k', 'expansion', 'recall', 'queries/s'], ...rows]))
  }
}
