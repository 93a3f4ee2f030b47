/** What a directory of clara-mine or clara-synth holds. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, messageOf, type OnProblem } from '../../errors.js'
import type { JsonObject } from '../../files/json-value.js'
import { QA_FILE, REJECTED_FILE } from '../../questions/write-judged.js'
import { named, SIDES, type Side } from '../split.js'
import { STAGES, stageEntries } from '../stages.js'
import { DATA_FILE, REPORT_FILE } from '../write.js'
import { readJsonFile } from './json-file.js'

export interface DataFiles {
  /** `undefined` where nothing is split. */
  side: Side | undefined
  data: string
  /** `undefined` where there is none. */
  provenance: string | undefined
}

export interface RunFiles {
  directory: string
  /** Names of the files of the run that are there, in the order of this module. */
  names: string[]
  samples: DataFiles[]
  /** Of the first two stages: names. */
  stages: string[]
  qa: string | undefined
  rejected: string | undefined
  /** Replies of the endpoint. */
  journal: string | undefined
  /** report.json and run.json; `undefined` where there is none, or it cannot be read. */
  report: JsonObject | undefined
  settings: JsonObject | undefined
  /** What is missing of a finished run, in words. */
  missing: string[]
}

const SETTINGS_FILE = 'run.json'
const JOURNAL_FILE = 'llm_journal.jsonl'
const ANY_SIDE = [undefined, ...SIDES]

/** @throws ClaraError `input` for what is no directory of a run. */
export async function findRunFiles(directory: string, onProblem: OnProblem): Promise<RunFiles> {
  const present = new Set(await filesIn(directory))
  const has = (name: string) => (present.has(name) ? name : undefined)
  const path = (name: string | undefined) => (name === undefined ? undefined : join(directory, name))
  const data = DATA_FILE.replace(/\.jsonl$/, '')
  const sides = ANY_SIDE.map((side) => ({
    side,
    data: has(`${named(data, side)}.jsonl`),
    provenance: has(`${named(data, side)}.provenance.jsonl`),
  })).filter((each) => each.data !== undefined)
  const stages = stageEntries({ stages: STAGES, sides: ANY_SIDE, parquet: false }).filter((name) =>
    present.has(name),
  )
  const jsonl = [
    ...sides.flatMap((each) => [each.data, each.provenance]),
    ...stages,
    has(QA_FILE),
    has(REJECTED_FILE),
  ]
  const names = [...jsonl, has(REPORT_FILE), has(SETTINGS_FILE)].filter((name) => name !== undefined)
  if (jsonl.every((name) => name === undefined)) throw nothingHere(directory, present.size, names)
  const [report, settings] = await Promise.all(
    [REPORT_FILE, SETTINGS_FILE].map((name) =>
      has(name) ? readObject(join(directory, name), onProblem) : undefined,
    ),
  )
  return {
    directory,
    names,
    samples: sides.map(({ side, data, provenance }) => ({
      side,
      data: path(data)!,
      provenance: path(provenance),
    })),
    stages,
    qa: has(QA_FILE),
    rejected: has(REJECTED_FILE),
    journal: has(JOURNAL_FILE),
    report,
    settings,
    missing: missingFrom(sides, present),
  }
}

function missingFrom(
  sides: { data: string | undefined; provenance: string | undefined }[],
  present: Set<string>,
): string[] {
  const missing = sides
    .filter(({ provenance }) => provenance === undefined)
    .map(
      ({ data }) => `no provenance of ${data}: scores, ranks, tiers and what was passed over are not known`,
    )
  if (sides.length === 0) missing.unshift(`no ${DATA_FILE}: there are no samples to look at`)
  if (!present.has(REPORT_FILE))
    missing.push(`no ${REPORT_FILE}: the run is not finished, or it was taken away`)
  return missing
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    const kinds = await Promise.all(
      entries.map(async (entry) => {
        if (!entry.isSymbolicLink()) return entry.isFile()
        return (await stat(join(directory, entry.name)).catch(() => undefined))?.isFile() ?? false
      }),
    )
    return entries.filter((_, i) => kinds[i]).map(({ name }) => name)
  } catch (error) {
    if (!isErrno(error)) throw error
    const reasons: Record<string, string> = {
      ENOENT: 'no such directory',
      ENOTDIR: 'is a file, a directory was expected',
    }
    const reason = reasons[error.code ?? ''] ?? `cannot be read: ${error.message}`
    throw new ClaraError('input', `${directory}: ${reason}`, { cause: error })
  }
}

function nothingHere(directory: string, files: number, names: string[]): ClaraError {
  const holds =
    names.length > 0 ? `holds ${names.join(' and ')} only` : files > 0 ? 'holds other files' : 'is empty'
  return new ClaraError(
    'input',
    `${directory}: ${holds}: expected ${DATA_FILE}, ${QA_FILE} or another file of clara-mine or clara-synth; ` +
      'name the --output-dir of a run',
  )
}

/** A file that says nothing is a bad record; the rest can be reported on all the same. */
async function readObject(path: string, onProblem: OnProblem): Promise<JsonObject | undefined> {
  try {
    return await readJsonFile(path)
  } catch (error) {
    if (isErrno(error)) throw error
    onProblem({ path, line: 1, reason: messageOf(error) })
    return undefined
  }
}
