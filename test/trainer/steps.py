"""Rows and batch sizes -> the optimizer steps, their rates, and the rows that are in them.

The arithmetic of openrlhf's train_sft.py, sft_trainer.py, distributed_sampler.py and of DeepSpeed's gradient accumulation:

- Each epoch shuffles anew, by torch's generator seeded with seed + epoch. Rows that do not fill a micro batch on every GPU
  are dropped from that epoch.
- The optimizer steps once per train_batch_size / micro batch / GPUs micro batches. The count goes on over epochs: what one
  leaves over is in the first step of the next; what the last one leaves over is never applied.
- The rate of step 1 is the scheduler's at 0: with any warm-up that is 0.
- train_batch_size over the rows: apple/ml-clara divides by zero. The fork counts one step an epoch, which sets rates,
  evaluation and checkpoints, and steps when the batch is full, in whatever epoch that is.
"""

import math
import random
from dataclasses import dataclass


SCHEDULERS = ("constant", "constant_with_warmup", "cosine_with_min_lr", "cosine_warmup_with_min_lr")


class Crash(Exception):
    """The trainer would end with an error."""


@dataclass
class Run:
    """What one stage's training does."""

    rates: list  # of each optimizer step
    applied: set  # rows in any optimizer step
    micro_batches: list  # of rows, for each GPU, that are in an optimizer step
    evaluations: list  # optimizer steps after which the evaluation data is looked at
    evaluated: int  # rows of it, the same ones each time
    checkpoints: int


def simulate(rows, settings, trainer, eval_rows=0):
    """`rows`, `eval_rows`: numbers of rows. Raises Crash where the trainer would."""
    batch, micro, gpus = settings.train_batch_size, settings.micro_train_batch_size, settings.processes
    accumulated = batch // micro // gpus
    if accumulated < 1 or accumulated * micro * gpus != batch:
        raise Crash(f"--train_batch_size {batch} is no multiple of {micro} rows a GPU times {gpus}: DeepSpeed refuses it")
    per_epoch = rows // batch
    if trainer == "fork":
        per_epoch = max(1, per_epoch)
    if per_epoch == 0:
        raise Crash(f"{rows} rows are fewer than --train_batch_size {batch}: division by zero")
    batches = []
    for epoch in range(settings.max_epochs):
        order = shuffled(rows, settings.seed + epoch)
        for start in range(0, rows // gpus // micro * micro * gpus, micro * gpus):
            together = order[start : start + micro * gpus]
            batches.append([together[gpu::gpus] for gpu in range(gpus)])
    steps = len(batches) // accumulated
    done = batches[: steps * accumulated]
    every = per_epoch if settings.eval_steps == -1 else settings.eval_steps
    if every == 0:
        raise Crash("--eval_steps 0: division by zero")
    save = per_epoch if settings.save_steps == -2 else settings.save_steps
    evaluated = eval_rows // gpus // micro * micro * gpus
    return Run(
        rates=rates(steps, per_epoch, settings),
        applied={row for shares in done for share in shares for row in share},
        micro_batches=[share for shares in done for share in shares],
        evaluations=[step for step in range(1, steps + 1) if evaluated and step % every == 0],
        evaluated=evaluated,
        checkpoints=0 if save < 1 else steps // save,
    )


def rates(steps, per_epoch, settings):
    """As transformers' get_scheduler is called: with a min_lr of a tenth, which most other schedules do not take."""
    total = math.ceil(settings.max_epochs * per_epoch)
    warm_up = math.ceil(total * settings.lr_warmup_ratio)
    name = settings.lr_scheduler
    # This one begins above 0, and is one step ahead of the other.
    ahead = 1 if name == "cosine_warmup_with_min_lr" else 0

    def share(step):
        if name == "constant":
            return 1.0
        if step < warm_up:
            return (step + ahead) / max(1, warm_up)
        if name == "constant_with_warmup":
            return 1.0
        progress = (step - warm_up + ahead) / max(1, total - warm_up)
        return 0.5 * (1 + math.cos(math.pi * progress)) * 0.9 + 0.1

    if name not in SCHEDULERS:
        raise Crash(f"--lr_scheduler {name}: the trainer hands it a min_lr; one of {', '.join(SCHEDULERS)} was expected")
    return [settings.learning_rate * share(step) for step in range(steps)]


def shuffled(count, seed):
    """torch.randperm(count) by a generator of this seed: a Mersenne twister as its authors seed it, not as Python does."""
    state = [seed & 0xFFFFFFFF]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) & 0xFFFFFFFF)
    twister = random.Random()
    twister.setstate((3, (*state, 624), None))
    order = list(range(count))
    for i in range(count - 1):
        other = i + twister.getrandbits(32) % (count - i)
        order[i], order[other] = order[other], order[i]
    return order
