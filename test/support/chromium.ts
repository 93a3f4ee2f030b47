/** A headless Chromium that is spoken to over the DevTools protocol, by a pipe: nothing listens on a port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** `CLARA_CHROMIUM`, or one on the path. */
export function findChromium(): string | undefined {
  if (process.env.CLARA_CHROMIUM) return process.env.CLARA_CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface PageOptions {
  width?: number
  height?: number
  dark?: boolean
  /** Without, the page's scripts do not run. */
  scripts?: boolean
  print?: boolean
}

export interface OpenedPage {
  /** What went wrong: console errors, exceptions, violations of the policy, dialogs. */
  complaints: string[]
  /** URLs of all requests, the page's own first. */
  requests: string[]
  /** @returns the value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>
  /** PNG. @param selector that is scrolled to. */
  screenshot(selector?: string): Promise<Buffer>
  type(selector: string, text: string): Promise<void>
}

interface Message {
  id?: number
  sessionId?: string
  method?: string
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's own
  params?: any
  result?: unknown
  error?: { message: string }
}

export class Chromium {
  #next = 1
  #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  #listeners = new Map<string, (message: Message) => void>()
  #held: Buffer = Buffer.alloc(0)

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
  ) {
    ;(child.stdio[4] as Readable).on('data', (data: Buffer) => this.#receive(data))
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium has ended'))
    })
  }

  static start(path: string): Chromium {
    const profile = mkdtempSync(join(tmpdir(), 'clara-chromium-'))
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      'about:blank',
    ]
    const child = spawn(path, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    return new Chromium(child, profile)
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await Promise.all([this.#send('Browser.close', {}).catch(() => {}), ended]) // its children go, too
    clearTimeout(late)
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }

  async open(
    url: string,
    { width = 1280, height = 900, dark = false, scripts = true, print = false }: PageOptions = {},
  ): Promise<OpenedPage> {
    const { targetId } = await this.#send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.#send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    })
    const send = <T>(method: string, params = {}) => this.#send<T>(method, params, sessionId)
    const page = { complaints: [] as string[], requests: [] as string[] }
    let loaded = () => {}
    const load = new Promise<void>((resolve) => {
      loaded = resolve
    })
    this.#listeners.set(sessionId, ({ method, params }) => {
      if (method === 'Page.loadEventFired') loaded()
      if (method === 'Network.requestWillBeSent') page.requests.push(params.request.url)
      if (method === 'Runtime.exceptionThrown')
        page.complaints.push(`exception: ${params.exceptionDetails.text}`)
      if (method === 'Runtime.consoleAPICalled')
        page.complaints.push(`console: ${JSON.stringify(params.args)}`)
      if (method === 'Log.entryAdded') page.complaints.push(`log: ${params.entry.text}`)
      if (method === 'Audits.issueAdded') page.complaints.push(`issue: ${JSON.stringify(params.issue)}`)
      if (method === 'Page.javascriptDialogOpening') {
        page.complaints.push(`dialog: ${params.message}`)
        void send('Page.handleJavaScriptDialog', { accept: true })
      }
    })
    for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'Audits']) await send(`${domain}.enable`)
    await send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    })
    await send('Emulation.setEmulatedMedia', {
      media: print ? 'print' : 'screen',
      features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
    })
    if (!scripts) await send('Emulation.setScriptExecutionDisabled', { value: true })
    await send('Page.navigate', { url })
    await load
    const evaluate = async <T>(expression: string): Promise<T> => {
      const { result } = await send<{ result: { value: T } }>('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      })
      return result.value
    }
    return {
      ...page,
      evaluate,
      async screenshot(selector) {
        if (selector !== undefined) {
          await evaluate(
            `document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ behavior: 'instant' })`,
          )
        }
        const { data } = await send<{ data: string }>('Page.captureScreenshot', { format: 'png' })
        return Buffer.from(data, 'base64')
      },
      async type(selector, text) {
        await evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`)
        await send('Input.insertText', { text })
      },
    }
  }

  #send<T>(method: string, params: object, sessionId?: string): Promise<T> {
    const id = this.#next++
    ;(this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise<T>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #receive(data: Buffer): void {
    this.#held = Buffer.concat([this.#held, data])
    for (let end = this.#held.indexOf(0); end >= 0; end = this.#held.indexOf(0)) {
      const message: Message = JSON.parse(this.#held.toString('utf8', 0, end))
      this.#held = this.#held.subarray(end + 1)
      const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id)
      if (!waiting) this.#listeners.get(message.sessionId ?? '')?.(message)
      else if (message.error) waiting.reject(new Error(message.error.message))
      else waiting.resolve(message.result as never)
      if (message.id !== undefined) this.#waiting.delete(message.id)
    }
  }
}
