/** Samples with where their documents came from: the two files of a side, read side by side. */
import type { OnProblem } from '../../errors.js'
import { type RawLine, readLines } from '../../files/jsonl.js'
import { readLine, type SampleRow } from '../score/read-rows.js'
import { type Origin, readOrigin } from './provenance.js'
import type { DataFiles } from './run-files.js'

export interface ReportRow {
  file: DataFiles
  row: SampleRow
  /** `undefined` where the provenance has nothing of use. */
  origin: Origin | undefined
}

/**
 * @param onProblem is told of lines that are no samples, of provenance that is none, or of other samples.
 * @throws ClaraError `input` when a file cannot be read.
 */
export async function* readRows(
  files: readonly DataFiles[],
  onProblem: OnProblem,
): AsyncGenerator<ReportRow> {
  for (const file of files) yield* rowsOf(file, onProblem)
}

async function* rowsOf(file: DataFiles, onProblem: OnProblem): AsyncGenerator<ReportRow> {
  const origins = file.provenance === undefined ? undefined : readLines(file.provenance)
  let ended = false
  try {
    for await (const raw of readLines(file.data)) {
      const beside = ended ? undefined : await origins?.next()
      const { row, reason } = readLine(raw)
      if (reason !== undefined) onProblem({ path: file.data, line: raw.line, reason })
      if (beside?.done) {
        ended = true
        onProblem({ path: file.provenance!, line: raw.line, reason: 'ends here; the samples go on' })
      }
      const origin = beside?.value && originOf(file.provenance!, beside.value, row, onProblem)
      if (row) yield { file, row, origin }
    }
    const more = ended ? undefined : await origins?.next()
    if (more?.value) {
      const { line } = more.value
      onProblem({ path: file.provenance!, line, reason: 'goes on; there are no more samples' })
    }
  } finally {
    await origins?.return(undefined)
  }
}

function originOf(
  path: string,
  raw: RawLine,
  row: SampleRow | undefined,
  onProblem: OnProblem,
): Origin | undefined {
  const origin = readOrigin(raw)
  const problem = (reason: string) => {
    onProblem({ path, line: raw.line, reason })
    return undefined
  }
  if (typeof origin === 'string') return problem(origin)
  if (!row) return undefined
  if (!origin) return problem('blank, where the sample is not')
  if (origin.docs.length === row.docs.length) return origin
  return problem(`${origin.docs.length} docs, the sample has ${row.docs.length}`)
}
