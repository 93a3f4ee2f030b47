/** Which endpoint is asked, how fast, and what it may cost. */
import { type Command, InvalidArgumentError } from 'commander'
import { listPrice, PRICES_AS_OF, type Price } from '../endpoint/price.js'
import type { SpendingOptions } from '../endpoint/spending.js'
import { ClaraError } from '../errors.js'
import type { Endpoint } from '../questions/endpoint.js'
import { openSettings } from './dot-env.js'
import { addressOf } from './endpoint-address.js'
import { wholeNumber } from './flags.js'
import { type RequestParamFlags, requestParamFlag } from './request-params.js'
import type { Talk } from './talk.js'

export interface EndpointFlags extends SpendingFlags, RequestParamFlags {
  model?: string
  baseUrl?: string
  apiKeyFile?: string
  concurrency: number
  requestsPerMinute?: number
  tokensPerMinute?: number
  timeout: number
  maxOutputTokens?: number
}

/** In the run's directory. */
export const JOURNAL = 'llm_journal.jsonl'

const DEFAULT_MODEL = 'gpt-4o-mini'
/** With a budget, so that what a call can cost is known: questions and short answers take far less. */
const budgetedTokens = (pairs: number) => 512 + 256 * pairs

export function endpointFlags(command: Command): Command {
  command
    .option('--model <name>', `the model that writes (default: $MODEL, or ${DEFAULT_MODEL})`)
    .option('--base-url <url>', 'endpoint (default: $OPENAI_BASE_URL, $BASE_URL, or OpenAI)')
    .option('--api-key-file <file>', 'file with the key, - for stdin (default: $OPENAI_API_KEY)')
    .option('--concurrency <n>', 'calls at once, at most: it adapts', wholeNumber(1, 1000), 32)
    .option('--requests-per-minute <n>', 'calls a minute, at most', wholeNumber(1))
    .option('--tokens-per-minute <n>', 'tokens a minute, at most', wholeNumber(1))
    .option('--timeout <seconds>', 'for one call', wholeNumber(1, 300), 60)
    .option(
      '--max-output-tokens <n>',
      'longest reply (default: the server’s limit; 512 and 256 a question with --budget-usd)',
      wholeNumber(1, 1_000_000),
    )
  return spendingFlags(requestParamFlag(command))
}

export function dollars(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('expected a number of US dollars: 2.50')
}

export interface Asked {
  endpoint: Endpoint
  spending: SpendingOptions
}

/**
 * @param needsKey false where nothing will be sent.
 * @throws ClaraError `usage` where a setting is missing, `input` where a file cannot be read.
 */
export async function resolveEndpoint(
  flags: EndpointFlags & { pairsPerChunk: number },
  needsKey: boolean,
  talk: Talk,
): Promise<Asked> {
  const setting = await openSettings()
  const model = flags.model ?? setting('MODEL')?.value ?? DEFAULT_MODEL
  const { baseUrl, apiKey } = await addressOf(flags, { setting, model, needsKey, talk })
  const spending = spendingOf(flags, model)
  const { concurrency, requestsPerMinute, tokensPerMinute } = flags
  const budgeted = flags.budgetUsd === undefined ? undefined : budgetedTokens(flags.pairsPerChunk)
  const maxOutputTokens = flags.maxOutputTokens ?? budgeted
  const timeoutMs = flags.timeout * 1000
  return {
    endpoint: {
      model,
      baseUrl,
      apiKey,
      timeoutMs,
      concurrency,
      requestsPerMinute,
      tokensPerMinute,
      maxOutputTokens,
      requestParams: flags.requestParam,
    },
    spending,
  }
}

export interface SpendingFlags {
  priceInput?: number
  priceOutput?: number
  budgetUsd?: number
}

export function spendingFlags(command: Command): Command {
  return command
    .option('--budget-usd <usd>', 'stop before the next call could exceed it', dollars)
    .option(
      '--price-input <usd>',
      `for a million tokens (default: OpenAI’s list of ${PRICES_AS_OF})`,
      dollars,
    )
    .option('--price-output <usd>', 'for a million tokens', dollars)
}

/** @throws ClaraError `usage` for a budget without a price. */
export function spendingOf(flags: SpendingFlags, model: string): SpendingOptions {
  const price = priceOf(flags, model)
  const { budgetUsd } = flags
  if (budgetUsd === undefined || price) return { price, budgetUsd }
  throw new ClaraError(
    'usage',
    `--budget-usd: the price of ${model} is not known: pass --price-input and --price-output (0 for a server of your own)`,
  )
}

function priceOf({ priceInput, priceOutput }: SpendingFlags, model: string): Price | undefined {
  if (priceInput === undefined && priceOutput === undefined) return listPrice(model)
  const listed = listPrice(model)
  const [input, output] = [priceInput ?? listed?.input, priceOutput ?? listed?.output]
  if (input !== undefined && output !== undefined) return { input, output }
  throw new ClaraError('usage', '--price-input and --price-output go together')
}
