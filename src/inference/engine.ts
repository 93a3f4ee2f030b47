/** A model at work: its tokenizer on one thread, its sessions on others, batches between them. */

import { availableParallelism } from 'node:os'
import { objectWith, optional, whole } from '../arguments.js'
import { bothOrNeither, type Closable, closeOnce } from '../files/closable.js'
import type { Model } from '../models/resolve.js'
import { fillBatch, planBatches, type Together } from './batches.js'
import { type Calibrated, calibrate } from './calibrate.js'
import { type Calibration, readCalibration, writeCalibration } from './calibration-file.js'
import type { Choice, Device } from './device.js'
import { allRows, type Encodings } from './encoding.js'
import type { Batch } from './feeds.js'
import { type Lanes, openLanes, type SessionSpec } from './lanes.js'
import { defaultLayout, type Setting, TOKEN_BUDGETS } from './layout.js'
import { requireWhole } from './model-files.js'
import { openTokenizer, type ThreadedTokenizer } from './open-tokenizer.js'
import { type Output, sizeOf } from './output.js'
import type { Matching, TokenCodes } from './token-matches.js'

export interface EngineOptions {
  /** Threads of the model in all. */
  threads?: number
  /** `undefined`: chosen by what works here. */
  device?: Device | undefined
  /** Measure, once for this model and machine, which batches and threads are fastest. */
  calibrate?: boolean
}

export const ENGINE_OPTIONS = {
  threads: optional(whole(1, 1024)),
  device: optional(objectWith('provider', 'an object of provider and id, or undefined')),
}

/** How a model is spread over the machine, and where it runs. */
export interface Running extends Setting {
  device: Choice
}

export interface Engine {
  tokenizer: ThreadedTokenizer
  /** @throws ClaraError `usage` once it is closed. */
  requireOpen(): void
  running(): Running
  /** @returns what the model gives for these rows of `encodings`, row-major [rows, dims or labels]. */
  run(encodings: Encodings, rows: number[]): Promise<Float32Array>
  /** @returns the tokens of each of these rows, of an engine opened for `tokens`. */
  tokens(encodings: Encodings, rows: number[]): Promise<TokenCodes[]>
  /** @returns the scores of each passage's questions, one after the other. */
  match(matchings: Matching[]): Promise<Float32Array>
  /** Of all runs so far. */
  counts: { runs: number; tokens: number; padding: number }
  /** @returns seconds of the bare model over all rows in ideal batches, with no other work: the ceiling. */
  ideal(encodings: Encodings): Promise<number>
  close(): Promise<void>
}

/** So many rows make a job that is worth calibrating for. */
const CALIBRATE_FROM = 1000

/** @throws ClaraError `model` when a file is missing, damaged or not loadable. */
export async function openEngine(model: Model, output: Output, options: EngineOptions): Promise<Engine> {
  const { threads = availableParallelism(), device } = options
  const spec = { path: model.model.path, device, output }
  const machine = { sha256: model.model.sha256, threads, device }
  const known = await readCalibration(machine)
  const [start, tokenizer] = await bothOrNeither(openStart(model, spec, threads, known), openTokenizer(model))
  const { lanes } = start
  if (!options.calibrate || start.isMeasured || output.kind === 'tokens')
    return createEngine(model.card.name, start, tokenizer, sizeOf(output))
  return createEngine(model.card.name, start, tokenizer, sizeOf(output), async (current, encodings, rows) => {
    const sample = (count: number, budget: number) =>
      batchesOf(encodings, spread(rows, count), budget, lanes.together, tokenizer).map(({ batch }) => batch)
    const best = await calibrate(spec, current, rows.length, sample)
    await writeCalibration(machine, { ...best.setting, provider: best.lanes.device.provider })
    return best
  })
}

type Settle = (current: Calibrated, encodings: Encodings, rows: number[]) => Promise<Calibrated>

