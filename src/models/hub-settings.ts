/** Which hub, and with which token: as huggingface_hub reads it from the environment. */
import { readFileSync } from 'node:fs'
import { ClaraError, messageOf } from '../errors.js'

/** Hugging Face's own paths, as mirrors and proxies of it have them, or ModelScope's. */
export type HubKind = 'huggingface' | 'modelscope'

/** By name, for --endpoint and HF_ENDPOINT. The order is that in which they are recommended. */
export const HUBS = {
  huggingface: 'https://huggingface.co',
  'hf-mirror': 'https://hf-mirror.com',
  modelscope: 'https://modelscope.cn',
} as const

interface HubSettings {
  endpoint: URL
  kind: HubKind
  token?: string | undefined
  /** What to say of a token that is there and is not sent. */
  remark?: string | undefined
}

/**
 * The hub of `--endpoint`, else of HF_ENDPOINT, and the token for it: that of a file, else the one in the environment
 * that belongs to this very hub. A token of huggingface.co is not for a mirror, which could keep it.
 * @throws ClaraError `usage` when one cannot be used. No message holds a token.
 */
export function readHubSettings(
  { endpoint: flag, tokenFile }: { endpoint?: string | undefined; tokenFile?: string | undefined } = {},
  env = process.env,
): HubSettings {
  const endpoint =
    flag === undefined
      ? parseEndpoint('HF_ENDPOINT', env.HF_ENDPOINT?.trim() || HUBS.huggingface, env)
      : parseEndpoint('--endpoint', flag, env)
  const kind = isModelScope(endpoint, env) ? 'modelscope' : 'huggingface'
  const settings = { endpoint, kind } as const
  const { token, remark } =
    tokenFile === undefined
      ? environmentToken(endpoint, kind, { fromEnvironment: flag === undefined, env })
      : { token: readToken(tokenFile), remark: undefined }
  if (!token) return { ...settings, ...(remark && { remark }) }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new ClaraError('usage', 'the token has blanks or letters that no token has')
  if (endpoint.protocol === 'http:' && !isLoopback(endpoint)) {
    throw new ClaraError(
      'usage',
      `${endpoint.origin}: a token is not sent unencrypted: use https, or unset HF_TOKEN`,
    )
  }
  return { ...settings, token }
}

/**
 * A token that begins with hf_ is one of huggingface.co; another one, together with HF_ENDPOINT, is one of that hub
 * (a company's own server gives out such tokens). What runs on this machine is trusted with any.
 */
function environmentToken(
  endpoint: URL,
  kind: HubKind,
  { fromEnvironment, env }: { fromEnvironment: boolean; env: NodeJS.ProcessEnv },
): { token?: string | undefined; remark?: string } {
  if (kind === 'modelscope') return { token: env.MODELSCOPE_API_TOKEN?.trim() }
  const token = env.HF_TOKEN?.trim()
  if (!token) return {}
  const own = /(^|\.)(huggingface\.co|hf\.co)$/.test(endpoint.hostname)
  if (own || (fromEnvironment && (!token.startsWith('hf_') || isLoopback(endpoint)))) return { token }
  const remark = `HF_TOKEN is not sent to ${endpoint.host}, for which it may not be meant; --token-file FILE sends one there`
  return { remark }
}

/** CLARA_OFFLINE, HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE, which huggingface_hub takes for the same. */
export function isOffline(env = process.env): boolean {
  const values = [env.CLARA_OFFLINE, env.HF_HUB_OFFLINE, env.TRANSFORMERS_OFFLINE]
  return values.some((value) => /^(1|true|yes|on)$/i.test(value ?? ''))
}

/** A hub's name, a URL, or the host alone; quotes around it are those that `set` of Windows keeps. */
function parseEndpoint(from: string, given: string, env: NodeJS.ProcessEnv): URL {
  const text = given
    .trim()
    .replace(/^(["'`])(.*)\1$/, '$2')
    .trim()
  const named: string | undefined =
    text.toLowerCase() === 'modelscope'
      ? modelScopeAddress(env)
      : HUBS[text.toLowerCase() as keyof typeof HUBS]
  const address = named ?? (/^[\w-]+(\.[\w-]+)+(\/\S*)?$/.test(text) ? `https://${text}` : text)
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
    const names = Object.keys(HUBS).join(', ')
    throw new ClaraError('usage', `${from}: expected ${names}, or a URL like ${HUBS['hf-mirror']}`)
  }
  if (url.username || url.password) {
    throw new ClaraError(
      'usage',
      `${from} holds a password: pass a token in HF_TOKEN or --token-file instead`,
    )
  }
  return url
}

/** As the modelscope package finds it: another site of it, or a company's own. */
function modelScopeAddress({ MODELSCOPE_ENDPOINT, MODELSCOPE_DOMAIN }: NodeJS.ProcessEnv): string {
  const text = MODELSCOPE_ENDPOINT?.trim() || MODELSCOPE_DOMAIN?.trim() || HUBS.modelscope
  return /^https?:/i.test(text) ? text : `https://${text}`
}

function isModelScope(endpoint: URL, env: NodeJS.ProcessEnv): boolean {
  const own = modelScopeAddress(env)
  const configured = URL.canParse(own) && new URL(own).origin === endpoint.origin
  return configured || /(^|\.)modelscope\.(cn|ai)$/.test(endpoint.hostname)
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
