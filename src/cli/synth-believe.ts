/** What the model wrote -> what is believed of it, in the files that hold it. */

import { moveResults, removeResults } from '../files/run-directory.js'
import type { Corpus } from '../negatives/corpus.js'
import { roundTrip } from '../negatives/round-trip.js'
import type { Engines } from '../negatives/run.js'
import type { WrittenChunk } from '../questions/generate.js'
import { type Judged, judge } from '../questions/judge.js'
import { createJudgeCounts, type JudgeCounts } from '../questions/judge-counts.js'
import { openJudgedFiles, QA_FILE, REJECTED_FILE } from '../questions/write-judged.js'
import type { Split } from '../samples/split.js'
import { openStageFiles, type StageOptions } from '../samples/stages.js'
import { textKey } from '../text/same-text.js'

interface BelieveOptions extends StageOptions {
  /** With models: what a question must find. */
  found: { corpus: Corpus; engines: Engines; within: number } | undefined
  split: Split | undefined
}

/** For the report. */
export interface Believed {
  questions: JudgeCounts
  /** Rows of each file of the first two stages. */
  rows: Record<string, number>
  /** Texts of those in which a token of the trainer was escaped, where there are any. */
  escaped_in_stages?: number
  /** Replies that would stand on both sides of the split. */
  left_out_of_split?: number
}

/** qa.jsonl and rejected.jsonl come to `directory`; the files of the stages stay in `work`. */
export async function believe(
  written: AsyncIterable<WrittenChunk>,
  work: string,
  directory: string,
  { found, split, ...stageOptions }: BelieveOptions,
): Promise<Believed> {
  const { counts, add } = createJudgeCounts()
  const questions = await openJudgedFiles(work)
  const stages = await openStageFiles(work, stageOptions)
  let leftOut = 0
  try {
    const judged = judge(written)
    for await (const each of found ? roundTrip(judged, found.corpus, found.engines, found) : judged) {
      add(each)
      await questions.write(each)
      const side = split?.sideOf(sourcesOf(each))
      if (split && !side) leftOut++
      else await stages.write(each, side)
    }
    await questions.close()
    const { rows, escaped } = await stages.close()
    await removeResults(directory, [REJECTED_FILE, QA_FILE])
    await moveResults(work, directory, [REJECTED_FILE, QA_FILE])
    return {
      questions: counts,
      rows,
      ...(escaped > 0 && { escaped_in_stages: escaped }),
      ...(split && { left_out_of_split: leftOut }),
    }
  } catch (error) {
    await Promise.all([questions.abandon(), stages.abandon()])
    throw error
  }
}

function sourcesOf({ documentIds, passages }: Judged) {
  return documentIds.map((documentId, i) => ({ documentId, key: textKey(passages[i]!) }))
}
