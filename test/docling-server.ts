/** A local server that speaks docling-serve's protocol for one file, and errs as a test wants. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface DoclingCall {
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export async function startDoclingServer(answer: (response: ServerResponse, call: DoclingCall) => void) {
  const calls: DoclingCall[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const call = { url: request.url!, headers: request.headers, body: Buffer.concat(parts) }
    calls.push(call)
    answer(response, call)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function converted(
  response: ServerResponse,
  markdown: unknown,
  status = 'success',
  errors: unknown[] = [],
): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ document: { md_content: markdown }, status, errors, processing_time: 0.1 }))
}
