/** A small model on a local hub, and what must be true of the cache at any time. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { CatalogueEntry, CatalogueFile } from '#clara/models/catalogue.js'
import { type Pulled, type PullOptions, pullModel } from '#clara/models/pull.js'
import { type HubRepository, type ModelHub, sha256 } from '../model-hub.js'

export const REPOSITORY = 'someone/tiny-model'
export const COMMIT = 'a'.repeat(40)

/** Bytes that repeat nowhere, so that a part in the wrong place is seen. */
export function noise(bytes: number, seed: number): Buffer {
  let state = seed
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    }),
  )
}

/** Two files in LFS, two not. */
export const FILES: Record<string, Buffer> = {
  'onnx/model.onnx': noise(12_000, 1),
  'onnx/model.onnx_data': noise(30_000, 2),
  'tokenizer.json': noise(900, 3),
  'tokenizer_config.json': noise(300, 4),
}
export const TOTAL = Object.values(FILES).reduce((sum, { length }) => sum + length, 0)

export function tinyRepository(): Record<string, HubRepository> {
  return { [REPOSITORY]: { commit: COMMIT, files: { ...FILES } } }
}

/** @param known what the catalogue states of each file: all, or nothing. */
export function tinyEntry({ known = true, revision = COMMIT as string | null } = {}): CatalogueEntry {
  const file = (path: string): CatalogueFile => {
    const data = FILES[path]!
    return known ? { path, bytes: data.length, sha256: sha256(data) } : { path }
  }
  return {
    name: 'tiny-model',
    kind: 'embedder',
    repository: REPOSITORY,
    revision,
    precision: 'fp32',
    model: file('onnx/model.onnx'),
    externalData: [file('onnx/model.onnx_data')],
    tokenizer: file('tokenizer.json'),
    tokenizerConfig: file('tokenizer_config.json'),
    dims: 8,
    maxTokens: 512,
    pooling: 'mean',
    normalised: true,
    queryPrefix: 'query: ',
    documentPrefix: '',
    languages: ['en'],
    licence: 'MIT',
    sources: ['this test'],
  }
}

export const modelFolder = (cache: string) => join(cache, 'models/tiny-model')
export const partFile = (cache: string, path: string) =>
  join(cache, 'models/.tiny-model.partial', `${encodeURIComponent(path)}.part`)

export function pullFrom(
  hub: Pick<ModelHub, 'url'>,
  entry: CatalogueEntry,
  options: Partial<PullOptions> = {},
): Promise<Pulled> {
  return pullModel(entry, {
    endpoint: new URL(hub.url),
    timeoutMs: 5000,
    backoffMs: 1,
    onRemark: () => {},
    onProgress: () => {},
    ...options,
  })
}

/** @returns whether the model is there; if it is, every byte of it is right. */
export function isWhole(cache: string): boolean {
  const models = join(cache, 'models')
  const visible = existsSync(models) ? readdirSync(models).filter((name) => !name.startsWith('.')) : []
  if (visible.length === 0) return false
  expect(visible).toEqual(['tiny-model'])
  const folder = modelFolder(cache)
  const card = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8'))
  expect(card.files.map(({ path }: { path: string }) => path).sort()).toEqual(Object.keys(FILES).sort())
  for (const { path, bytes, sha256: hash } of card.files) {
    const data = readFileSync(join(folder, path))
    expect(data.equals(FILES[path]!), path).toBe(true)
    expect({ bytes, hash }).toEqual({ bytes: data.length, hash: sha256(data) })
  }
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())
  expect(names).toHaveLength(Object.keys(FILES).length + 1)
  return true
}
