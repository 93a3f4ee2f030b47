/** What takes samples one by one: a file, or several that belong together. */
import type { Columns } from '../../files/parquet-file.js'
import type { AssembledSample } from '../assemble.js'
import { RowFile } from './row-file.js'

/** What a format came to. */
export type FormatCounts = Record<string, number>

export interface SampleFile {
  write(sample: AssembledSample): Promise<void>
  /** All is whole and on disk when this returns. */
  close(): Promise<FormatCounts>
  /** Closes without a promise that anything is on disk. For error paths. */
  abandon(): Promise<void>
}

/** @param rowsOf the rows that a sample makes. */
export async function openRows(
  path: string,
  columns: Columns,
  parquet: boolean,
  rowsOf: (sample: AssembledSample) => object[],
): Promise<SampleFile> {
  const file = await RowFile.create(path, columns, parquet)
  return {
    async write(sample) {
      for (const row of rowsOf(sample)) await file.write(row)
    },
    async close() {
      await file.close()
      return { rows: file.rows }
    },
    abandon: () => file.abandon(),
  }
}
