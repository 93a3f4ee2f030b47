/** clara-index: build, search, info, verify. */
import { Command, Option } from 'commander'
import { passageOf } from '../chunks/chunk.js'
import { readDocuments } from '../documents/read-documents.js'
import { ClaraError } from '../errors.js'
import { bothOrNeither } from '../files/closable.js'
import { requireVacant } from '../files/staged-directory.js'
import { buildIndex } from '../index/build.js'
import { type Manifest, PRECISIONS, type Precision, readManifest } from '../index/manifest.js'
import { openIndex, verifyIndex } from '../index/open.js'
import { unknownShare } from '../index/vocabulary.js'
import { openEmbedder } from '../inference/embedder.js'
import { resolveEmbedder } from '../models/resolve.js'
import {
  type ChunkFlags,
  chunkFlags,
  chunkingOf,
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { printResult } from './print-result.js'
import { EXIT } from './run-cli.js'
import { runningOn } from './running-on.js'
import { readQueries, type SearchQuery, trecLines, writeTrec } from './search-output.js'
import { createTalk } from './talk.js'

export function indexCommand(): Command {
  return new Command('index')
    .description('Builds an index over documents and searches it.')
    .addCommand(buildCommand())
    .addCommand(searchCommand())
    .addCommand(infoCommand('info', 'what the manifest says', readManifest))
    .addCommand(infoCommand('verify', 'hash every file and compare with the manifest', verifyIndex))
    .addHelpText('after', '\nExample:\n  $ clara-index build --input-file docs/ --output-dir my-index\n')
}

interface BuildFlags extends OutputFlags, EmbedderFlags, ChunkFlags {
  inputFile: string[]
  outputDir: string
  precision: Precision
  dims?: number
  force?: boolean
  overwrite?: boolean
}

function buildCommand(): Command {
  const command = new Command('build')
    .description(
      'Documents -> chunks -> embeddings -> an index directory, which appears whole or not at all.',
    )
    .requiredOption(
      '--input-file <path...>',
      'JSONL (raw_knowledge or BEIR), text, Markdown, or a folder of those',
    )
    .requiredOption('--output-dir <dir>', 'where the index goes; must not exist')
    .addOption(
      new Option('--precision <type>', 'vectors inside the graph').choices(PRECISIONS).default('bf16'),
    )
    .option(
      '--dims <n>',
      'keep so many numbers of each vector, for models made for it (Matryoshka)',
      wholeNumber(1, 1 << 16),
    )
    .option('--force', 'go on where over 5% of the corpus is unknown to the model')
    .option('--overwrite', 'replace an index that is there')
  chunkFlags(command)
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index build --input-file raw_knowledge.jsonl --output-dir my-index')
  return command.action(async (flags: BuildFlags) => {
    const talk = createTalk(flags)
    if (!flags.overwrite) await requireVacant(flags.outputDir)
    const chunking = chunkingOf(flags)
    const embedder = await openEmbedder(await resolveEmbedder(flags.embedder), { ...flags, calibrate: true })
    try {
      const started = performance.now()
      const manifest = await buildIndex(readDocuments(flags.inputFile, talk.onProblem), embedder, {
        outputDir: flags.outputDir,
        overwrite: flags.overwrite ?? false,
        precision: flags.precision,
        chunking,
        force: flags.force ?? false,
        onProgress: talk.counter('chunks'),
      })
      talk.finish()
      const seconds = (performance.now() - started) / 1000
      const { counts } = manifest
      if (counts.truncated > 0)
        talk.remark(
          `${counts.truncated} chunks were cut at the model's limit of ${embedder.model.card.maxTokens} tokens`,
        )
      talk.remark(
        `${counts.chunks} chunks in ${seconds.toFixed(1)} s, ${(counts.chunks / seconds).toFixed(0)} a second`,
      )
      talk.remark(runningOn(embedder))
      printResult(flags, {
        index: flags.outputDir,
        ...summaryOf(manifest),
        unknown_token_share: Number(unknownShare(embedder).toFixed(4)),
        bad_records: talk.problems(),
      })
      process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    } finally {
      await embedder.close()
    }
  })
}

interface SearchFlags extends OutputFlags, EmbedderFlags {
  query?: string
  queries?: string
  k: number
  exact?: boolean
  trec?: string
}

function searchCommand(): Command {
  const command = new Command('search')
    .description('The chunks nearest to a question, best first.')
    .argument('<dir>', 'index directory')
    .option('--query <text>', 'one question')
    .option('--queries <file>', 'JSONL of {_id, text} or {question}, or a BEIR folder')
    .option('-k, --k <n>', 'chunks for each question', wholeNumber(1, 1 << 20), 10)
    .option('--exact', 'compare with every chunk instead of searching the graph')
    .option('--trec <file>', 'write a TREC run file')
  embedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index search my-index --query "What is a hard negative?"')
  return command.action(async (dir: string, flags: SearchFlags) => {
    const talk = createTalk(flags)
    const queries = await queriesOf(flags, talk.onProblem)
    const model = await resolveEmbedder(flags.embedder)
    const threads = Math.min(flags.threads, queries.length)
    const { dims } = await readManifest(dir)
    const { device } = flags
    const [index, embedder] = await bothOrNeither(
      openIndex(dir, model),
      openEmbedder(model, { threads, dims, device }),
    )
    try {
      const vectors = await embedder.embed(
        queries.map(({ text }) => text),
        'query',
      )
      const ranked = await index.search(vectors, flags.k, { exact: flags.exact ?? false })
      const results = await Promise.all(
        queries.map(async (query, row) => ({
          query,
          hits: await Promise.all(
            Array.from({ length: ranked.k }, async (_, i) => {
              const at = row * ranked.k + i
              const chunk = await index.chunks.read(ranked.ids[at]!)
              return { rank: i + 1, score: ranked.scores[at]!, chunk: chunk.id, text: passageOf(chunk) }
            }),
          ),
        })),
      )
      if (flags.trec) await writeTrec(flags.trec, results)
      if (flags.json) {
        const plain = results.map(({ query, hits }) => ({ id: query.id, query: query.text, hits }))
        process.stdout.write(`${JSON.stringify({ index: dir, results: plain })}\n`)
      } else if (!flags.trec) {
        process.stdout.write(trecLines(results, flags.query !== undefined))
      }
      process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    } finally {
      await Promise.all([index.close(), embedder.close()])
    }
  })
}

async function queriesOf(
  flags: SearchFlags,
  onProblem: Parameters<typeof readQueries>[1],
): Promise<SearchQuery[]> {
  if ((flags.query === undefined) === (flags.queries === undefined)) {
    throw new ClaraError('usage', 'search needs one of --query TEXT and --queries FILE')
  }
  if (flags.queries !== undefined) return readQueries(flags.queries, onProblem)
  if (flags.query!.trim() === '') throw new ClaraError('usage', '--query is blank')
  return [{ id: 'query', text: flags.query! }]
}

function infoCommand(name: string, description: string, read: (dir: string) => Promise<Manifest>): Command {
  const command = new Command(name).description(description).argument('<dir>', 'index directory')
  outputFlags(command)
  example(command, `clara-index ${name} my-index`)
  return command.action(async (dir: string, flags: OutputFlags) => {
    printResult(flags, { index: dir, ...summaryOf(await read(dir)) })
  })
}

function summaryOf({ embedder, dims, precision, counts, chunking, files }: Manifest) {
  return {
    embedder: embedder.name,
    dims,
    precision,
    documents: counts.documents,
    chunks: counts.chunks,
    distinct_chunks: counts.distinctChunks,
    truncated_chunks: counts.truncated,
    chunk_tokens: chunking.split ? chunking.tokens : 'whole documents',
    chunk_overlap: chunking.overlap,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
