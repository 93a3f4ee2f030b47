/** A stage of training -> the shell script that runs it. */
import type { TrainingStage } from './training-stages.js'

/** @param made whether a stage of the same archive makes the checkpoint that this one goes on from. */
export function trainingScript(stage: TrainingStage, made: boolean): string {
  const { script, title, dataset, topK } = stage
  return `#!/usr/bin/env bash
# ${title}, on ${dataset.name}:
# ${dataset.rows} row${dataset.rows === 1 ? '' : 's'} of ${topK} document${topK === 1 ? '' : 's'}. Written by clara-pack; TRAINING.md says more.
#
#   TRAINER=/path/to/ml-clara bash ${script} [more flags for openrlhf.cli.train_sft]
set -euo pipefail
data=$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)
: "\${TRAINER:?set it to a clone of the training repository}"
mkdir -p "\${CHECKPOINTS:-$data/checkpoints}"
checkpoints=$(cd "\${CHECKPOINTS:-$data/checkpoints}" && pwd)
save=$checkpoints/${stage.save}
${topKLines(stage)}${checkpointLines(stage, made)}mkdir -p "$save"
cd "$TRAINER"
export PYTHONPATH=$PWD\${PYTHONPATH:+:$PYTHONPATH}
torchrun --standalone --nproc_per_node "\${GPUS:-1}" -m openrlhf.cli.train_sft \\
${flagLines(stage)}
cp openrlhf/models/modeling_clara.py "$save"
`
}

/** Only the last stage's k is a choice, and it was made with the data. */
function topKLines({ stage, dataset, topK }: TrainingStage): string {
  if (stage !== 'stage2') return ''
  return `if [ "\${GENERATION_TOP_K:-${topK}}" != ${topK} ]; then
  echo "GENERATION_TOP_K is $GENERATION_TOP_K, every row of ${dataset.name} has ${topK} documents:" >&2
  echo "train with ${topK}, or make the data anew with --target-top-k $GENERATION_TOP_K" >&2
  exit 1
fi
`
}

function checkpointLines({ from }: TrainingStage, made: boolean): string {
  if (from === undefined) return ''
  const fallback = made
    ? `\${PRETRAIN_CHECKPOINT:-$checkpoints/${from}}`
    : `\${PRETRAIN_CHECKPOINT:?set it to the folder of a checkpoint of ${from}, for which there is no data here}`
  return `previous=${fallback}
if [ ! -d "$previous" ]; then
  echo "$previous: no such folder: train ${from} first, or set PRETRAIN_CHECKPOINT" >&2
  exit 1
fi
previous=$(cd "$previous" && pwd)
`
}

function flagLines(stage: TrainingStage): string {
  const { dataset, evalDataset, from, topK, trainBatch, microBatch, flags } = stage
  const lines = [
    `--pretrain "\${MODEL_PATH:-mistralai/Mistral-7B-Instruct-v0.2}"`,
    ...(from === undefined ? [] : ['--pretrain_checkpoint "$previous"']),
    `--dataset "$data/${dataset.name}"`,
    ...(evalDataset ? [`--eval_dataset "$data/${evalDataset.name}"`] : []),
    `--stage ${stage.stage}`,
    `--generation_top_k ${topK}`,
    `--train_batch_size "\${TRAIN_BATCH:-${trainBatch}}"`,
    `--micro_train_batch_size "\${MICRO_BATCH:-${microBatch}}"`,
    '--save_path "$save"',
    '--ckpt_path "$save"',
    ...flags,
    // An empty FLASH_ATTN leaves the flag out.
    `\${FLASH_ATTN---flash_attn}`,
    '"$@"',
  ]
  return lines.map((line) => `  ${line}`).join(' \\\n')
}
