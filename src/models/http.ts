/**
 * GET, as a model hub needs it: redirects one by one, the token to the hub alone, bytes as they
 * are, a limit on every silence. Proxies come from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
 */
import { type Dispatcher, request } from 'undici'
import { messageOf } from '../errors.js'
import { Failure } from './failure.js'
import { openDispatcher } from './proxy.js'
import { connectionFailure, proxyWantsLogin } from './unreachable.js'

/**
 * More than a body ever has waiting (see download.ts), because undici 7 must not be slowed down: on a
 * full buffer it pauses its parser, and a connection that ends meanwhile fails an assertion outside
 * of any promise, which ends the process (nodejs/undici#5360; the fix is in 8, which is not for Node 20).
 */
const UNREACHED_BUFFER = 2 ** 30
const MAX_REDIRECTS = 10
const REDIRECTS = [301, 302, 303, 307, 308]

interface HttpOptions {
  /** The hub; only its origin is sent the credentials. */
  endpoint: URL
  /** Headers that say who asks. */
  credentials?: Record<string, string>
  /** Longest silence: to connect, to answer, between two parts of a body. */
  timeoutMs: number
}

export interface Response {
  status: number
  /** The first of each header, names in lower case. */
  header(name: string): string | undefined
  body: Dispatcher.ResponseData['body']
  /** Where it came from in the end, fit to be shown. */
  from: string
}

export interface Http {
  /** @returns an answer of status 200, 206 or 416. Throws Failure for every other. */
  get(url: URL, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

export function openHttp({ endpoint, credentials = {}, timeoutMs }: HttpOptions): Http {
  const dispatcher = openDispatcher(timeoutMs)
  const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs } // here, too: not all proxies' clients have them
  const own = (url: URL) => (url.origin === endpoint.origin ? credentials : {})
  /** Origins that have answered. */
  const reached = new Set<string>()
  return {
    async get(url, headers = {}) {
      let at = url
      for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
        const sent = { 'user-agent': 'clara-topk', 'accept-encoding': 'identity', ...headers, ...own(at) }
        const options = { dispatcher, headers: sent, highWaterMark: UNREACHED_BUFFER, ...limits }
        const { origin } = at
        const answer = await request(at, options).catch((error) => {
          const facts = {
            url: at,
            from: url,
            at: shown(at),
            reached: reached.has(origin),
            reason: reason(error),
          }
          throw connectionFailure(error, facts)
        })
        reached.add(origin)
        const response = wrap(at, answer)
        if (!REDIRECTS.includes(response.status)) return await checked(response)
        await discard(response)
        at = redirectTarget(at, response.header('location'))
      }
      throw new Failure(
        'none',
        `${shown(url)}: more than ${MAX_REDIRECTS} redirects, the last to ${shown(at)}`,
      )
    },
    close: () => dispatcher.destroy(),
  }
}

/** Without query: it may hold a signature that opens the file to anyone. ModelScope names the file there. */
export function shown(url: URL): string {
  const file = url.searchParams.get('FilePath')
  return `${url.origin}${url.pathname}${file === null ? '' : `?FilePath=${file}`}`
}

function wrap(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData): Response {
  body.on('error', () => {}) // a body that is given up on may still break
  return {
    status: statusCode,
    header: (name) => {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    body,
    from: shown(url),
  }
}

/** Where a redirect may lead: never out of https, nor to anything but a web server. */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new Failure('none', `${shown(from)}: redirects to nowhere`)
  }
  const to = new URL(location, from)
  const secure = from.protocol === 'https:' && to.protocol !== 'https:'
  if (!['http:', 'https:'].includes(to.protocol) || to.username || secure) {
    throw new Failure(
      'none',
      `${shown(from)}: redirects to ${to.protocol}//${to.host}, which is not followed`,
    )
  }
  return to
}

async function checked(response: Response): Promise<Response> {
  const { status, from } = response
  if ([200, 206, 416].includes(status)) {
    const coding = response.header('content-encoding')
    if (status === 416 || !coding || coding === 'identity') return response
    await discard(response)
    throw new Failure('none', `${from}: sent as ${coding}, where the bytes as they are were asked for`)
  }
  await discard(response)
  if (status === 401 || status === 403) {
    throw new Failure(
      'none',
      `${from}: refused (${status}): a private or gated repository needs a token in HF_TOKEN or --token-file, and its terms accepted on the hub; else a filter in between says so`,
      { status },
    )
  }
  if (status === 404 || status === 410) {
    throw new Failure(
      'none',
      `${from}: not there (${status}): check the revision, and the hub (--endpoint, HF_ENDPOINT)`,
      { status },
    )
  }
  if (status === 407) throw new Failure('none', proxyWantsLogin(new URL(from).host), { status })
  const passing = status === 408 || status === 429 || status >= 500
  const waitMs = passing ? retryAfter(response.header('retry-after')) : undefined
  throw new Failure(passing ? 'retry' : 'none', `${from}: answered with status ${status}`, { waitMs })
}

async function discard({ body }: Response): Promise<void> {
  await body.dump({ limit: 1 << 16 }).catch(() => {})
}

/** Seconds, or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** undici says "fetch failed" and the like; what happened is in the cause. */
export function reason(error: unknown): string {
  const { cause, code } = (error ?? {}) as { cause?: unknown; code?: string }
  const text = messageOf(cause instanceof Error && cause.message ? cause : error)
  return code && !text.includes(code) ? `${text || 'failed'} (${code})` : text
}
