"""A training script -> the flags that it gives the trainer.

The script runs as it stands, with a stand-in for `torchrun` first on PATH that only writes down its arguments. They are
parsed as openrlhf.cli.train_sft does it: the flags, defaults and choices of apple/ml-clara, and those that its fork adds.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

TRAINERS = ("apple", "fork")


class Refused(Exception):
    """The script ended by itself, or the trainer does not take its flags."""


def calls_of(script, gpus):
    """The arguments of each call of torchrun, in order.

    The trainer is a folder with the one file that the scripts copy. A folder with an empty checkpoint stands for the stage before.
    """
    with tempfile.TemporaryDirectory(prefix="trainer-check-") as work:
        model = Path(work, "trainer/openrlhf/models/modeling_clara.py")
        stand_in = Path(work, "bin/torchrun")
        for file in (model, stand_in):
            file.parent.mkdir(parents=True)
        for folder in ("calls", "before"):
            Path(work, folder).mkdir()
        model.write_text("")
        Path(work, "before/adapters.pth").touch()
        stand_in.write_text(
            "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done > \"$CALLS/$(ls \"$CALLS\" | wc -l | tr -d ' ')\"\n"
        )
        stand_in.chmod(0o755)
        environment = {
            **os.environ,
            "TRAINER": str(Path(work, "trainer")),
            "CHECKPOINTS": str(Path(work, "checkpoints")),
            "PRETRAIN_CHECKPOINT": str(Path(work, "before")),
            "GPUS": str(gpus),
            "CALLS": str(Path(work, "calls")),
            "PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}",
        }
        ran = subprocess.run(["bash", str(script)], env=environment, capture_output=True, text=True)
        if ran.returncode != 0:
            raise Refused(f"exit code {ran.returncode}: {(ran.stderr or ran.stdout).strip()}")
        calls = sorted(Path(work, "calls").iterdir(), key=lambda file: int(file.name))
        return [file.read_text().split("\0")[:-1] for file in calls]


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Refused(f"the trainer does not take its flags: {message}")


def parse_call(words, trainer):
    """Arguments of torchrun -> the trainer's settings; `processes` is torchrun's own."""
    launcher = Parser(allow_abbrev=False)
    launcher.add_argument("--standalone", action="store_true")
    launcher.add_argument("--nproc_per_node", type=int, default=1)
    launcher.add_argument("-m", dest="module")
    at = words.index("-m") + 2 if "-m" in words else len(words)
    started = launcher.parse_args(words[:at])
    if started.module != "openrlhf.cli.train_sft":
        raise Refused(f"torchrun is to run {started.module}, not openrlhf.cli.train_sft")
    settings = trainer_parser(trainer).parse_args(words[at:])
    settings.processes = started.nproc_per_node
    return settings


TEXTS = {
    "pretrain": None,
    "pretrain_checkpoint": None,
    "dataset": None,
    "dataset_probs": None,
    "eval_dataset": None,
    "dataset_split": "train",
    "eval_split": "train",
    "save_path": "./ckpt",
    "ckpt_path": "./ckpt/checkpoints_sft",
    "lr_scheduler": "cosine_with_min_lr",
    "use_wandb": None,
    "wandb_org": None,
    "wandb_group": None,
    "wandb_project": "CLaRa",
    "wandb_run_name": "clara",
    "use_tensorboard": None,
}
WHOLE = {
    "generation_top_k": 1,
    "doc_max_length": 256,
    "compress_rate": 32,
    "stage2_retrieval_top_n": 1,
    "save_steps": -1,
    "max_ckpt_num": 3,
    "max_ckpt_mem": 10**8,
    "max_epochs": 2,
    "micro_train_batch_size": 8,
    "train_batch_size": 128,
    "local_rank": -1,
    "zero_stage": 2,
    "ds_tensor_parallel_size": 1,
    "max_samples": 1_000_000,
    "max_len": 2048,
    "logging_steps": 1,
    "eval_steps": -1,
    "seed": 42,
}
NUMBERS = {"learning_rate": 5e-6, "lr_warmup_ratio": 0.03, "l2": 0.0, "max_norm": 1.0}
SWITCHES = (
    "pure_inference qa_loss stage2_mips mse_loss do_eval_gen save_hf_ckpt disable_ds_ckpt load_checkpoint pretrain_mode "
    "bf16 gradient_checkpointing flash_attn disable_fast_tokenizer use_ms"
).split()


def trainer_parser(trainer):
    parser = Parser()
    for kind, flags in ((str, TEXTS), (int, WHOLE), (float, NUMBERS)):
        for name, default in flags.items():
            parser.add_argument(f"--{name}", type=kind, default=default, required=name in ("pretrain", "dataset"))
    for name in SWITCHES:
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--stage", default="stage1", choices=["stage1", "stage1_2", "stage2", "stage2_reasoning"])
    parser.add_argument("--adam_betas", type=float, nargs=2, default=(0.9, 0.95))
    if trainer == "fork":
        parser.add_argument("--lora_rank", type=int, default=64)
        parser.add_argument("--quantization", default="no", choices=["no", "int4", "int8"])
    return parser
