/** Which endpoint is asked, how fast, and what it may cost. */
import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { listPrice, PRICES_AS_OF, type Price } from '../endpoint/price.js'
import type { SpendingOptions } from '../endpoint/spending.js'
import { ClaraError } from '../errors.js'
import { maskedUrl } from '../files/masked-url.js'
import { readError } from '../files/read-error.js'
import type { Endpoint } from '../questions/endpoint.js'
import { openSettings } from './dot-env.js'
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
    .addOption(keyOnCommandLine())
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

/** The Python scripts' flag: said what to do instead, and not echoed. */
export function keyOnCommandLine(): Option {
  return new Option('--api-key [key]').hideHelp().argParser(() => {
    throw new ClaraError(
      'usage',
      '--api-key is not taken: who lists the processes would see the key. Set OPENAI_API_KEY (.env will do), or pass --api-key-file FILE',
    )
  })
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
  const { baseUrl, apiKey, isFromFile } = await addressOf(flags, setting, needsKey)
  if (needsKey && isFromFile) talk.remark(`endpoint from .env: ${maskedUrl(baseUrl!)}`)
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

/**
 * The endpoint and its key. A `.env` lies in whatever folder one works in, and may be anybody's: an address that it names
 * is sent no key but its own.
 * @throws ClaraError `usage` where there is no key and one is needed, or the key is not for that address.
 */
export async function addressOf(
  flags: Pick<EndpointFlags, 'apiKeyFile' | 'baseUrl'>,
  setting: Awaited<ReturnType<typeof openSettings>>,
  needsKey: boolean,
): Promise<{ baseUrl: string | undefined; apiKey: string; isFromFile: boolean }> {
  const url = setting('OPENAI_BASE_URL', 'BASE_URL')
  const baseUrl = flags.baseUrl ?? url?.value
  const isFromFile = flags.baseUrl === undefined && url?.from === '.env'
  if (!needsKey) return { baseUrl, apiKey: 'none', isFromFile }
  const own = isFromFile ? setting.inFile('OPENAI_API_KEY') : undefined
  const key = setting('OPENAI_API_KEY')
  if (isFromFile && (flags.apiKeyFile || (!own && key))) throw foreignKey(baseUrl!, flags.apiKeyFile)
  const apiKey = flags.apiKeyFile ? await keyFrom(flags.apiKeyFile) : (own ?? key?.value)
  if (apiKey || baseUrl) return { baseUrl, apiKey: apiKey ?? 'none', isFromFile }
  throw new ClaraError(
    'usage',
    'no API key: set OPENAI_API_KEY (.env will do), or pass --api-key-file FILE, or --base-url URL of a server that needs none',
  )
}

function foreignKey(url: string, keyFile: string | undefined): ClaraError {
  const from = keyFile ? '--api-key-file' : 'OPENAI_API_KEY of the environment'
  return new ClaraError(
    'usage',
    `.env in this folder names the endpoint ${maskedUrl(url)}, and the key is that of ${from}: it is not sent there. ` +
      'To allow it, name the endpoint yourself, by --base-url URL or OPENAI_BASE_URL in the environment; or put the key ' +
      'for it into the same .env',
  )
}

async function keyFrom(path: string): Promise<string> {
  const key = path === '-' ? await readStdin() : await readFile(path, 'utf8').catch(unreadable(path))
  if (key.trim() !== '') return key.trim()
  throw new ClaraError('input', `${path === '-' ? 'stdin' : path}: is empty, an API key was expected`)
}

const unreadable = (path: string) => (error: unknown) => {
  throw readError(path, error)
}

async function readStdin(): Promise<string> {
  let text = ''
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += part
    if (text.length > 1 << 16) throw new ClaraError('input', 'stdin: is no API key, it goes on and on')
  }
  return text
}
