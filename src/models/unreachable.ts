/** Why a server cannot be reached, in words, and what to do about it. */
import { Failure } from './failure.js'
import { PROXY_SILENT, proxiesNamed } from './proxy.js'

interface Kind {
  codes: RegExp
  /** Of `at`: the server, or the proxy before it. */
  text: (at: string, code: string) => string
  /** It does not pass, whether the server has answered before or not. */
  lasting?: boolean
  /** Where the server has not answered yet; 1 for all others. */
  attempts?: number
}

const NEEDS_PROXY = 'if the network wants a proxy, set HTTPS_PROXY'
const CERTIFICATE =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED)$/
const KINDS: Kind[] = [
  {
    codes: /^(ENOTFOUND|EAI_NONAME|EAI_NODATA)$/,
    text: (at, code) =>
      `${at}: the name does not resolve (${code}): no network, a misspelt name, or a resolver that filters it; ${NEEDS_PROXY}`,
  },
  {
    codes: /^EAI_/,
    text: (at, code) =>
      `${at}: the name server does not answer (${code}): no network, or one without names from outside; ${NEEDS_PROXY}`,
  },
  {
    codes: /^ECONNREFUSED$/,
    text: (at, code) =>
      `${at}: the connection is refused (${code}): nothing listens there, or a firewall says no`,
  },
  {
    codes: /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/,
    text: (at, code) => `${at}: there is no route to it (${code}): no network, or a firewall; ${NEEDS_PROXY}`,
  },
  {
    codes: /^(EPERM|EACCES)$/,
    text: (at, code) =>
      `${at}: this machine does not let the connection out (${code}): a local firewall or sandbox`,
  },
  {
    codes: /^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/,
    text: (at, code) =>
      `${at}: no connection within a few seconds (${code}): a firewall that drops packets; ${NEEDS_PROXY}`,
  },
  {
    codes: new RegExp(`^${PROXY_SILENT}$`),
    text: (at) => `${at}: the proxy takes the connection and says nothing: is HTTPS_PROXY the right one?`,
    lasting: true,
  },
  {
    codes: CERTIFICATE,
    text: (at, code) =>
      `${at}: its certificate is signed by nobody that Node.js trusts (${code}): a proxy or virus scanner opens the connection: ask for its root certificate and set NODE_EXTRA_CA_CERTS=/path/to/root.pem`,
    lasting: true,
  },
  {
    codes: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    text: (at, code) => `${at}: its certificate is not valid today (${code}): is this machine's clock right?`,
    lasting: true,
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    text: (at, code) =>
      `${at}: its certificate is another server's (${code}): a login page, a filter or a proxy answers in its place`,
    lasting: true,
  },
  {
    codes: /^(EPROTO|ERR_SSL_.*)$/,
    text: (at, code) =>
      `${at}: does not speak TLS as https: needs it (${code}): a proxy or login page in between, or an address that should begin with http:`,
    lasting: true,
  },
  {
    codes: /^(ECONNRESET|UND_ERR_SOCKET|EPIPE|ECONNABORTED)$/,
    text: (at, code) =>
      `${at}: the connection is cut before an answer (${code}): a firewall that filters by name does that; ${NEEDS_PROXY}`,
    attempts: 3,
  },
]

/**
 * A request that came to no answer.
 * @param reached the server has answered before: then what may pass is waited for.
 * @param from the hub, where it is the hub that has sent us on to `url`.
 * @param at what to call the address: without query, which may hold a signature.
 * @param reason of the error, as the system says it.
 */
export function connectionFailure(
  error: unknown,
  { url, from, at, reached, reason }: { url: URL; from: URL; at: string; reached: boolean; reason: string },
): Failure {
  const refusal = proxyRefusal(error, url)
  if (refusal) return refusal
  const code = codeOf(error)
  const kind = KINDS.find(({ codes }) => codes.test(code))
  if (!kind || (reached && !kind.lasting)) return new Failure('retry', `${at}: ${reason}`, { cause: error })
  const proxy = proxyOf(error, url)
  const server = from.origin === url.origin ? url.origin : `${url.origin}, to which ${from.host} redirects`
  const text = kind.text(proxy ? `the proxy ${proxy.host}, on the way to ${url.host}` : server, code)
  return new Failure(kind.attempts ? 'retry' : 'none', text, { cause: error, attempts: kind.attempts })
}

/** undici gives the status of an answer to CONNECT in words alone. */
function proxyRefusal(error: unknown, { host }: URL): Failure | undefined {
  const [, status] = /Proxy (?:response|Authentication Required) \((\d+)\)/.exec(String(error)) ?? []
  if (status === undefined) return undefined
  const code = Number(status)
  const options = { cause: error, attempts: 3 }
  if (code === 407) return new Failure('none', proxyWantsLogin(host), options)
  const why =
    code === 403 || code === 401
      ? 'it does not let this program there: ask for the host to be allowed, or take a mirror that is'
      : 'it cannot get there itself'
  return new Failure(code >= 500 ? 'retry' : 'none', `${host}: the proxy says no (${code}): ${why}`, options)
}

export function proxyWantsLogin(host: string): string {
  return `${host}: the proxy wants a name and a password (407): set HTTPS_PROXY=http://NAME:PASSWORD@PROXY:PORT`
}

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? '' : codeOf(cause)
}

/** The proxy that the error is of, where it is of one. */
function proxyOf(error: unknown, url: URL): URL | undefined {
  const {
    hostname,
    port,
    message = '',
  } = (error ?? {}) as { hostname?: string; port?: number; message?: string }
  const proxies = proxiesNamed().flatMap((text) => (URL.canParse(text) ? [new URL(text)] : []))
  return proxies.find((proxy) => {
    if (proxy.host === url.host) return false
    if (hostname !== undefined) return hostname === proxy.hostname
    if (port !== undefined) return String(port) === portOf(proxy) && portOf(proxy) !== portOf(url)
    return message.includes(`${proxy.hostname}:${portOf(proxy)}`)
  })
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80')
}
