/** The pairs of a run -> its samples. */
import { join } from 'node:path'
import { ClaraError } from '../errors.js'
import { readManifest } from '../index/manifest.js'
import type { Corpus } from '../negatives/corpus.js'
import type { OpenEngines } from '../negatives/engines.js'
import { drawNegatives, mineNegatives } from '../negatives/mine.js'
import { questionsOf } from '../questions/read-questions.js'
import { QA_FILE, REJECTED_FILE } from '../questions/write-judged.js'
import type { Split } from '../samples/split.js'
import type { RunReport } from '../samples/tally.js'
import { writeSamples } from '../samples/write.js'
import type { OutputFlags, SampleFlags, TrainerFlags } from './flags.js'
import { type FormatFlags, formatsOf } from './format-flags.js'
import { type MiningFlags, miningOptions } from './mining-flags.js'
import type { miningProgress } from './mining-progress.js'
import { type RunMining, scaleOf } from './print-run.js'
import type { Believed } from './synth-believe.js'
import type { Talk } from './talk.js'
import { trainerRoom } from './trainer-room.js'

type MineFlags = OutputFlags & SampleFlags & FormatFlags & MiningFlags & TrainerFlags & { index?: string }

/** The pairs are paid for, and were checked one by one. */
const AFTER_CHECKS = { force: true }

interface MiningSetup {
  corpus: Corpus
  talk: Talk
  opened: OpenEngines | undefined
  /** Where the files go. */
  work: string
  split: Split | undefined
  believed: Believed & { llm: object }
  progress: ReturnType<typeof miningProgress>
}

/** All of the pairs that were believed get negatives: retrieved where something was embedded, else drawn. */
export async function mine(
  flags: MineFlags,
  { corpus, talk, opened, work, split, believed, progress }: MiningSetup,
): Promise<{ report: RunReport; mining: RunMining }> {
  const { outputDir, targetTopK: topK, seed } = flags
  const { written, kept } = believed.questions
  if (written > 0 && kept === 0) {
    throw new ClaraError(
      'llm',
      `none of ${written} pairs passed the checks: ${join(outputDir, REJECTED_FILE)} says why`,
    )
  }
  const questions = questionsOf(join(outputDir, QA_FILE), talk.onProblem)
  const options = {
    ...miningOptions(flags),
    topK,
    seed,
    onProblem: talk.onProblem,
    ...AFTER_CHECKS,
    remark: talk.remark,
  }
  const { mined, counts } = opened
    ? mineNegatives(questions, corpus, opened.engines, options)
    : drawNegatives(questions, corpus, options)
  const { index } = flags
  const chunking = index === undefined ? undefined : (await readManifest(index)).chunking
  const room = await trainerRoom(flags, chunking, talk)
  const report = await writeSamples(work, room.counting(mined), {
    topK,
    seed,
    embedder: opened?.engines.embedder.name ?? null,
    reranker: opened?.engines.scorer?.name ?? null,
    ...formatsOf(flags),
    sideOf:
      split &&
      (({ positives }) =>
        split.sideOf(positives.map(({ chunk, key }) => ({ documentId: chunk!.documentId, key })))),
    more: () => ({ ...scaleOf(counts), ...believed }),
    onProgress: progress.onSample,
  }).finally(() => room.close())
  room.remark()
  return { report, mining: { counts, opened } }
}
