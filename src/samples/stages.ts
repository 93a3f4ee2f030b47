/**
 * Files of the first two stages of training, as apple/ml-clara's loader reads them: one document a row.
 *
 * Paraphrases have a file of their own. The loader gives "" for the question of a paraphrase and a list for
 * that of a `qa` row, which `datasets` up to 3 refuses in one column ("cannot mix list and non-list").
 */
import { join } from 'node:path'
import type { Columns } from '../files/parquet-file.js'
import type { Judged } from '../questions/judge.js'
import { escapedRow } from './escaped-rows.js'
import { RowFile } from './formats/row-file.js'
import { SAMPLE_COLUMNS } from './sample.js'
import { named, type Side } from './split.js'

export const STAGES = ['pretrain', 'instruction', 'end-to-end'] as const
export type Stage = (typeof STAGES)[number]

const PRETRAIN = 'pretrain_data'
const PARAPHRASE = 'pretrain_paraphrase_data'
const INSTRUCTION = 'instruction_data'

const PRETRAIN_COLUMNS: Columns = {
  data_type: 'string',
  question: 'strings',
  answers: 'strings',
  docs: 'strings',
}

/** File names without their endings. */
export const STAGE_NAMES: Readonly<Record<string, Stage>> = {
  [PRETRAIN]: 'pretrain',
  [PARAPHRASE]: 'pretrain',
  [INSTRUCTION]: 'instruction',
}

interface StageFiles {
  /** @param side `undefined` where nothing is split. */
  write(judged: Judged, side: Side | undefined): Promise<void>
  /** @returns rows of each file, and the texts in them in which a token of the trainer was escaped. */
  close(): Promise<{ rows: Record<string, number>; escaped: number }>
  abandon(): Promise<void>
}

export interface StageOptions {
  stages: readonly Stage[]
  /** `[undefined]` where nothing is split. */
  sides: readonly (Side | undefined)[]
  parquet: boolean
}

/** All pairs of a passage make one row: the trainer asks the questions one after the other. */
function pretrainRows({ pairs, passages }: Judged): object[] {
  if (pairs.length === 0 || passages.length > 1) return []
  const question = pairs.map((pair) => pair.question)
  return [{ data_type: 'qa', question, answers: pairs.map(({ answer }) => answer), docs: passages }]
}

/** The loader passes over the question of a paraphrase; the column is there, as a list, for `datasets`. */
function paraphraseRows({ summary, passages }: Judged): object[] {
  if (summary === undefined || passages.length > 1) return []
  return [{ data_type: 'paraphrase', question: [''], answers: [summary], docs: passages }]
}

function instructionRows({ pairs, passages }: Judged): object[] {
  if (passages.length > 1) return [] // the trainer takes one document a row in this stage
  return pairs.map(({ question, answer }) => ({
    question,
    docs: passages,
    gold_answer: answer,
    answer,
    pos_index: [0],
  }))
}

interface Kind {
  name: string
  stage: Stage
  columns: Columns
  rowsOf(judged: Judged): object[]
}

const KINDS: Kind[] = [
  { name: PRETRAIN, stage: 'pretrain', columns: PRETRAIN_COLUMNS, rowsOf: pretrainRows },
  { name: PARAPHRASE, stage: 'pretrain', columns: PRETRAIN_COLUMNS, rowsOf: paraphraseRows },
  { name: INSTRUCTION, stage: 'instruction', columns: SAMPLE_COLUMNS, rowsOf: instructionRows },
]

export async function openStageFiles(
  directory: string,
  { stages, sides, parquet }: StageOptions,
): Promise<StageFiles> {
  const files: { kind: Kind; side: Side | undefined; file: RowFile }[] = []
  const abandon = async () => {
    await Promise.all(files.map(({ file }) => file.abandon()))
  }
  try {
    for (const kind of KINDS.filter(({ stage }) => stages.includes(stage))) {
      for (const side of sides) {
        const path = join(directory, named(kind.name, side))
        files.push({ kind, side, file: await RowFile.create(path, kind.columns, parquet) })
      }
    }
  } catch (error) {
    await abandon()
    throw error
  }
  let escaped = 0
  return {
    async write(judged, side) {
      for (const { kind, file, ...of } of files) {
        if (of.side !== side) continue
        for (const each of kind.rowsOf(judged)) {
          const safe = escapedRow(each)
          escaped += safe.escaped
          await file.write(safe.row)
        }
      }
    },
    async close() {
      for (const { file } of files) await file.close()
      const rows = files.map(({ kind, side, file }) => [named(kind.name, side), file.rows])
      return { rows: Object.fromEntries(rows), escaped }
    },
    abandon,
  }
}

/** The entries that openStageFiles makes. */
export function stageEntries({ stages, sides, parquet }: StageOptions): string[] {
  return KINDS.filter(({ stage }) => stages.includes(stage)).flatMap(({ name }) =>
    sides.flatMap((side) => [
      `${named(name, side)}.jsonl`,
      ...(parquet ? [`${named(name, side)}.parquet`] : []),
    ]),
  )
}
