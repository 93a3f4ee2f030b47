/** Files of a trial with what the manifest of an index would say of them. */
import { readFile, writeFile } from 'node:fs/promises'
import { hashBlocks } from '../index/blocks.js'
import type { CheckedFile } from '../index/checked-file.js'

/** Hashes the file, whole and by blocks, and keeps that beside it. */
export async function keepHashes(path: string): Promise<void> {
  const { bytes, sha256, blocks } = await hashBlocks(path)
  const said = { bytes, sha256, blocks: Buffer.from(blocks).toString('base64') }
  await writeFile(`${path}.json`, JSON.stringify(said))
}

/** Of a file whose hashes were kept. */
export async function hashedFile(path: string): Promise<CheckedFile> {
  const { bytes, sha256, blocks } = JSON.parse(await readFile(`${path}.json`, 'utf8'))
  return { path, bytes, sha256, blocks: new Uint8Array(Buffer.from(blocks, 'base64')) }
}
