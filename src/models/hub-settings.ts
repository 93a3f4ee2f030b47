/** Which hub, and with which token: as huggingface_hub reads it from the environment. */
import { readFileSync } from 'node:fs'
import { ClaraError, messageOf } from '../errors.js'

const HUB = 'https://huggingface.co'

interface HubSettings {
  endpoint: URL
  token?: string | undefined
}

/**
 * HF_ENDPOINT and HF_TOKEN, or the token in a file.
 * @throws ClaraError `usage` when one cannot be used. No message holds a token.
 */
export function readHubSettings(tokenFile?: string, env = process.env): HubSettings {
  const endpoint = parseEndpoint(env.HF_ENDPOINT || HUB)
  const token = tokenFile === undefined ? env.HF_TOKEN?.trim() : readToken(tokenFile)
  if (!token) return { endpoint }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ClaraError('usage', 'the token has blanks or letters that no token has')
  if (endpoint.protocol === 'http:' && !isLoopback(endpoint)) {
    throw new ClaraError(
      'usage',
      `${endpoint.origin}: a token is not sent unencrypted: use https, or unset HF_TOKEN`,
    )
  }
  return { endpoint, token }
}

/** CLARA_OFFLINE or HF_HUB_OFFLINE. */
export function isOffline(env = process.env): boolean {
  return [env.CLARA_OFFLINE, env.HF_HUB_OFFLINE].some((value) => /^(1|true|yes|on)$/i.test(value ?? ''))
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
    throw new ClaraError('usage', `HF_ENDPOINT: expected a URL like ${HUB}`)
  }
  if (url.username || url.password) {
    throw new ClaraError('usage', 'HF_ENDPOINT holds a password: pass a token in HF_TOKEN instead')
  }
  return url
}

function readToken(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ClaraError('usage', `${path}: the token cannot be read: ${messageOf(error)}`, { cause: error })
  }
  if (text === '') throw new ClaraError('usage', `${path}: is empty, a token was expected`)
  return text
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
