/** A stage of training -> the shell script that runs it. */
import { maxLenExpression } from '../trainer-lengths.js'
import { planningLines } from './training-plan.js'
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
unset CDPATH # cd would say where it went, or go elsewhere
stop() {
  echo "${script}: $*" >&2
  exit 1
}
data=$(cd "$(dirname "\${BASH_SOURCE[0]}")" && pwd)
: "\${TRAINER:?set it to a clone of the training repository}"
case $data in
  *[],@*?[]* | *::*) stop "$data: the trainer finds no files there, or others, for one of , @ * ? [ ] :: in the name: unpack the archive elsewhere" ;;
esac
${planningLines(dataset.rows!, stage.mostBatch)}
dataset=$data/${dataset.name}
[ $samples -eq $rows ] || dataset=$dataset,$dataset # one after the other, up to --max_samples
for flag in "$@"; do
  case $flag in
    --train_batch_size* | --micro_train_batch_size* | --max_samples* | --max_epochs* | --dataset*)
      echo "${script}: $flag changes the plan above, which then does not hold (TRAIN_BATCH and MICRO_BATCH plan anew)" >&2 ;;
  esac
done
${evaluationLines(stage)}${topKLines(stage)}mkdir -p "\${CHECKPOINTS:-$data/checkpoints}"
checkpoints=$(cd "\${CHECKPOINTS:-$data/checkpoints}" && pwd)
save=$checkpoints/${stage.save}
${checkpointLines(stage, made)}mkdir -p "$save"
model=\${MODEL_PATH:-mistralai/Mistral-7B-Instruct-v0.2}
[ ! -d "$model" ] || model=$(cd "$model" && pwd)
cd "$TRAINER"
export PYTHONPATH=$PWD\${PYTHONPATH:+:$PYTHONPATH}
torchrun --standalone --nproc_per_node "$gpus" -m openrlhf.cli.train_sft \\
${flagLines(stage)}
cp openrlhf/models/modeling_clara.py "$save"
`
}

/** The trainer's loader drops what fills no micro batch on each GPU, and an evaluation of nothing is passed over. */
function evaluationLines({ evalDataset }: TrainingStage): string {
  if (!evalDataset) return ''
  return `evaluated=$((${evalDataset.rows} / gpus / micro * unit))
echo "evaluated after each epoch: $evaluated of ${evalDataset.rows} rows of ${evalDataset.name}"
`
}

/** Only the last stage's k is a choice. */
function topKLines({ stage, dataset, topK, generationTopK, longest, docMaxLength }: TrainingStage): string {
  if (stage !== 'stage2') return ''
  return `top_k=\${GENERATION_TOP_K:-${generationTopK}}
[[ $top_k =~ ^[1-9][0-9]{0,5}$ ]] || stop "GENERATION_TOP_K is $top_k: a whole number from 1 to ${topK} was expected"
if [ $top_k -gt ${topK} ]; then
  stop "GENERATION_TOP_K is $top_k, every row of ${dataset.name} has ${topK} documents: train with ${topK} or less, or make the data anew with --target-top-k $top_k"
fi
# What the longest row needs, with the places of the documents that are read; each question is padded to it.
max_len=$((${maxLenExpression(longest, 'top_k', docMaxLength)}))
`
}

function checkpointLines({ from }: TrainingStage, made: boolean): string {
  if (from === undefined) return ''
  const fallback = made
    ? `\${PRETRAIN_CHECKPOINT:-$checkpoints/${from}}`
    : `\${PRETRAIN_CHECKPOINT:?set it to the folder of a checkpoint of ${from}, for which there is no data here}`
  return `previous=${fallback}
[ -f "$previous/adapters.pth" ] || stop "$previous: no checkpoint there (adapters.pth): train ${from} first, or set PRETRAIN_CHECKPOINT"
previous=$(cd "$previous" && pwd)
`
}

function flagLines(stage: TrainingStage): string {
  const { evalDataset, from, topK, flags } = stage
  const lines = [
    '--pretrain "$model"',
    ...(from === undefined ? [] : ['--pretrain_checkpoint "$previous"']),
    '--dataset "$dataset"',
    ...(evalDataset ? [`--eval_dataset "$data/${evalDataset.name}"`] : []),
    `--stage ${stage.stage}`,
    stage.stage === 'stage2' ? '--generation_top_k "$top_k"' : `--generation_top_k ${topK}`,
    `--max_len ${stage.stage === 'stage2' ? '"$max_len"' : stage.maxLen}`,
    '--max_samples "$samples"',
    '--max_epochs "$epochs"',
    '--train_batch_size "$batch"',
    '--micro_train_batch_size "$micro"',
    '--lr_warmup_ratio "$warmup"',
    '--save_path "$save"',
    '--ckpt_path "$save"',
    ...flags,
    // An empty FLASH_ATTN leaves the flag out.
    `\${FLASH_ATTN---flash_attn}`,
    '"$@"',
  ]
  return lines.map((line) => `  ${line}`).join(' \\\n')
}
