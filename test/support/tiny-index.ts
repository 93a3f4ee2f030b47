/** Indexes by a tiny model, which embeds the example corpus in a second, in several windows. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Document } from '#clara/documents/document.js'
import { type BuildOptions, buildIndex } from '#clara/index/build.js'
import type { Manifest } from '#clara/index/manifest.js'
import { type Embedder, openEmbedder } from '#clara/inference/embedder.js'
import { resolveEmbedder } from '#clara/models/resolve.js'
import { collect, stream } from './collect.js'
import { exampleDocuments } from './example-index.js'
import { TINY } from './tiny-model.js'

export interface TinyEmbedder {
  embedder: Embedder
  documents: Document[]
}

/** Windows of 64, 128, 256, … chunks: the example corpus has five. */
export const CHUNKING = { tokens: 28, overlap: 0, split: true }
export const WINDOWS = [64, 192, 448, 960]

export function useTinyEmbedder(): TinyEmbedder {
  const tiny = {} as TinyEmbedder
  beforeAll(async () => {
    tiny.embedder = await openEmbedder(await resolveEmbedder(join(TINY, 'bert-mean')), { threads: 1 })
    tiny.documents = await collect(exampleDocuments())
  })
  afterAll(() => tiny.embedder?.close())
  return tiny
}

export function buildTiny(
  outputDir: string,
  documents: Document[],
  embedder: Embedder,
  options: Partial<BuildOptions> = {},
): Promise<Manifest> {
  return buildIndex(again(documents), embedder, {
    outputDir,
    overwrite: false,
    precision: 'bf16',
    chunking: CHUNKING,
    force: true,
    ...options,
  })
}

/** Documents that can be read again and again. */
export function again(documents: Document[]): AsyncIterable<Document> {
  return { [Symbol.asyncIterator]: () => stream(documents) }
}

/** The same embedder; it notes what it embeds, and fails after so many windows. */
export function watched(
  embedder: Embedder,
  failAfter = Number.POSITIVE_INFINITY,
): Embedder & { texts: string[] } {
  const texts: string[] = []
  let windows = 0
  const embed: Embedder['embed'] = async (window, ...rest) => {
    if (windows++ >= failAfter)
      throw Object.assign(new Error('the power is gone'), { code: 'EIO', syscall: 'x' })
    texts.push(...window)
    return embedder.embed(window, ...rest)
  }
  return { ...embedder, embed, texts }
}

/** What a killed process leaves for the next one to clear away. */
const isLeft = /^\.(work|lock)/

/** Every file of an index, by name. */
export async function contents(directory: string): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {}
  for (const name of (await readdir(directory)).sort()) {
    if (!isLeft.test(name)) files[name] = await readFile(join(directory, name))
  }
  return files
}

export async function expectSame(directory: string, expected: string): Promise<void> {
  const [found, wanted] = await Promise.all([contents(directory), contents(expected)])
  expect(Object.keys(found)).toEqual(Object.keys(wanted))
  for (const [name, data] of Object.entries(wanted)) expect(found[name]!.equals(data), name).toBe(true)
}
