/**
 * n-tuple.jsonl: every row has the same number of negatives, and a sample with several positives has
 * fewer of them. How many fit is known at the end: until then, all are kept in a hidden file.
 */

import { basename, dirname, join } from 'node:path'
import { ClaraError, type OnProblem } from '../../errors.js'
import { disk } from '../../files/disk.js'
import { DurableFile } from '../../files/durable-file.js'
import { readJsonl } from '../../files/records.js'
import { toJson } from '../../files/well-formed.js'
import { RowFile } from './row-file.js'
import type { SampleFile } from './sample-file.js'
import { type Tuple, tupleColumns, tupleRow, tuples } from './sentence-transformers.js'

export async function openTuples(path: string, parquet: boolean): Promise<SampleFile> {
  const heldPath = join(dirname(path), `.${basename(path)}.held`)
  const held = await DurableFile.create(heldPath)
  const counts = new Map<number, number>()
  let file: RowFile | undefined
  return {
    async write(sample) {
      for (const tuple of tuples(sample)) {
        await held.write(`${toJson(tuple)}\n`)
        const { length } = tuple.negatives
        counts.set(length, (counts.get(length) ?? 0) + 1)
      }
    },
    async close() {
      await held.close()
      const negatives = mostKept(counts)
      file = await RowFile.create(path, tupleColumns(negatives), parquet)
      let left_out = 0
      for await (const tuple of heldTuples(heldPath)) {
        if (tuple.negatives.length < negatives) left_out++
        else await file.write(tupleRow(tuple, negatives))
      }
      await file.close()
      await disk.rm(heldPath)
      return { rows: file.rows, negatives, left_out }
    },
    async abandon() {
      await Promise.all([held.abandon(), file?.abandon()])
      await disk.rm(heldPath, { force: true })
    },
  }
}

/**
 * The number of negatives at which most of them are kept: rows with more lose some, rows with fewer
 * are left out. Of equal ones the larger.
 *
 * @param counts rows, by the negatives they have.
 */
export function mostKept(counts: ReadonlyMap<number, number>): number {
  let [best, most, rows] = [1, 0, 0]
  for (const [n, count] of [...counts].sort(([a], [b]) => b - a)) {
    rows += count
    if (n * rows > most) [best, most] = [n, n * rows]
  }
  return best
}

async function* heldTuples(path: string): AsyncGenerator<Tuple> {
  const onProblem: OnProblem = ({ line, reason }) => {
    throw new ClaraError('io', `${path}:${line}: was not read as it was written: ${reason}`)
  }
  for await (const { value } of readJsonl(path, onProblem)) yield value as Tuple
}
