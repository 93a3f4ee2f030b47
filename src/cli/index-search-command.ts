/** clara-index search */
import { Command, Option } from 'commander'
import { passageOf } from '../chunks/chunk.js'
import { ClaraError } from '../errors.js'
import { bothOrNeither } from '../files/closable.js'
import { readManifest } from '../index/manifest.js'
import { openIndex } from '../index/open.js'
import { METHODS, type Method } from '../index/search.js'
import { openEmbedder } from '../inference/embedder.js'
import { resolveEmbedder } from '../models/resolve.js'
import {
  type EmbedderFlags,
  embedderFlags,
  example,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { EXIT } from './run-cli.js'
import { methodLine } from './search-method.js'
import { readQueries, type SearchQuery, trecLines, writeTrec } from './search-output.js'
import { createTalk } from './talk.js'

interface SearchFlags extends OutputFlags, EmbedderFlags {
  query?: string
  queries?: string
  k: number
  method: Method
  exact?: boolean
  trec?: string
}

export function searchCommand(): Command {
  const command = new Command('search')
    .description('The chunks nearest to a question, best first.')
    .argument('<dir>', 'index directory')
    .option('--query <text>', 'one question')
    .option('--queries <file>', 'JSONL of {_id, text} or {question}, or a BEIR folder')
    .option('-k, --k <n>', 'chunks for each question', wholeNumber(1, 1 << 20), 10)
    .addOption(
      new Option('--method <name>', 'auto: exact where that is fast enough').choices(METHODS).default('auto'),
    )
    .option('--exact', 'compare with every chunk: as --method exact')
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
      openIndex(dir, model, { device }),
      openEmbedder(model, { threads, dims, device }),
    )
    try {
      const vectors = await embedder.embed(
        queries.map(({ text }) => text),
        'query',
      )
      const ranked = await index.search(vectors, flags.k, {
        method: flags.exact ? 'exact' : flags.method,
      })
      talk.remark(methodLine(ranked))
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
