/**
 * Where documents go, and with which key. A key goes to no host but that which it came with, or which was named on the
 * command line: what is in the environment and what is in a `.env`, which lies in whatever folder one works in and may be
 * anybody's, are two places. Where nothing names a host it is OpenAI's, if model and key are of a form that it has.
 */
import { readFile } from 'node:fs/promises'
import { ClaraError } from '../errors.js'
import { maskedUrl } from '../files/masked-url.js'
import { readError } from '../files/read-error.js'
import { placeOf, type Setting, type Settings } from './dot-env.js'
import type { Talk } from './talk.js'

interface AddressFlags {
  apiKeyFile?: string
  baseUrl?: string
}

interface Asking {
  setting: Settings
  model: string
  /** false where nothing will be sent. */
  needsKey: boolean
  talk: Talk
}

interface Address {
  /** None: OpenAI. */
  baseUrl: string | undefined
  apiKey: string
}

const URLS = ['OPENAI_BASE_URL', 'BASE_URL']
/** The name of before, which gateways and other tools still set; it counts where neither of those is set. */
const OLD_URL = 'OPENAI_API_BASE'
const KEY = 'OPENAI_API_KEY'

/** @throws ClaraError `usage` where there is no key and one is needed, or the key is not for that address. */
export async function addressOf(flags: AddressFlags, asking: Asking): Promise<Address> {
  const { setting, model, needsKey, talk } = asking
  const named = flags.baseUrl === undefined ? namedAddress(setting, needsKey) : undefined
  const baseUrl = flags.baseUrl ?? named?.value
  if (!needsKey) return { baseUrl, apiKey: 'none' }
  const apiKey = await keyFor(named, flags, setting)
  if (!apiKey && !baseUrl) throw noKey()
  if (!baseUrl) requireOpenAi(model, apiKey!)
  if (named?.from === '.env')
    talk.remark(`endpoint from .env: ${maskedUrl(named.value)}${keyBeside(apiKey, setting)}`)
  return { baseUrl, apiKey: apiKey ?? 'none' }
}

/** @throws ClaraError `usage` where it is not clear which address is meant. */
function namedAddress(setting: Settings, isSent: boolean): Setting | undefined {
  const url = setting(...URLS) ?? setting(OLD_URL)
  if (url) {
    const other = setting.allIn(url.from, ...URLS).find(({ value }) => !isSame(value, url.value))
    if (!other || !isSent) return url
    throw new ClaraError(
      'usage',
      `${placeOf(url)} is ${maskedUrl(url.value)}, ${other.name} is ${maskedUrl(other.value)}: ` +
        'remove one of them, or pass --base-url URL',
    )
  }
  const [masked] = setting.allIn('.env', ...URLS)
  if (!masked || !isSent) return undefined
  throw new ClaraError(
    'usage',
    `${placeOf(masked)} is ${maskedUrl(masked.value)}, and the environment sets it to nothing: ` +
      'unset the variable, or pass --base-url URL',
  )
}

async function keyFor(
  named: Setting | undefined,
  { apiKeyFile, baseUrl }: AddressFlags,
  setting: Settings,
): Promise<string | undefined> {
  const key = setting(KEY)
  if (named?.from === '.env') {
    const [own] = setting.allIn('.env', KEY)
    if (apiKeyFile || (!own && key)) throw foreignKey(named, apiKeyFile ? '--api-key-file' : placeOf(key!))
    return own?.value
  }
  if (apiKeyFile) return keyFrom(apiKeyFile)
  const isOfFile = key?.from === '.env' && baseUrl === undefined
  if (
    isOfFile &&
    named &&
    !setting.allIn('.env', ...URLS, OLD_URL).some(({ value }) => isSame(value, named.value))
  )
    throw foreignKey(named, placeOf(key))
  return key?.value
}

/** Who has exported a key expects that one to count. */
function keyBeside(own: string | undefined, setting: Settings): string {
  const [exported] = setting.allIn('environment', KEY)
  return own === undefined || !exported || exported.value === own
    ? ''
    : `, with the key of that file: ${placeOf(exported)} is another, and not sent there`
}

function foreignKey(url: Setting, key: string): ClaraError {
  const from =
    url.from === '.env'
      ? `.env in this folder names the endpoint ${maskedUrl(url.value)}`
      : `${placeOf(url)} is ${maskedUrl(url.value)}`
  return new ClaraError(
    'usage',
    `${from}, and the key is that of ${key}: it is not sent there. ` +
      'To allow it, name the endpoint yourself, by --base-url URL' +
      `${url.from === '.env' ? ' or OPENAI_BASE_URL in the environment' : ''}; or put the key and the endpoint into the same place`,
  )
}

function noKey(): ClaraError {
  return new ClaraError(
    'usage',
    'no API key: set OPENAI_API_KEY (.env will do), or pass --api-key-file FILE, or --base-url URL of a server that needs none',
  )
}

/** Slashes at the end and the spelling of the host tell no two addresses apart. */
function isSame(a: string, b: string): boolean {
  const plain = (url: string) => (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, '')
  return plain(a) === plain(b)
}

/** OpenAI's names; its open weights (gpt-oss) run elsewhere. */
const OPENAI_MODELS =
  /^(?:ft:)?(?:gpt-(?!oss|neo|j-)|chatgpt-|o\d|codex-|computer-use-|davinci|babbage|text-embedding-(?:3-|ada-))/i

/** What is too short for anybody's key is a placeholder, and tells nothing to whom it goes. */
const PLACEHOLDER = /^(?:sk|sess)-(?!ant-|or-|lf-).{0,31}$/

/**
 * Each has `T3BlbkFJ` ("OpenAI") in it, or says by its beginning what it is of. Many others begin with `sk-`, too:
 * DashScope's and DeepSeek's with 32 hexadecimal digits behind it, `sk-sp-`, `sk-ant-`, `sk-or-`, `sk-kimi-`.
 */
function isOpenAiKey(key: string): boolean {
  return /T3BlbkFJ|^(?:sk-(?:proj|svcacct|admin|None)|sess)-/.test(key) || PLACEHOLDER.test(key)
}

/**
 * Of a run for which nothing names an endpoint.
 * @throws ClaraError `usage` for a model, or a key, that is not OpenAI's: nothing is sent there that is meant for another.
 */
export function requireOpenAi(model: string, key: string): void {
  const foreign = !OPENAI_MODELS.test(model)
    ? `the model ${model} is none of OpenAI’s`
    : isOpenAiKey(key)
      ? undefined
      : 'the API key is not of the form of OpenAI’s'
  if (foreign === undefined) return
  throw new ClaraError(
    'usage',
    `no endpoint is named, and ${foreign}: nothing was sent. Pass --base-url URL, or set BASE_URL: for Alibaba’s models ` +
      'https://dashscope.aliyuncs.com/compatible-mode/v1, for OpenAI itself https://api.openai.com/v1',
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
