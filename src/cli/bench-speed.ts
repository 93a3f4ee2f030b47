/** clara-bench throughput | latency: how fast a model is on this machine. */
import { Command } from 'commander'
import { type LatencyResult, measureLatency } from '../benchmarks/latency.js'
import { openSubject, pairUp } from '../benchmarks/subject.js'
import { measureThroughput } from '../benchmarks/throughput.js'
import { passageOf } from '../chunks/chunk.js'
import type { Document } from '../documents/document.js'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError } from '../errors.js'
import {
  AUTO,
  DEFAULT_EMBEDDER,
  type EmbedderModel,
  type RerankerModel,
  resolveEmbedder,
  resolveReranker,
} from '../models/resolve.js'
import { embedderOf } from './auto-embedder.js'
import {
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  wholeNumber,
  wholeNumbers,
} from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { readQueries } from './search-output.js'
import { createTalk, type Talk } from './talk.js'
import { print } from './terminal.js'

interface SpeedFlags extends OutputFlags, EmbedderFlags {
  reranker?: string
  repeat: number
}

interface ThroughputFlags extends SpeedFlags {
  inputFile: string[]
  queries?: string
  ceiling: boolean
}

export function throughputCommand(): Command {
  const command = new Command('throughput')
    .description(
      'Passages or pairs a second through tokenizer and model, and how near that is to the bare model.',
    )
    .requiredOption('--input-file <path...>', 'JSONL or JSON records, text, Markdown, or a folder')
    .option(
      '--queries <file>',
      'questions for a reranker: JSONL of {_id, text} or {question}, or a BEIR folder',
    )
    .option('--repeat <n>', 'timed passes; the median counts', wholeNumber(1, 1000), 5)
    .option('--no-ceiling', 'leave out the bare model')
  speedFlags(command, 'clara-bench throughput --input-file corpus.jsonl')
  return command.action(async (flags: ThroughputFlags) => {
    if (flags.reranker !== undefined && flags.queries === undefined) {
      throw new ClaraError('usage', '--reranker reads pairs: --queries names the questions')
    }
    const talk = createTalk(flags)
    const questions = flags.queries
      ? (await readQueries(flags.queries, talk.onProblem)).map(({ text }) => text)
      : []
    const subject = await openSubject(await modelOf(flags, { documents: flags.inputFile, talk }), {
      ...flags,
      calibrate: true,
    })
    try {
      const inputs = () => pairUp(passagesOf(readDocuments(flags.inputFile, talk.onProblem)), questions)
      printResult(flags, await measureThroughput(inputs, subject, flags))
      talk.finish()
      process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    } finally {
      await subject.engine.close()
    }
  })
}

interface LatencyFlags extends SpeedFlags {
  lengths: number[]
  batches: number[]
}

export function latencyCommand(): Command {
  const command = new Command('latency')
    .description('Milliseconds a call, by the length and the number of its inputs, beside the bare model.')
    .option('--lengths <list>', 'tokens of an input', wholeNumbers, [16, 64, 128, 256])
    .option('--batches <list>', 'inputs a call', wholeNumbers, [1, 8, 32])
    .option('--repeat <n>', 'timed calls of each', wholeNumber(1, 100_000), 50)
  speedFlags(command, 'clara-bench latency --lengths 16,128 --batches 1,32', DEFAULT_EMBEDDER)
  return command.action(async (flags: LatencyFlags) => {
    const open = async () => openSubject(await modelOf(flags), flags)
    const result = await measureLatency(open, flags)
    if (flags.json) printResult(flags, result)
    else if (!flags.quiet) print(latencyTable(result))
  })
}

function speedFlags(command: Command, line: string, fallback?: string): void {
  embedderFlags(command, fallback)
  command.option('--reranker <name|folder>', 'measure this cross-encoder instead of the embedder')
  outputFlags(command)
  example(command, line)
}

/** @param inputs whose documents choose an embedder; without any it is the English one. */
async function modelOf(
  { reranker, embedder }: SpeedFlags,
  inputs?: { documents: string[]; talk: Talk },
): Promise<EmbedderModel | RerankerModel> {
  if (reranker !== undefined) return resolveReranker(reranker)
  if (inputs) return (await embedderOf(embedder, inputs, inputs.talk)).model
  return resolveEmbedder(embedder === AUTO ? DEFAULT_EMBEDDER : embedder)
}

async function* passagesOf(documents: AsyncIterable<Document>): AsyncGenerator<string> {
  for await (const document of documents) yield passageOf(document)
}

function latencyTable({ cases, ...rest }: LatencyResult): string[] {
  const columns = Object.keys(cases[0]!) as (keyof (typeof cases)[0])[]
  const rows = [columns, ...cases.map((each) => columns.map((column) => String(each[column])))]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const table = rows.map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join('  '))
  const facts = Object.entries(rest).map(([key, value]) => `${key}  ${value}`)
  return [...facts, '', ...table]
}
