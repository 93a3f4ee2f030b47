/** A local server that speaks as ModelScope does: a listing in `Data.Files`, bytes by `Revision` and `FilePath`. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from './model-hub.js'

export interface ModelScope {
  url: string
  requests: { path: string; headers: IncomingHttpHeaders }[]
  close(): Promise<void>
}

/** @param repositories files of each, of the revision master; a change of the object is seen. */
export async function startModelScope(
  repositories: Record<string, Record<string, Buffer>>,
  { withHashes = true } = {},
): Promise<ModelScope> {
  const requests: ModelScope['requests'] = []
  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '', 'http://x')
    requests.push({ path: decodeURIComponent(message.url ?? ''), headers: message.headers })
    const [, name = '', what] = /^\/api\/v1\/models\/([^/]+\/[^/]+)\/repo(\/files)?$/.exec(url.pathname) ?? []
    const files = url.searchParams.get('Revision') === 'master' ? repositories[name] : undefined
    const json = (status: number, value: object) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify(value))
    }
    const absent = { Code: 10010205001, Data: null, Message: 'not found', Success: false }
    if (!files) return json(404, absent)
    if (what) {
      const item = ([path, data]: [string, Buffer]) => ({
        ...{ Path: path, Name: path.split('/').at(-1), Type: 'blob', Size: data.length },
        ...(withHashes && { Sha256: sha256(data) }),
      })
      const tree = { Path: 'onnx', Name: 'onnx', Type: 'tree', Size: 0, Sha256: '' }
      return json(200, {
        ...{ Code: 200, Message: 'success', Success: true },
        Data: { Files: [tree, ...Object.entries(files).map(item)] },
      })
    }
    const data = files[url.searchParams.get('FilePath') ?? '']
    if (!data) return json(404, absent)
    const [, first = 0] = /^bytes=(\d+)-$/.exec(message.headers.range ?? '') ?? []
    const range = { 'content-range': `bytes ${first}-${data.length - 1}/${data.length}` }
    const body = data.subarray(Number(first))
    const part = message.headers.range !== undefined
    response.writeHead(part ? 206 : 200, { 'content-length': body.length, ...(part && range) })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
