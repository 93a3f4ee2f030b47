/** clara-index search */

import { Command, Option } from 'commander'
import { passageOf } from '../chunks/chunk.js'
import { ClaraError } from '../errors.js'
import { bothOrNeither } from '../files/closable.js'
import { requireFree } from '../files/staged-files.js'
import { readManifest } from '../index/manifest.js'
import { type Index, openIndex } from '../index/open.js'
import { rerank } from '../index/rerank.js'
import { embedderFor } from '../index/same-model.js'
import { type Found, METHODS, type Method } from '../index/search.js'
import { languagesOf, unreadTexts, whatReadsIt } from '../index/vocabulary.js'
import { openEmbedder } from '../inference/embedder.js'
import { openReranker, type Reranker } from '../inference/reranker.js'
import { DEFAULT_RERANKER, type EmbedderModel, resolveReranker } from '../models/resolve.js'
import {
  example,
  type IndexEmbedderFlags,
  indexEmbedderFlags,
  type OutputFlags,
  outputFlags,
  wholeNumber,
} from './flags.js'
import { refuseIdle } from './idle-flags.js'
import { rebuildCommand } from './rebuild-command.js'
import { EXIT } from './run-cli.js'
import { methodLine } from './search-method.js'
import {
  readableLines,
  readQueries,
  type SearchQuery,
  searchJson,
  trecLines,
  writeTrec,
} from './search-output.js'
import { createTalk, type Talk } from './talk.js'
import { print, printJsonParts } from './terminal.js'

interface SearchFlags extends OutputFlags, IndexEmbedderFlags {
  query?: string
  queries?: string
  k: number
  method: Method
  exact?: boolean
  rerank?: boolean
  reranker: string
  rerankDepth: number
  trec?: string
  overwrite?: boolean
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
    .addOption(new Option('--exact', 'compare with every chunk: as --method exact').conflicts('method'))
    .option('--rerank', 'let a cross-encoder put what was found into a new order; scores are its logits')
    .addOption(
      new Option('--reranker <name|folder>', 'which one; turns --rerank on')
        .default(DEFAULT_RERANKER)
        .implies({ rerank: true }),
    )
    .addOption(
      new Option('--rerank-depth <n>', 'chunks that it sees for each question; turns --rerank on')
        .argParser(wholeNumber(1, 1 << 20))
        .default(20)
        .implies({ rerank: true }),
    )
    .option('--trec <file>', 'write a TREC run file')
    .option('--overwrite', 'replace a run file of before')
  indexEmbedderFlags(command)
  outputFlags(command)
  example(command, 'clara-index search my-index --query "What is a hard negative?"')
  return command.action(async (dir: string, flags: SearchFlags) => {
    if (flags.trec === undefined) refuseIdle(command, ['overwrite'], '--trec')
    else await requireFree(flags.trec, flags.overwrite)
    const talk = createTalk(flags)
    const queries = await queriesOf(flags, talk.onProblem)
    const model = await embedderFor(dir, flags.embedder)
    const threads = Math.min(flags.threads, queries.length)
    const { dims } = await readManifest(dir)
    const { device } = flags
    const [index, embedder] = await bothOrNeither(
      openIndex(dir, model, { device }),
      openEmbedder(model, { threads, dims, device }),
    )
    let reranker: Reranker | undefined
    try {
      if (flags.rerank) reranker = await openReranker(await resolveReranker(flags.reranker), { device })
      const texts = queries.map(({ text }) => text)
      remarkUnread(talk, texts, embedder.model, rebuildCommand(dir, index.manifest, embedder.model))
      const vectors = await embedder.embed(texts, 'query')
      const depth = reranker ? Math.max(flags.k, flags.rerankDepth) : flags.k
      const ranked = await index.search(vectors, depth, { method: flags.exact ? 'exact' : flags.method })
      talk.remark(methodLine(ranked))
      const found = await Promise.all(texts.map((_, row) => hitsOf(index, ranked, row)))
      const rankings = reranker ? await rerankHits(reranker, texts, found, flags.k) : found
      const results = queries.map((query, row) => ({ query, hits: rankings[row]! }))
      if (flags.trec) await writeTrec(flags.trec, results, flags)
      if (flags.json) printJsonParts(searchJson(dir, results))
      else if (!flags.trec) print((flags.query === undefined ? trecLines : readableLines)(results))
      process.exitCode = talk.problems() > 0 ? EXIT.findings : EXIT.ok
    } finally {
      await Promise.all([index.close(), embedder.close(), reranker?.close()])
    }
  })
}

function remarkUnread(talk: Talk, texts: string[], model: EmbedderModel, rebuild: string): void {
  const { size } = unreadTexts(model, texts)
  if (size === 0) return
  const which = texts.length === 1 ? 'the question is' : `${size} of ${texts.length} questions are`
  talk.remark(
    `warning: ${which} in writing that ${languagesOf(model.card)} does not read: what is found is found by chance. ${whatReadsIt(model.card, rebuild)}`,
  )
}

interface Hit {
  rank: number
  score: number
  chunk: string
  text: string
}

async function hitsOf(index: Index, { ids, scores, k }: Found, row: number): Promise<Hit[]> {
  return Promise.all(
    Array.from({ length: k }, async (_, i) => {
      const at = row * k + i
      const chunk = await index.chunks.read(ids[at]!)
      return { rank: i + 1, score: scores[at]!, chunk: chunk.id, text: passageOf(chunk) }
    }),
  )
}

/** The k best by the reranker, whose scores they have. */
async function rerankHits(
  reranker: Reranker,
  questions: string[],
  found: Hit[][],
  k: number,
): Promise<Hit[][]> {
  const reranked = await rerank(reranker, questions, found)
  return reranked.map((ranking) =>
    ranking.slice(0, k).map(({ item, score }, i) => ({ ...item, score, rank: i + 1 })),
  )
}

async function queriesOf(
  flags: SearchFlags,
  onProblem: Parameters<typeof readQueries>[1],
): Promise<SearchQuery[]> {
  if ((flags.query === undefined) === (flags.queries === undefined)) {
    throw new ClaraError('usage', 'search needs one of --query TEXT and --queries FILE, and not both')
  }
  if (flags.queries !== undefined) return readQueries(flags.queries, onProblem)
  if (flags.query!.trim() === '') throw new ClaraError('usage', '--query is blank')
  return [{ id: 'query', text: flags.query! }]
}
