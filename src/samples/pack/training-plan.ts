/**
 * How many rows a step, and how many epochs, so that the trainer learns from all rows.
 *
 * The trainer plans rows / batch steps an epoch, rounded down, and DeepSpeed steps once for each full batch: what is left
 * over of the last one is never applied (openrlhf/cli/train_sft.py, `num_update_steps_per_epoch`; the loader's
 * `drop_last`). With its batch of 128 a set of 156 rows had one step. So a batch is chosen that divides the rows; where
 * none does the file is named twice, and `--max_samples` cuts it where a batch is full: some rows are read twice, none is
 * left out. Few rows have smaller batches, then more epochs.
 *
 * The scripts plan by the same rule for the GPUS, MICRO_BATCH and TRAIN_BATCH that they are run with:
 * {@link planningLines}, which a test compares with {@link planTraining}.
 */

export interface Planned {
  /** Of the file. */
  rows: number
  /** Rows that one GPU takes at once. */
  microBatch: number
  gpus: number
  /** Rows of a step, a multiple of microBatch x gpus. */
  batch: number
  /** Rows of an epoch, a multiple of the batch: `--max_samples`. */
  samples: number
  /** Rows of the file that are read a second time in each epoch: its first ones. */
  readTwice: number
  epochs: number
  stepsPerEpoch: number
  /** Of the optimizer, each with a rate above 0. */
  steps: number
  warmupRatio: number
}

/** With fewer epochs are added; a schedule needs some steps to be one. */
const WANTED_STEPS = 40
/** A batch is not made smaller for the sake of steps. */
const SMALL_BATCH = 8
/** Then fewer steps have to do: at least 20, one an epoch. */
const MOST_EPOCHS = 20
/** With fewer a warm-up takes a rate from steps that are needed. */
const STEPS_WITH_WARMUP = 100
/** The trainer's. */
const WARMUP_RATIO = 0.03

/** Of the trainer's scripts. */
export const MICRO_BATCH = 2

/**
 * @param rows at least microBatch x gpus: fewer do not fill what all GPUs take at once.
 * @param mostBatch the trainer's own batch.
 */
export function planTraining(rows: number, mostBatch: number, microBatch = MICRO_BATCH, gpus = 1): Planned {
  const unit = microBatch * gpus
  if (rows < unit) throw new RangeError(`${rows} rows, ${unit} are taken at once`)
  const batch = batchFor(rows, mostBatch, unit)
  const stepsPerEpoch = Math.ceil(rows / batch)
  const samples = stepsPerEpoch * batch
  const epochs = Math.min(Math.ceil(WANTED_STEPS / stepsPerEpoch), MOST_EPOCHS)
  const steps = epochs * stepsPerEpoch
  return {
    rows,
    microBatch,
    gpus,
    batch,
    samples,
    readTwice: samples - rows,
    epochs,
    stepsPerEpoch,
    steps,
    warmupRatio: steps < STEPS_WITH_WARMUP ? 0 : WARMUP_RATIO,
  }
}

/** Of those from half of the largest on the one with the fewest rows read twice; the larger of two. */
function batchFor(rows: number, mostBatch: number, unit: number): number {
  const wanted = Math.min(Math.max(Math.floor(rows / WANTED_STEPS), SMALL_BATCH), mostBatch, rows)
  const most = Math.max(Math.floor(wanted / unit), 1) * unit
  const readTwice = (batch: number) => Math.ceil(rows / batch) * batch - rows
  let best = most
  for (let batch = most; batch * 2 >= most; batch -= unit) {
    if (readTwice(batch) < readTwice(best)) best = batch
  }
  return best
}

/** `2 epochs of 26 steps: 52 optimizer steps of 6 rows; rows left out: 0, read twice: 0` */
export function planInWords({ epochs, stepsPerEpoch, steps, batch, readTwice }: Planned): string {
  const each =
    epochs === 1 ? '1 epoch' : `${epochs} epochs of ${stepsPerEpoch} step${stepsPerEpoch === 1 ? '' : 's'}`
  return `${each}: ${steps} optimizer steps of ${batch} rows; rows left out: 0, read twice: ${readTwice}`
}

/**
 * Lines of bash that set `batch`, `samples`, `epochs`, `steps` and `warmup`, say so, and stop where GPUS, MICRO_BATCH or
 * TRAIN_BATCH leave no way.
 */
export function planningLines(rows: number, mostBatch: number): string {
  return `rows=${rows} gpus=\${GPUS:-1} micro=\${MICRO_BATCH:-${MICRO_BATCH}} batch=\${TRAIN_BATCH:-0}
for number in "GPUS $gpus" "MICRO_BATCH $micro" "TRAIN_BATCH $batch"; do
  [[ $number =~ \\ (0|[1-9][0-9]{0,5})$ ]] || stop "\${number/ / is }: a whole number was expected"
done
unit=$((gpus * micro))
[ $unit -gt 0 ] || stop "GPUS and MICRO_BATCH are 1 or more"
[ $rows -ge $unit ] || stop "$rows rows, and GPUS=$gpus with MICRO_BATCH=$micro takes $unit at once: fewer of them, or $unit rows, would do"
if [ $batch -gt 0 ]; then
  [ $((batch % unit)) -eq 0 ] || stop "TRAIN_BATCH is $batch: a multiple of GPUS x MICRO_BATCH = $unit was expected"
  [ $batch -le $rows ] || stop "TRAIN_BATCH is $batch, and there are $rows rows: a batch up to that, or $batch rows, would do"
else
  # The batch, from half of the largest on, that divides the rows best: what fills no batch is never applied.
  most=$((rows / ${WANTED_STEPS} > ${SMALL_BATCH} ? rows / ${WANTED_STEPS} : ${SMALL_BATCH}))
  most=$((most < ${mostBatch} ? most : ${mostBatch}))
  most=$((most < rows ? most : rows))
  most=$((most < unit ? unit : most / unit * unit))
  batch=$most
  for ((each = most; each * 2 >= most; each -= unit)); do
    [ $(((each - rows % each) % each)) -ge $(((batch - rows % batch) % batch)) ] || batch=$each
  done
fi
an_epoch=$(((rows + batch - 1) / batch))
samples=$((an_epoch * batch))
epochs=$(((${WANTED_STEPS} + an_epoch - 1) / an_epoch))
epochs=$((epochs < ${MOST_EPOCHS} ? epochs : ${MOST_EPOCHS}))
steps=$((epochs * an_epoch))
warmup=$([ $steps -lt ${STEPS_WITH_WARMUP} ] && echo 0 || echo ${WARMUP_RATIO})
echo "plan: $rows rows, $batch a step; epochs: $epochs, steps: $steps, rows left out: 0, read twice: $((samples - rows))"`
}
