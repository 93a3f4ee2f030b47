/** What clara-synth takes for embeddings of the endpoint, as the Python scripts have them. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { EMBEDDING_PRICES_AS_OF, listEmbeddingPrice, roundedUsd, usdOf } from '../endpoint/price.js'
import { createSpending } from '../endpoint/spending.js'
import { ClaraError } from '../errors.js'
import { openApiEmbedder } from '../inference/api-embedder.js'
import type { Embedder } from '../inference/embedder.js'
import { type EmbeddingPlan, planEmbeddings } from '../inference/plan-embeddings.js'
import type { EmbedderModel } from '../models/resolve.js'
import { usdPaid } from '../questions/reply-journal.js'
import { openSettings } from './dot-env.js'
import { requireOpenAi } from './endpoint-address.js'
import { type Asked, dollars, JOURNAL } from './endpoint-flags.js'

export interface EmbeddingFlags {
  outputDir: string
  index?: string
  localEmbeddings?: boolean
  useEmbeddings?: boolean
  embeddingModel?: string
  priceEmbeddings?: number
}

const DEFAULT_MODEL = 'text-embedding-3-small'
const VECTORS = 'embedding_journal.jsonl'

export function embeddingFlags(command: Command): Command {
  return command
    .option('--local-embeddings', 'hard negatives by the local model; without it they are drawn at random')
    .option(
      '--use-embeddings',
      'hard negatives by the endpoint’s embeddings: it sees every chunk, and is paid',
    )
    .option(
      '--embedding-model <name>',
      `with --use-embeddings (default: $EMBEDDING_MODEL, or ${DEFAULT_MODEL})`,
    )
    .option(
      '--price-embeddings <usd>',
      `for a million tokens (default: OpenAI’s list of ${EMBEDDING_PRICES_AS_OF})`,
      dollars,
    )
}

/** Embeddings that cost money, out of the same budget as the replies. */
export interface ApiEmbeddings {
  /** For the run's settings. */
  model: string
  /** @param tokens whose tokens chunks are cut by. */
  open(tokens: EmbedderModel): Promise<Embedder>
  /** What the replies cost by now: the budget is for both. */
  countBeside(usd: () => number): void
  /** USD, of all that the directory holds; 0 where the price is not known. */
  usd(): number
  plan(texts: AsyncIterable<string>): Promise<EmbeddingPlan>
  summary(): { run: object; report: object }
}

/**
 * @returns `undefined` without --use-embeddings.
 * @throws ClaraError `usage` for flags that contradict each other, and where a budget has no price.
 */
export async function resolveEmbeddings(
  flags: EmbeddingFlags,
  { endpoint, spending: { price: llmPrice, budgetUsd } }: Asked,
): Promise<ApiEmbeddings | undefined> {
  if (!flags.useEmbeddings) return undefined
  refuseContradictions(flags)
  const model = flags.embeddingModel ?? (await openSettings())('EMBEDDING_MODEL')?.value ?? DEFAULT_MODEL
  if (endpoint.baseUrl === undefined && endpoint.apiKey !== 'none') requireOpenAi(model, endpoint.apiKey)
  const { priceEmbeddings } = flags
  const price =
    priceEmbeddings === undefined ? listEmbeddingPrice(model) : { input: priceEmbeddings, output: 0 }
  if (budgetUsd !== undefined && !price) {
    throw new ClaraError(
      'usage',
      `--budget-usd: the price of ${model} is not known: pass --price-embeddings (0 for a server of your own)`,
    )
  }
  const bounded = budgetUsd !== undefined && llmPrice // else nobody asks, and the journal may be long
  const paid = bounded ? await usdPaid(join(flags.outputDir, JOURNAL), bounded) : 0
  let others = () => paid
  let calls = 0
  const spending = createSpending({ price, budgetUsd, besides: () => others() })
  return {
    model,
    open: (tokens) =>
      openApiEmbedder({
        endpoint: { ...endpoint, model },
        spending,
        journalPath: join(flags.outputDir, VECTORS),
        tokens,
        onCall: () => calls++,
      }),
    countBeside(usd) {
      others = usd
    },
    usd: () => spending.totalUsd ?? 0,
    async plan(texts) {
      const plan = await planEmbeddings(texts, join(flags.outputDir, VECTORS), model)
      const usage = { promptTokens: plan.tokens, completionTokens: 0 }
      return { ...plan, usd: price ? usdOf(usage, price) : null }
    },
    summary: () => ({
      run: { model, calls, usd: roundedUsd(spending.usd), totalUsd: roundedUsd(spending.totalUsd) },
      report: { model, prompt_tokens: spending.total.promptTokens, usd: roundedUsd(spending.totalUsd) },
    }),
  }
}

function refuseContradictions({ localEmbeddings, index }: EmbeddingFlags): void {
  if (localEmbeddings)
    throw new ClaraError('usage', 'one of --local-embeddings and --use-embeddings, not both')
  if (index === undefined) return
  throw new ClaraError(
    'usage',
    `--use-embeddings makes an index of its own: pass the documents of ${index} as --input-file`,
  )
}
