/** Copies of the embedded model, to be damaged. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const EMBEDDED = fileURLToPath(new URL('../../models/all-minilm-l6-v2/', import.meta.url))
const FILES = ['card.json', 'model.onnx', 'tokenizer.json', 'tokenizer_config.json']

export async function copyModel(to: string): Promise<string> {
  await mkdir(to, { recursive: true })
  for (const name of FILES) await copyFile(join(EMBEDDED, name), join(to, name))
  return to
}

export async function readEmbeddedCard() {
  return JSON.parse(await readFile(join(EMBEDDED, 'card.json'), 'utf8'))
}

/** Changes a file of a copy and its card with it, so that the hash is right. */
export async function exchange(directory: string, name: string, change: (data: Buffer) => Buffer) {
  const data = change(await readFile(join(directory, name)))
  await writeFile(join(directory, name), data)
  const card = await readEmbeddedCard()
  const entry = card.files.find((file: { path: string }) => file.path === name)
  entry.bytes = data.byteLength
  entry.sha256 = createHash('sha256').update(data).digest('hex')
  await writeFile(join(directory, 'card.json'), JSON.stringify(card))
}
