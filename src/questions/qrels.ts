/** Relevance judgements of a BEIR folder: which documents answer which query. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClaraError, isErrno, type OnProblem } from '../errors.js'
import { linesOf } from '../files/jsonl.js'
import { openSource } from '../files/open-source.js'
import { readError } from '../files/read-error.js'
import { judgementReader } from './judgement-line.js'

interface Qrels {
  /** `test` for `qrels/test.tsv`. */
  split: string
  path: string
  /** Query id -> ids of the documents with a grade over 0. */
  relevant: Map<string, string[]>
  /** Queries that have judgements, and none over 0. */
  irrelevant: number
}

export interface SplitChoice {
  /** Which of several; default: the only one. */
  split?: string | undefined
  /** Taken of several where none is named. */
  defaultSplit?: string | undefined
}

const ENDING = /\.tsv(?:\.gz)?$/i

/**
 * One split of the folder; lines that are no judgements go to `onProblem`. Which split was taken is a note, unless it was
 * named.
 * @param folder the `qrels` of a BEIR folder.
 * @throws ClaraError `input` without the folder, without a split, without the one that is named, and where one of several
 * has to be.
 */
export async function readQrels(
  folder: string,
  { split, defaultSplit }: SplitChoice,
  onProblem: OnProblem,
): Promise<Qrels> {
  const files = await splitsIn(folder)
  const names = [...files.keys()]
  const chosen = split ?? (names.length === 1 ? names[0]! : names.find((name) => name === defaultSplit))
  if (chosen === undefined || !files.has(chosen)) {
    const what = chosen === undefined ? 'several splits' : `no split ${JSON.stringify(chosen)}`
    const listed = names.length > 0 ? names.join(', ') : 'no file ending in .tsv'
    throw new ClaraError('input', `${folder}: ${what}: it has ${listed}: name one with --split`)
  }
  const path = join(folder, files.get(chosen)!)
  const others = names.filter((name) => name !== chosen)
  if (split === undefined) {
    const left = others.length > 0 ? `, of ${names.join(', ')} (--split)` : ', the only one'
    onProblem({ path, reason: `the split that is taken${left}`, note: true })
  }
  return { split: chosen, path, ...(await judgementsIn(path, onProblem)) }
}

async function splitsIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error) => {
    if (isErrno(error) && error.code === 'ENOENT') {
      throw new ClaraError(
        'input',
        `${folder}: no such folder: expected a qa.jsonl, or a BEIR folder with queries.jsonl and qrels/*.tsv`,
      )
    }
    throw readError(folder, error)
  })
  const files = names.filter((name) => ENDING.test(name) && !name.startsWith('.')).sort()
  if (files.length === 0) throw new ClaraError('input', `${folder}: holds no file ending in .tsv`)
  return new Map(files.map((name) => [name.replace(ENDING, ''), name]))
}

async function judgementsIn(
  path: string,
  onProblem: OnProblem,
): Promise<Pick<Qrels, 'relevant' | 'irrelevant'>> {
  const judged = new Map<string, Set<string>>()
  const readLine = judgementReader()
  for await (const lines of linesOf(openSource(path, onProblem))) {
    for (const { line, bytes } of lines) {
      const found = readLine(bytes?.toString('utf8') ?? '')
      if (typeof found === 'string') onProblem({ path, line, reason: found })
      else if (found) {
        const documents = judged.get(found.query) ?? new Set()
        if (found.grade > 0) documents.add(found.document)
        judged.set(found.query, documents)
      }
    }
  }
  const relevant = Array.from(judged, ([query, documents]): [string, string[]] => [query, [...documents]])
  const positive = relevant.filter(([, documents]) => documents.length > 0)
  return { relevant: new Map(positive), irrelevant: relevant.length - positive.length }
}
