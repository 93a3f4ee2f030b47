import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Planned, planningLines, planTraining } from '#clara/samples/pack/training-plan.js'

interface Settings {
  rows: number
  microBatch: number
  gpus: number
  batch: number
  samples: number
  epochs: number
  warmupRatio: number
}

/**
 * What openrlhf.cli.train_sft and DeepSpeed do with it: the file is joined to itself and cut at --max_samples; each GPU
 * reads its share in micro batches; a step is taken after batch / micro batch / GPUS of those, counted on over epochs.
 * @param rate of a step, by its number from 0 on.
 */
function trained(
  { rows, microBatch, gpus, batch, samples, epochs }: Settings,
  rate: (step: number) => number,
): { steps: number; neverApplied: number } {
  if (batch % (microBatch * gpus) !== 0) throw new Error('DeepSpeed asserts it')
  if (samples > 2 * rows) throw new Error('the file stands twice')
  if (Math.floor(samples / batch) === 0) throw new Error('division by zero')
  const accumulated = batch / microBatch / gpus
  const applied = new Uint8Array(rows)
  const microBatches = Math.floor(Math.floor(samples / gpus) / microBatch)
  let pending: number[] = []
  let steps = 0
  let count = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    // Another order in each epoch: what falls out of one does not of the next. The worst is that none changes.
    for (let i = 0; i < microBatches; i++) {
      for (let gpu = 0; gpu < gpus; gpu++) {
        for (let each = 0; each < microBatch; each++) {
          pending.push(((i * microBatch + each) * gpus + gpu) % rows)
        }
      }
      if (++count % accumulated !== 0) continue
      if (rate(steps) > 0) {
        steps++
        for (const row of pending) applied[row] = 1
      }
      pending = []
    }
  }
  return { steps, neverApplied: applied.filter((each) => each === 0).length }
}

/** As transformers' cosine_warmup_with_min_lr and constant have it. */
function rateOf({ warmupRatio, samples, batch, epochs }: Settings) {
  const all = Math.floor(samples / batch) * epochs
  const warmup = Math.ceil(all * warmupRatio)
  return (step: number) => (step < warmup ? (step + 1) / warmup : 1)
}

const ROWS = [
  ...Array.from({ length: 3000 }, (_, i) => i + 1),
  4999,
  7861,
  12_800,
  45_000,
  99_991,
  100_000,
  100_001,
]

describe.each([
  [128, 1],
  [128, 2],
  [32, 1],
  [32, 2],
])('a batch of %i at most, %i rows a GPU', (mostBatch, microBatch) => {
  it.each([1, 2, 3, 4, 8])('on %i GPUs: 20 steps or more, no row left out', (gpus) => {
    for (const rows of ROWS.filter((each) => each >= gpus * microBatch)) {
      const plan = planTraining(rows, mostBatch, microBatch, gpus)
      const { steps, neverApplied } = trained(plan, rateOf(plan))
      expect([rows, steps, neverApplied]).toEqual([rows, plan.steps, 0])
      expect(steps).toBeGreaterThanOrEqual(20)
      expect(plan.batch).toBeLessThanOrEqual(Math.max(mostBatch, gpus * microBatch))
      expect(plan.readTwice).toBeLessThan(plan.batch)
      // A large set is read once.
      if (rows >= 40 * Math.max(8, gpus * microBatch)) expect(plan.epochs).toBe(1)
    }
  })
})

