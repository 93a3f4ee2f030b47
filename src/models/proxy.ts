/** Connections by way of the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, in either case. */
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { ClaraError, messageOf } from '../errors.js'
import { maskedUrl } from '../files/masked-url.js'

const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY']

/** The addresses of proxies that the environment names. */
export function proxiesNamed(): string[] {
  const values = NAMES.flatMap((name) => [process.env[name], process.env[name.toLowerCase()]])
  return values.filter((value) => value !== undefined && value !== '') as string[]
}

/**
 * What goes by http: to a server is handed to the proxy as it is, what goes by https: through a tunnel.
 * @throws ClaraError `usage` for a proxy that is no address of one.
 */
export function openDispatcher(timeoutMs?: number): Dispatcher {
  const timeouts = timeoutMs !== undefined && {
    connectTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  }
  try {
    return new EnvHttpProxyAgent({ ...timeouts, proxyTunnel: false })
  } catch (error) {
    throw new ClaraError(
      'usage',
      `HTTPS_PROXY or HTTP_PROXY is not a proxy's URL: ${maskedUrl(messageOf(error))}`,
      { cause: error },
    )
  }
}
