/** Which batches and threads are fastest for a model on this machine, by trying. */
import type { Batch } from './feeds.js'
import { type Lanes, openLanes, type SessionSpec } from './lanes.js'
import { type Layout, type Setting, TOKEN_BUDGETS } from './layout.js'

/** Of one trial. Long enough to be told from noise, short enough that all take a few seconds. */
const TRIAL_SECONDS = 0.2
const ROUNDS = 2
/** What is gained must be more than chance would give. */
const LEAST_GAIN = 1.05

export interface Calibrated {
  setting: Setting
  lanes: Lanes
}

/**
 * Tries token budgets on the open sessions, then fewer sessions of more threads. The start is kept
 * unless something is 5% faster. The sessions that are not kept are closed.
 * @param rows how many rows there are to try with.
 * @param sample the batches of the first so many rows.
 */
export async function calibrate(
  spec: SessionSpec,
  start: Calibrated,
  rows: number,
  sample: (rows: number, budget: number) => Batch[],
): Promise<Calibrated> {
  const enough = await rowsForTrial(start, rows, sample)
  const batches = (budget: number) => sample(enough, budget)
  const budget = await bestBudget(start, batches)
  let best: Calibrated = { ...start, setting: { ...start.setting, budget } }
  if (start.lanes.device.provider !== 'cpu') return best
  for (const layout of otherLayouts(start.setting)) {
    const lanes = await openLanes(spec, layout)
    best = await faster(best, { lanes, setting: { ...layout, budget } }, batches)
  }
  return best
}

/** Closes the other one; both where a trial fails, as it does when the engine is closed meanwhile. */
async function faster(
  best: Calibrated,
  other: Calibrated,
  batches: (budget: number) => Batch[],
): Promise<Calibrated> {
  try {
    const [rate, otherRate] = await rates([best, other], batches)
    const [kept, dropped] = otherRate! > rate! * LEAST_GAIN ? [other, best] : [best, other]
    await dropped.lanes.close()
    return kept
  } catch (error) {
    await Promise.all([best.lanes.close(), other.lanes.close()])
    throw error
  }
}

async function rowsForTrial(
  { lanes, setting }: Calibrated,
  rows: number,
  sample: (rows: number, budget: number) => Batch[],
): Promise<number> {
  const few = Math.min(rows, 8 * setting.sessions)
  const batches = sample(few, setting.budget)
  await secondsOf(lanes, batches) // the first run of a shape is slower
  const seconds = await secondsOf(lanes, batches)
  return Math.min(rows, Math.max(few, Math.round((few * TRIAL_SECONDS) / seconds)))
}

async function bestBudget(start: Calibrated, batches: (budget: number) => Batch[]): Promise<number> {
  const { lanes, setting } = start
  if (lanes.together === 'alone') return setting.budget
  const others = TOKEN_BUDGETS[lanes.device.provider === 'cpu' ? 'cpu' : 'gpu'].filter(
    (b) => b !== setting.budget,
  )
  const tried = [setting.budget, ...others]
  const [rate, ...otherRates] = await rates(
    tried.map((budget) => ({ lanes, setting: { ...setting, budget } })),
    batches,
  )
  const fastest = Math.max(...otherRates)
  return fastest > rate! * LEAST_GAIN ? others[otherRates.indexOf(fastest)]! : setting.budget
}

/** Best of some rounds each, in turns, so that a machine that is busy for a while wrongs none. */
async function rates(candidates: Calibrated[], batches: (budget: number) => Batch[]): Promise<number[]> {
  const best = candidates.map(() => 0)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { lanes, setting }] of candidates.entries()) {
      best[i] = Math.max(best[i]!, 1 / (await secondsOf(lanes, batches(setting.budget))))
    }
  }
  return best
}

async function secondsOf(lanes: Lanes, batches: Batch[]): Promise<number> {
  const start = performance.now()
  await Promise.all(batches.map((batch) => lanes.run(batch)))
  return (performance.now() - start) / 1000
}

/** Fewer sessions, of 2, 4, … threads each. */
function otherLayouts({ sessions, intraThreads }: Layout): Layout[] {
  const threads = sessions * intraThreads
  const layouts: Layout[] = []
  for (let each = intraThreads * 2; each <= threads; each *= 2) {
    layouts.push({ sessions: Math.floor(threads / each), intraThreads: each })
  }
  return layouts
}
