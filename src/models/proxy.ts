/** Connections by way of the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, in either case. */
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { ClaraError, messageOf } from '../errors.js'
import { maskedUrl } from '../files/masked-url.js'
import { boundedLookup } from './lookup.js'

/** The proxy takes the connection, and does not answer. */
export const PROXY_SILENT = 'PROXY_SILENT'
const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY']

/** The addresses of proxies that the environment names. */
export function proxiesNamed(): string[] {
  const values = NAMES.flatMap((name) => [process.env[name], process.env[name.toLowerCase()]])
  return values.filter((value) => value !== undefined && value !== '') as string[]
}

/** Longest for a connection to stand, its name resolved and its TLS agreed on; to a proxy, and through it. */
const CONNECT_MS = 3500

/**
 * What goes by http: to a server is handed to the proxy as it is, what goes by https: through a tunnel.
 * @param timeoutMs longest silence; then also names and connections have a few seconds, and no more.
 * @throws ClaraError `usage` for a proxy that is no address of one.
 */
export function openDispatcher(timeoutMs?: number): Dispatcher {
  try {
    return new EnvHttpProxyAgent({ ...(timeoutMs !== undefined && limits(timeoutMs)), proxyTunnel: false })
  } catch (error) {
    throw new ClaraError(
      'usage',
      `HTTPS_PROXY or HTTP_PROXY is not a proxy's URL: ${maskedUrl(messageOf(error))}`,
      { cause: error },
    )
  }
}

function limits(timeoutMs: number): EnvHttpProxyAgent.Options {
  const timeout = Math.min(timeoutMs, CONNECT_MS)
  // Node tries each address of a name for 250 ms, which far hubs do not answer within
  const connect = { timeout, lookup: boundedLookup, autoSelectFamilyAttemptTimeout: 1200 } as object
  return {
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect,
    proxyTls: connect,
    requestTls: { timeout },
    clientFactory: (origin, options) => tunnelClient(origin, { ...options, headersTimeout: timeout }),
  }
}

/** What asks a proxy for a tunnel: it would wait for 300 s by itself, and its silence is not the hub's. */
function tunnelClient(origin: URL, options: Pool.Options): Dispatcher {
  const pool = new Pool(origin, options)
  const connect: (params: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData> =
    pool.connect.bind(pool)
  const asked = (params: Dispatcher.ConnectOptions) =>
    connect(params).catch((error) => {
      throw error?.code === 'UND_ERR_HEADERS_TIMEOUT'
        ? Object.assign(error, { code: PROXY_SILENT, hostname: origin.hostname })
        : error
    })
  return Object.assign(pool, { connect: asked })
}
