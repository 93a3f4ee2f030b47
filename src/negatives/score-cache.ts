/**
 * What models computed, kept on disk by the hash of model and text, so that another k, margin or seed runs
 * no model. LevelDB: memory stays bounded, and a killed process loses nothing that was put.
 */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { ClassicLevel } from 'classic-level'
import { messageOf } from '../errors.js'
import type { ModelCard } from '../models/card.js'
import type { Model, RerankerModel } from '../models/resolve.js'

const KEY_BYTES = 16
const CHECK_BYTES = 4

export interface ScoreCache {
  /** @returns the numbers of each key, `undefined` where they are not known. */
  get(keys: Buffer[]): Promise<(Float32Array | undefined)[]>
  put(keys: Buffer[], values: Float32Array[]): Promise<void>
  close(): Promise<void>
}

/** For a run that keeps nothing. */
export const NO_CACHE: ScoreCache = {
  get: async (keys) => keys.map(() => undefined),
  put: async () => {},
  close: async () => {},
}

/** What a model's numbers depend on besides the text. */
export function versionOf({
  model,
  tokenizer,
  card,
  encoder,
}: Model & Pick<RerankerModel, 'encoder'>): string {
  const { maxTokens } = card
  const { queryPrefix, documentPrefix, pooling, temperature } = embedderCard(encoder?.card ?? card) ?? {}
  const prefixes = pooling === undefined ? [] : [queryPrefix, documentPrefix, pooling]
  return JSON.stringify([
    model.sha256,
    tokenizer.sha256,
    maxTokens,
    ...prefixes,
    ...(encoder ? [temperature] : []),
  ])
}

const embedderCard = (card: ModelCard) => (card.kind === 'embedder' ? card : undefined)

/** @param parts what the numbers are of: the model's version first. */
export function cacheKey(...parts: string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, KEY_BYTES)
}

/**
 * A cache that cannot be had costs time, not results: the run goes on without.
 * @param remark is told why.
 */
export async function openScoreCache(directory: string, remark: (text: string) => void): Promise<ScoreCache> {
  const db = new ClassicLevel<Buffer, Buffer>(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  try {
    await mkdir(dirname(directory), { recursive: true })
    await db.open()
  } catch (error) {
    const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error)
    const why = cause.includes('lock')
      ? 'another run uses it'
      : `${cause}: delete it, or name another with --score-cache`
    remark(`scores are not kept in ${directory}: ${why}`)
    return NO_CACHE
  }
  return {
    async get(keys) {
      const found = await db.getMany(keys)
      return found.map((bytes, i) => (bytes === undefined ? undefined : unpack(keys[i]!, bytes)))
    },
    async put(keys, values) {
      await db.batch(keys.map((key, i) => ({ type: 'put', key, value: pack(key, values[i]!) })))
    },
    close: () => db.close(),
  }
}

function pack(key: Buffer, values: Float32Array): Buffer {
  const bytes = Buffer.alloc(values.length * 4 + CHECK_BYTES)
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  bytes.writeUInt32LE(checkOf(key, bytes), values.length * 4)
  return bytes
}

/** LevelDB does not look at its own checksums when it reads. */
function unpack(key: Buffer, bytes: Buffer): Float32Array | undefined {
  const end = bytes.length - CHECK_BYTES
  if (end < 4 || end % 4 !== 0 || bytes.readUInt32LE(end) !== checkOf(key, bytes)) return undefined
  const values = new Float32Array(end / 4)
  new Uint8Array(values.buffer).set(bytes.subarray(0, end))
  return values
}

function checkOf(key: Buffer, bytes: Buffer): number {
  return crc32(bytes.subarray(0, bytes.length - CHECK_BYTES), crc32(key))
}
