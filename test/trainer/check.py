"""What would training on an unpacked archive do?

    python3 test/trainer/check.py FOLDER… [--trainer apple fork] [--gpus 1 2 4] [--tokenizer FILE]

Each training script in it is run up to the call of the trainer, and that call is simulated with the archive's rows. Printed
are the steps of each stage and what would go wrong in it: an error that ends it, fewer than 20 optimizer steps, rows that are in
no step, rates of 0, texts that are cut off, a loss that is no number, evaluation data that is never looked at.
Exit code 1 where anything would, 2 where this cannot be said.

A model of what the training code does, written after reading and running it; docs/training.md says how it was compared.
Python 3.9 and the package `sentencepiece`.
"""

import argparse
import sys
from pathlib import Path

import rows
import steps
from flags import TRAINERS, Refused, calls_of, parse_call
from lengths import Lengths

SCRIPTS = ("train_stage1.sh", "train_stage1_paraphrase.sh", "train_stage2.sh", "train_stage3.sh")
TOKENIZER = Path(__file__).parents[2] / "models/mistral-7b-tokenizer/tokenizer.model"
LEAST_STEPS = 20
SHOWN = 5


def check_stage(settings, trainer, tokenizer):
    """-> (what it does, findings). Raises Crash where nothing more can be said."""
    loaded, there = rows.load(settings.dataset, settings.max_samples)
    evaluated = rows.load(settings.eval_dataset, len(loaded))[0] if settings.eval_dataset else []
    run = steps.simulate(len(loaded), settings, trainer, len(evaluated))
    findings, lost = check_texts(dict([*loaded, *evaluated]), settings, trainer, Lengths(tokenizer, settings))
    findings.extend(check_run(run, [where for where, _ in loaded], there, lost, settings))
    return describe(run, loaded, settings), findings


def check_texts(read, settings, trainer, lengths):
    """-> (findings, where the rows are of whose answer no token is left)."""
    findings, lost, counts, kinds = [], set(), set(), set()
    for where, row in read.items():
        fields = rows.fields_of(where, row, trainer)
        wrong = list(rows.check_row(where, fields, settings))
        if not wrong:
            docs, question, answer, data_type = fields
            counts.add(len(docs))
            kind = lengths.kind(data_type)
            if kind not in kinds:
                lengths.check_memory(kind)
                kinds.add(kind)
            wrong.extend(lengths.check_documents(where, docs, answer if isinstance(answer, list) else [answer]))
            cut, nothing_left = lengths.check_prompt(where, question, answer, kind)
            wrong.extend(cut)
            if nothing_left:
                lost.add(where)
        findings.extend(wrong)
    if len(counts) > 1:
        findings.append(f"rows of {', '.join(map(str, sorted(counts)))} documents: a batch of them has no shape")
    return findings, lost


def check_run(run, loaded, there, lost, settings):
    if len(run.rates) < LEAST_STEPS:
        yield f"{len(run.rates)} optimizer steps, {LEAST_STEPS} are the least that train something"
    if not any(run.rates):
        yield "every step runs at a rate of 0: no weight changes"
    applied = {loaded[row] for row in run.applied}
    never = [where for where in there if where not in applied]
    if never:
        yield f"{len(never)} of {len(there)} rows are in no optimizer step, the first {never[0]}"
    if lost and any(all(loaded[row] in lost for row in share) for share in run.micro_batches):
        yield "the loss is nan: in a micro batch there is no token to learn"
    if run.evaluations and settings.stage == "stage2":
        yield f"evaluation after step {run.evaluations[0]}: KeyError 'recall_1'"
    if settings.stage == "stage1" and settings.do_eval_gen and len(run.evaluations) >= 5:
        yield "the fifth evaluation of stage 1 generates, and compares with lists of answers: TypeError"
    if run.evaluated and not run.evaluations:
        yield "the evaluation data is never looked at"


def describe(run, loaded, settings):
    used = [rate for rate in run.rates if rate]
    spread = f"{min(used):.2g} to {max(used):.2g}" if used else "0"
    evaluations = f", {len(run.evaluations)} evaluations on {run.evaluated} rows" if run.evaluations else ""
    return (
        f"--stage {settings.stage}, {len(loaded)} rows, {settings.processes} GPU{'' if settings.processes == 1 else 's'}:"
        f" {len(run.rates)} steps of {settings.train_batch_size} rows in {settings.max_epochs} epochs, rates {spread},"
        f" {len(run.applied)} rows applied, {run.checkpoints} checkpoints on the way{evaluations}"
    )


def check_archive(archive, trainer, gpus, tokenizer):
    """Prints a line for each run of the trainer and for each finding -> the number of findings."""
    scripts = [archive / name for name in SCRIPTS if (archive / name).is_file()]
    if not scripts:
        print(f"{archive}: WRONG: no training script in it")
    wrong = 0 if scripts else 1
    for script in scripts:
        about = f"{script} ({trainer})"
        try:
            calls = calls_of(script, gpus)
            if not calls:
                raise Refused("the trainer is never called")
            for call in calls:
                said, findings = check_stage(parse_call(call, trainer), trainer, tokenizer)
                print(f"{about}: {said}")
                for finding in findings[:SHOWN]:
                    print(f"{about}: WRONG: {finding}")
                if len(findings) > SHOWN:
                    print(f"{about}: and {len(findings) - SHOWN} more")
                wrong += len(findings)
        except (Refused, steps.Crash) as error:
            print(f"{about}: WRONG: {error}")
            wrong += 1
    return wrong


def main():
    parser = argparse.ArgumentParser(description="What would training on unpacked archives of clara-pack do?")
    parser.add_argument("archive", type=Path, nargs="+")
    parser.add_argument("--trainer", choices=TRAINERS, nargs="+", default=["apple"])
    parser.add_argument("--gpus", type=int, nargs="+", default=[1])
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="SentencePiece model of the base model")
    asked = parser.parse_args()
    wrong = sum(
        check_archive(archive, trainer, gpus, asked.tokenizer)
        for archive in asked.archive
        for trainer in asked.trainer
        for gpus in asked.gpus
    )
    print(f"{wrong} findings" if wrong else "it trains")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
