/**
 * A local server that speaks a Hugging Face hub's API, and a second one on another port, to which
 * it redirects for files, as the hub does to its CDN. A test's `behave` makes either err.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

export interface HubRepository {
  commit: string
  files: Record<string, Buffer>
}

export interface HubRequest {
  server: 'hub' | 'cdn'
  /** `revision` and `tree` are of the API, `resolve` redirects, `file` has the bytes. */
  what: 'revision' | 'tree' | 'resolve' | 'file' | 'other'
  path: string
  headers: IncomingHttpHeaders
}

/** How to reply. Empty: well. */
export interface HubReply {
  status?: number
  headers?: Record<string, string>
  /** Sent in place of what was asked for, range and all. */
  body?: Buffer
  /** A Content-Length other than that of the body; null: none. */
  length?: number | null
  /** Bytes of the body after which the connection breaks. */
  cutAfter?: number
  /** Before any answer. */
  cut?: boolean
  hang?: 'before-headers' | 'in-body'
  redirectTo?: string
  /** The whole file, whatever was asked for. */
  ignoreRange?: boolean
  /** 206 with the right headers for another place in the file. */
  shiftRange?: number
  gzip?: boolean
  /** null: none. */
  etag?: string | null
  /** This many bytes every `dripMs`. */
  drip?: number
  dripMs?: number
  /** Never ends, whatever was announced. */
  endless?: boolean
}

export interface ModelHub {
  url: string
  cdn: string
  requests: HubRequest[]
  /** Bytes of file bodies that were handed to the network. */
  readonly sent: number
  behave: (request: HubRequest, index: number) => HubReply
  close(): Promise<void>
}

/** Larger ones are in LFS, as on the hub. */
const LFS_BYTES = 1000

export async function startModelHub(repositories: Record<string, HubRepository>): Promise<ModelHub> {
  const requests: HubRequest[] = []
  let sent = 0
  const listener = (server: 'hub' | 'cdn') => async (message: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => {})
    const path = decodeURIComponent(message.url ?? '')
    const request: HubRequest = { server, what: whatOf(server, path), path, headers: message.headers }
    const reply = hub.behave(request, requests.push(request) - 1)
    await answer(response, request, reply)
  }
  const answer = async (response: ServerResponse, request: HubRequest, reply: HubReply) => {
    if (reply.cut) return void response.destroy()
    if (reply.hang === 'before-headers') return
    const usual = usualReply(request, reply)
    const status = reply.status ?? (reply.redirectTo ? 302 : usual.status)
    const location = reply.redirectTo ?? usual.headers.location
    let body = reply.body ?? usual.body
    if (reply.gzip) body = gzipSync(body)
    const headers: Record<string, string> = {
      ...usual.headers,
      ...(location && { location }),
      ...(reply.gzip && { 'content-encoding': 'gzip' }),
      connection: 'close',
      ...reply.headers,
    }
    if (reply.etag === null) delete headers.etag
    if (reply.length !== null) headers['content-length'] = String(reply.length ?? body.length)
    response.writeHead(status, headers)
    await send(response, body, reply, (bytes) => {
      if (request.what === 'file') sent += bytes
    })
  }
  const usualReply = (
    request: HubRequest,
    reply: HubReply,
  ): { status: number; headers: Record<string, string>; body: Buffer } => {
    const json = (value: unknown) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(value)),
    })
    const nothing = (status: number, headers = {}) => ({ status, headers, body: Buffer.alloc(0) })
    const found = locate(repositories, request.path)
    if (!found) return nothing(404)
    const { repository, file, commit } = found
    if (request.what === 'revision') {
      const siblings = Object.keys(repository.files).map((rfilename) => ({ rfilename }))
      return json({ sha: repository.commit, siblings })
    }
    if (request.what === 'tree') return json(Object.entries(repository.files).map(treeItem))
    const data = repository.files[file]
    if (!data) return nothing(404)
    if (request.what === 'resolve') {
      const linked = data.length > LFS_BYTES && { 'x-linked-etag': `"${sha256(data)}"` }
      return nothing(302, {
        location: `${hub.cdn}${request.path}?signature=secret`,
        'x-repo-commit': commit,
        'x-linked-size': String(data.length),
        ...linked,
      })
    }
    return ranged(data, request.headers, reply)
  }
  const [url, closeHub] = await listen(listener('hub'))
  const [cdn, closeCdn] = await listen(listener('cdn'))
  const hub: ModelHub = {
    url,
    cdn,
    requests,
    get sent() {
      return sent
    },
    behave: () => ({}),
    close: async () => {
      await Promise.all([closeHub(), closeCdn()])
    },
  }
  return hub
}

function whatOf(server: 'hub' | 'cdn', path: string): HubRequest['what'] {
  if (server === 'cdn') return 'file'
  if (/^\/api\/models\/.+\/revision\//.test(path)) return 'revision'
  if (/^\/api\/models\/.+\/tree\//.test(path)) return 'tree'
  return /^\/[^/]+\/[^/]+\/resolve\//.test(path) ? 'resolve' : 'other'
}

function locate(repositories: Record<string, HubRepository>, path: string) {
  const [, name = '', commit = '', rest = ''] =
    /^(?:\/api\/models)?\/([^/]+\/[^/]+)\/(?:resolve|revision|tree)\/([^/?]+)\/?([^?]*)/.exec(path) ?? []
  const repository = repositories[name]
  return repository && { repository, commit, file: rest }
}

function treeItem([path, data]: [string, Buffer]) {
  const lfs = { oid: sha256(data), size: data.length, pointerSize: 134 }
  return {
    type: 'file',
    path,
    size: data.length,
    oid: createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex'),
    ...(data.length > LFS_BYTES && { lfs }),
  }
}

function ranged(data: Buffer, { range, ...headers }: IncomingHttpHeaders, reply: HubReply) {
  const etag = reply.etag ?? `"${sha256(data)}"`
  const [, first] = /^bytes=(\d+)-$/.exec(range ?? '') ?? []
  const current = headers['if-range'] === undefined || headers['if-range'] === etag
  if (first === undefined || reply.ignoreRange || !current) {
    return { status: 200, headers: { etag }, body: data }
  }
  const start = Number(first) + (reply.shiftRange ?? 0)
  const total = data.length
  if (start >= total)
    return { status: 416, headers: { 'content-range': `bytes */${total}` }, body: Buffer.alloc(0) }
  return {
    status: 206,
    headers: { etag, 'content-range': `bytes ${start}-${total - 1}/${total}` },
    body: data.subarray(start),
  }
}

async function send(
  response: ServerResponse,
  body: Buffer,
  reply: HubReply,
  onSent: (bytes: number) => void,
): Promise<void> {
  const { cutAfter, drip = 1 << 16, dripMs = 0, hang, endless } = reply
  const all = cutAfter === undefined ? body : body.subarray(0, cutAfter)
  const end = hang === 'in-body' ? Math.floor(all.length / 2) : all.length
  for (let at = 0; at < end && !response.destroyed; at += drip) {
    const part = all.subarray(at, Math.min(end, at + drip))
    await new Promise<void>((resolve) => response.write(part, () => resolve()))
    onSent(part.length)
    if (dripMs > 0) await sleep(dripMs)
  }
  while (endless && !response.destroyed) {
    await new Promise<void>((resolve) => response.write(Buffer.alloc(1 << 16, 7), () => resolve()))
    await sleep(1)
  }
  if (cutAfter !== undefined) await sleep(20) // what was sent arrives before the end
  if (cutAfter !== undefined) response.destroy()
  else if (!hang) response.end()
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<[string, () => Promise<void>]> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close]
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
