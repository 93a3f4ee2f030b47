/** Reads a Parquet file back, by the reader that its writer is the companion of. */
import { readFile } from 'node:fs/promises'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'

export interface ReadParquet {
  /** Whole numbers of 64 bits as numbers. */
  rows: Record<string, unknown>[]
  rowGroups: number
}

export async function readParquet(path: string): Promise<ReadParquet> {
  const { buffer, byteOffset, byteLength } = await readFile(path)
  const file = buffer.slice(byteOffset, byteOffset + byteLength)
  const rows = await parquetReadObjects({ file })
  return { rows: rows.map(plain) as ReadParquet['rows'], rowGroups: parquetMetadata(file).row_groups.length }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value ?? null // it reads a null list as undefined
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