it('plans as many steps as there were none before', () => {
  const brief = (rows: number, most = 128) => {
    const { batch, epochs, steps, readTwice, warmupRatio } = planTraining(rows, most)
    return { batch, epochs, steps, readTwice, warmupRatio }
  }
  expect(brief(20)).toEqual({ batch: 4, epochs: 8, steps: 40, readTwice: 0, warmupRatio: 0 })
  expect(brief(100)).toEqual({ batch: 4, epochs: 2, steps: 50, readTwice: 0, warmupRatio: 0 })
  expect(brief(156)).toEqual({ batch: 6, epochs: 2, steps: 52, readTwice: 0, warmupRatio: 0 })
  expect(brief(1000)).toEqual({ batch: 20, epochs: 1, steps: 50, readTwice: 0, warmupRatio: 0 })
  expect(brief(100_000)).toEqual({ batch: 100, epochs: 1, steps: 1000, readTwice: 0, warmupRatio: 0.03 })
  expect(brief(100_001, 32)).toMatchObject({ batch: 24, epochs: 1, readTwice: 7 })
  // What the scripts had: the largest power of two, and a first step of rate 0.
  const before = { rows: 156, microBatch: 2, gpus: 1, batch: 128, samples: 156, epochs: 1, warmupRatio: 0.03 }
  expect(trained(before, (step) => step)).toEqual({ steps: 0, neverApplied: 156 })
})

it('needs what all GPUs take at once', () => {
  expect(() => planTraining(1, 128)).toThrow('1 rows, 2 are taken at once')
  expect(() => planTraining(15, 128, 2, 8)).toThrow('16 are taken at once')
  expect(planTraining(16, 128, 2, 8)).toMatchObject({ batch: 16, samples: 16, epochs: 20, steps: 20 })
})

/** @param cases rows, most batch, micro batch, GPUS, TRAIN_BATCH or 0. */
function planned(cases: number[][]): string[] {
  // The same lines for all: of numbers that no other is like.
  const lines = planningLines(123_456, 98_765).replace('123456', '$1').replaceAll('98765', '$2')
  const script = `stop() { echo "stop: $*"; exit 1; }
plan() {
${lines}
}
while read -r rows most micro gpus batch; do
  (MICRO_BATCH=$micro GPUS=$gpus TRAIN_BATCH=$batch plan "$rows" "$most") || true
done`
  // Without it a bash whose input is a socket reads a start-up file, and says what fails there.
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-euc', script], {
    input: cases.map((numbers) => `${numbers.join(' ')}\n`).join(''),
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

const inWords = ({ rows, batch, epochs, steps, readTwice }: Planned) =>
  `plan: ${rows} rows, ${batch} a step; epochs: ${epochs}, steps: ${steps}, rows left out: 0, read twice: ${readTwice}`

describe('the scripts', () => {
  it('plan as TRAINING.md says', () => {
    const rows = ROWS.filter((each) => each % 29 === 0 || each < 30 || each > 3000)
    const cases = rows.flatMap((each) =>
      [1, 2, 3, 8, 24].flatMap((gpus) =>
        [1, 2].flatMap((micro) => [128, 32].map((most) => [each, most, micro, gpus, 0])),
      ),
    )
    const fit = cases.filter(([rows, , micro, gpus]) => rows! >= micro! * gpus!)
    expect(planned(fit)).toEqual(
      fit.map(([rows, most, micro, gpus]) => inWords(planTraining(rows!, most!, micro!, gpus!))),
    )
  })

  it('plan for the batch that they are given, and leave out no row', () => {
    const cases = [156, 1000, 4999].flatMap((rows) =>
      [2, 8, 64, 128, 156].flatMap((batch) => [1, 2].map((gpus) => [rows, 128, 2, gpus, batch])),
    )
    const fit = cases.filter(([rows, , , gpus, batch]) => batch! <= rows! && batch! % (2 * gpus!) === 0)
    for (const [i, text] of planned(fit).entries()) {
      const [rows, , microBatch, gpus, batch] = fit[i] as [number, number, number, number, number]
      const [, epochs, , twice] = /epochs: (\d+), steps: (\d+), .* read twice: (\d+)/.exec(text)!.map(Number)
      const settings = {
        rows,
        microBatch,
        gpus,
        batch,
        samples: rows + twice!,
        epochs: epochs!,
        warmupRatio: 0,
      }
      const { steps, neverApplied } = trained(settings, () => 1)
      expect(neverApplied).toBe(0)
      expect(steps).toBeGreaterThanOrEqual(20)
    }
  })
})
