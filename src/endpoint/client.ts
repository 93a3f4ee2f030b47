/** The openai package's client, with its own waits, deadlines and logs turned off. */
import { OpenAI } from 'openai'
import { ClaraError } from '../errors.js'
import { maskedUrl } from '../files/masked-url.js'
import { boundedFetch } from './bounded-fetch.js'

export const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * @param maxBytes of one response's body.
 * @throws ClaraError `usage` for a base URL or an API key that cannot be used.
 */
export function createClient(
  { baseUrl, apiKey }: { baseUrl?: string | undefined; apiKey: string },
  maxBytes: number,
): OpenAI {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ClaraError('usage', 'the API key is empty or holds blanks or characters beyond ASCII')
  }
  const { address, query } = addressOf(baseUrl ?? process.env.OPENAI_BASE_URL)
  // Its log would go to stdout where OPENAI_LOG is set; its deadline must never come before ours.
  const client = new OpenAI({
    baseURL: address,
    defaultQuery: query,
    // Azure's way to take a key, which goes with its query.
    ...('api-version' in query && { defaultHeaders: { 'api-key': apiKey } }),
    apiKey,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
    fetch: boundedFetch(maxBytes),
    ...(!isOpenAi(address) && { organization: null, project: null }),
  })
  const url = URL.canParse(client.baseURL) ? new URL(client.baseURL) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ClaraError('usage', `base URL ${maskedUrl(client.baseURL)}: expected http://… or https://…`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new ClaraError('usage', `base URL of ${url.host}: fetch takes no user name or password in a URL`)
  }
  return client
}

/** The package takes OPENAI_ORG_ID and OPENAI_PROJECT_ID from the environment, and would tell them any host. */
function isOpenAi(address: string | undefined): boolean {
  return !address || (URL.canParse(address) && /(?:^|\.)api\.openai\.com$/.test(new URL(address).hostname))
}

/** What people paste: with the path of a call, slashes too many, and the query of each call. */
function addressOf(baseUrl: string | undefined): {
  address: string | undefined
  query: Record<string, string>
} {
  const text = baseUrl?.trim()
  if (!text || !URL.canParse(text)) return { address: text || undefined, query: {} }
  const url = new URL(text)
  const query = Object.fromEntries(url.searchParams)
  url.search = url.hash = ''
  const address = url.href.replace(/\/+$/, '').replace(/\/+(?:chat\/completions|completions|embeddings)$/, '')
  return { address, query }
}