function createEngine(
  name: string,
  start: Calibrated,
  tokenizer: ThreadedTokenizer,
  size: number,
  settle?: Settle,
): Engine {
  let current = Promise.resolve(start)
  let latest = start
  let unsettled = settle
  const underWay = new Set<Promise<unknown>>()
  const counts = { runs: 0, tokens: 0, padding: 0 }
  const runOn = async (settled: Promise<Calibrated>, encodings: Encodings, rows: number[]) => {
    latest = await settled
    const { lanes, setting } = latest
    const batches = batchesOf(encodings, rows, setting.budget, lanes.together, tokenizer)
    count(counts, batches)
    return runAll(lanes, batches, rows, size)
  }
  const { close, requireOpen } = closeOnce(name, async () => {
    await start.lanes.close() // ends a calibration, whose trials are rejected
    const { lanes } = await current.catch(() => start)
    await Promise.all([lanes.close(), tokenizer.close()])
  })
  return {
    tokenizer,
    requireOpen,
    counts,
    running: () => ({ ...latest.setting, device: latest.lanes.device }),
    async run(encodings, rows) {
      if (unsettled && rows.length >= CALIBRATE_FROM) {
        const settle = unsettled
        unsettled = undefined
        // What runs already runs to its end on the sessions of before.
        current = Promise.allSettled(underWay).then(() => settle(latest, encodings, rows))
      }
      const results = runOn(current, encodings, rows)
      underWay.add(results)
      try {
        return await results
      } finally {
        underWay.delete(results)
      }
    },
    async tokens(encodings, rows) {
      const { lanes, setting } = await current
      const batches = batchesOf(encodings, rows, setting.budget, lanes.together, tokenizer)
      count(counts, batches)
      const found = new Map<number, TokenCodes>()
      await Promise.all(
        batches.map(async ({ members, batch }) => {
          const codes = await lanes.tokens(batch)
          for (const [i, row] of members.entries()) found.set(row, codes[i]!)
        }),
      )
      return rows.map((row) => found.get(row)!)
    },
    match: async (matchings) => (await current).lanes.match(matchings),
    async ideal(encodings) {
      const { lanes, setting } = await current
      const batches = batchesOf(encodings, allRows(encodings), setting.budget, lanes.together, tokenizer)
      return lanes.ideal(batches.map(({ batch }) => batch))
    },
    close,
  }
}

function count(counts: Engine['counts'], batches: Run[]): void {
  for (const { batch } of batches) {
    const tokens = batch.lengths.reduce((sum, length) => sum + length, 0)
    counts.runs++
    counts.tokens += tokens
    counts.padding += batch.ids.length - tokens
  }
}

async function runAll(lanes: Lanes, batches: Run[], rows: number[], size: number): Promise<Float32Array> {
  const results = new Float32Array(rows.length * size)
  const places = new Map(rows.map((row, place) => [row, place]))
  await Promise.all(
    batches.map(async ({ members, batch }) => {
      const values = await lanes.run(batch)
      members.forEach((row, i) => {
        results.set(values.subarray(i * size, (i + 1) * size), places.get(row)! * size)
      })
    }),
  )
  return results
}

interface Run {
  /** Rows of the encodings, in the batch's order. */
  members: number[]
  batch: Batch
}

function batchesOf(
  encodings: Encodings,
  rows: number[],
  budget: number,
  together: Together,
  tokenizer: ThreadedTokenizer,
): Run[] {
  return planBatches(encodings, rows, budget, together).map((members) => ({
    members,
    batch: fillBatch(encodings, members, tokenizer),
  }))
}

interface Start extends Calibrated, Closable {
  isMeasured: boolean
}

/** As measured, unless a GPU has come or gone since. */
async function openStart(
  model: Model,
  spec: SessionSpec,
  threads: number,
  known: Calibration | undefined,
): Promise<Start> {
  await Promise.all([model.model, ...model.externalData].map(requireWhole))
  if (known) {
    const lanes = await openLanes(spec, known)
    const { budget } = known
    if (lanes.device.provider === known.provider) return startOf(lanes, budget, true)
    await lanes.close()
  }
  const lanes = await openLanes(spec, defaultLayout(threads, weightsOf(model)))
  return startOf(lanes, TOKEN_BUDGETS[lanes.device.provider === 'cpu' ? 'cpu' : 'gpu'][0]!, false)
}

function startOf(lanes: Lanes, budget: number, isMeasured: boolean): Start {
  return { lanes, setting: { ...lanes.layout, budget }, isMeasured, close: lanes.close }
}

function weightsOf({ model, externalData }: Model): number {
  return [model, ...externalData].reduce((sum, { bytes }) => sum + bytes, 0)
}

/** So many of them, evenly chosen. */
function spread(rows: number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!)
}
