/** The files of a run directory that a trainer, or a person who looks at the samples, has use for. */
import { constants, type Stats } from 'node:fs'
import { lstat, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno } from '../../errors.js'
import { readError } from '../../files/read-error.js'
import { REJECTED_FILE } from '../../questions/write-judged.js'
import { named, SIDES, type Side } from '../split.js'
import type { Stage } from '../stages.js'

export type Role = 'rows' | 'paraphrases' | 'provenance' | 'rejected'

export interface RunFile {
  name: string
  path: string
  role: Role
  /** `undefined` for what was rejected, which no stage reads. */
  stage: Stage | undefined
  side: Side | undefined
  /** Of a regular file. */
  bytes: number
}

export interface LeftOut {
  name: string
  reason: string
}

const KINDS: { base: string; ending: string; role: Role; stage: Stage }[] = [
  { base: 'pretrain_data', ending: '.jsonl', role: 'rows', stage: 'pretrain' },
  { base: 'pretrain_paraphrase_data', ending: '.jsonl', role: 'paraphrases', stage: 'pretrain' },
  { base: 'instruction_data', ending: '.jsonl', role: 'rows', stage: 'instruction' },
  // So the training repositories' own script names it.
  { base: 'instruction_tuning_data', ending: '.jsonl', role: 'rows', stage: 'instruction' },
  { base: 'end_to_end_data', ending: '.jsonl', role: 'rows', stage: 'end-to-end' },
  { base: 'end_to_end_data', ending: '.provenance.jsonl', role: 'provenance', stage: 'end-to-end' },
]

type Candidate = Omit<RunFile, 'path' | 'bytes'>

function candidates(withRejected: boolean): Candidate[] {
  const all: Candidate[] = KINDS.flatMap(({ base, ending, role, stage }) =>
    [undefined, ...SIDES].map((side) => ({ name: `${named(base, side)}${ending}`, role, stage, side })),
  )
  if (withRejected) all.push({ name: REJECTED_FILE, role: 'rejected', stage: undefined, side: undefined })
  return all
}

/**
 * Empty files are left out: a loader stops at them.
 * @throws ClaraError `input` where there is nothing to train on, or something else than a regular
 * file in a file's place: links are not followed.
 */
export async function findRunFiles(
  directory: string,
  withRejected: boolean,
): Promise<{ files: RunFile[]; leftOut: LeftOut[] }> {
  const files: RunFile[] = []
  const leftOut: LeftOut[] = []
  for (const candidate of candidates(withRejected)) {
    const path = join(directory, candidate.name)
    const info = await statOf(path)
    if (!info) continue
    if (info.size > 0) files.push({ ...candidate, path, bytes: info.size })
    else leftOut.push({ name: candidate.name, reason: 'is empty' })
  }
  const rows = files.filter(({ role }) => role === 'rows')
  if (rows.length === 0) {
    const wanted = KINDS.filter(({ role }) => role === 'rows').map(({ base }) => `${base}.jsonl`)
    throw new ClaraError('input', `${directory}: holds no training data (${wanted.join(', ')})`)
  }
  for (const [i, { name, stage, side }] of rows.entries()) {
    const other = rows
      .slice(0, i)
      .find((each) => each.stage === stage && (each.side === side || !each.side || !side))
    if (other) {
      throw new ClaraError('input', `${directory}: holds both ${name} and ${other.name}: remove one of them`)
    }
  }
  return { files, leftOut }
}

/** @throws ClaraError `input`. */
export async function requireDirectory(directory: string): Promise<void> {
  const info = await stat(directory).catch((error) => {
    throw readError(directory, error)
  })
  if (!info.isDirectory()) throw new ClaraError('input', `${directory}: is no directory`)
}

async function statOf(path: string): Promise<Stats | undefined> {
  const info = await lstat(path).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw readError(path, error)
  })
  if (info?.isSymbolicLink()) {
    throw new ClaraError('input', `${path}: is a symbolic link, which is not followed: put the file there`)
  }
  if (info && !info.isFile()) throw new ClaraError('input', `${path}: is no regular file`)
  return info
}

const BLOCK_BYTES = 1 << 20

/** A file's bytes; not of what a link that has taken its place points to. */
export async function* readBlocks(path: string): AsyncGenerator<Buffer> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, null)
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw readError(path, error)
  }
}
