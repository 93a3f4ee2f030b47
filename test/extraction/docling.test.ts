import { readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { doclingConverter } from '#clara/extraction/docling.js'
import { converted, type DoclingCall, startDoclingServer } from '../docling-server.js'
import { useDirectory } from '../support/directory.js'
import { PIXEL } from '../support/word.js'

const directory = useDirectory()
let server: Awaited<ReturnType<typeof startDoclingServer>> | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function convert(
  answer: (response: ServerResponse, call: DoclingCall) => void,
  { path = '', timeoutMs = 5000, apiKey }: { path?: string; timeoutMs?: number; apiKey?: string } = {},
) {
  server = await startDoclingServer(answer)
  const file = join(directory.path, 'a "b".pdf')
  writeFileSync(file, '%PDF-1.4 bytes')
  return doclingConverter({ url: server.url + path, timeoutMs, apiKey }).convert(file, directory.path)
}

describe('a docling-serve server', () => {
  it('is sent the file, and its images are taken out of the answer', async () => {
    const image = `![Image](data:image/png;base64,${PIXEL.toString('base64')})`
    const reply = await convert((response) => converted(response, `# A\n\n${image}\n\n<!-- image -->\n\nB`), {
      path: '/v1/',
      apiKey: 'k-123',
    })
    expect(reply).toMatchObject({ document: { markdown: '# A\n\n[IMAGE_REF: image-1.png]\n\nB' } })
    const [image1] = (reply as { document: { images: { file: string }[] } }).document.images
    expect(readFileSync(join(directory.path, image1!.file))).toEqual(PIXEL)
    const { url, headers, body } = server!.calls[0]!
    expect(url).toBe('/v1/convert/file')
    expect(headers['x-api-key']).toBe('k-123')
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(body.toString()).toContain('name="to_formats"\r\n\r\nmd\r\n')
    expect(body.toString()).toContain(
      'name="files"; filename="a _b_.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 bytes\r\n',
    )
  })

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['a failure', (r) => converted(r, '', 'failure', [{ error_message: 'bad page' }]), /failure: .*bad page/],
    ['half a document', (r) => converted(r, 'half', 'partial_success', []), /partial_success/],
    ['no text', (r) => converted(r, null), /success/],
    ['an error', (r) => r.writeHead(500).end('Internal'), /answered 500: Internal/],
    ['no JSON', (r) => r.end('<html>'), /answered 200: <html>/],
    ['nothing in time', () => {}, /took longer than 0.5 s/],
    ['half an answer in time', (r) => r.write('{'), /took longer than 0.5 s/],
  ])('that answers %s costs one file', async (_, answer, reason) => {
    expect(await convert(answer, { timeoutMs: 500 })).toEqual({ problem: expect.stringMatching(reason) })
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['that wants another key', (r) => r.writeHead(401).end()],
    ['that drops the connection', (r) => r.destroy()],
  ])('%s stops the run', async (_, answer) => {
    await expect(convert(answer)).rejects.toMatchObject({ code: 'network' })
  })

  it('has an address', () => {
    for (const url of ['localhost:5001', 'ftp://a.b', '']) {
      expect(() => doclingConverter({ url, timeoutMs: 1 })).toThrow(/expected http/)
    }
  })
})
