/** Files of a trial with what the manifest of an index would say of them. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { BLOCK_BYTES, type CheckedFile } from '../index/checked-file.js'

/** Hashes the file, whole and by blocks, and keeps that beside it. */
export async function keepHashes(path: string): Promise<void> {
  const whole = createHash('sha256')
  const blocks: Buffer[] = []
  let bytes = 0
  const pieces: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 64 * BLOCK_BYTES })
  for await (const piece of pieces) {
    whole.update(piece)
    for (let at = 0; at < piece.length; at += BLOCK_BYTES) {
      blocks.push(
        createHash('sha256')
          .update(piece.subarray(at, at + BLOCK_BYTES))
          .digest(),
      )
    }
    bytes += piece.length
  }
  const said = { bytes, sha256: whole.digest('hex'), blocks: Buffer.concat(blocks).toString('base64') }
  await writeFile(`${path}.json`, JSON.stringify(said))
}

/** Of a file whose hashes were kept. */
export async function hashedFile(path: string): Promise<CheckedFile> {
  const { bytes, sha256, blocks } = JSON.parse(await readFile(`${path}.json`, 'utf8'))
  return { path, bytes, sha256, blocks: new Uint8Array(Buffer.from(blocks, 'base64')) }
}
