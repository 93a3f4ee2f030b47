"""Trains the cross-encoder of models/minilm-l6-reranker.

    .venv/bin/python reranker_train.py --work DIR [--device cuda] [--epochs 2]

Starts from the embedder's encoder. Each question comes with the passage that answers it, the same passage without the
sentence that answers, near misses of our own search and a passage drawn at random. Without the second, topics alone
would tell: the first trial ended at a loss of nearly 0 and ranked passages of one article no better than the embedder.
All passages of a group come in one form, whole or cut to a few sentences, with the opening of the corpus, a title or
neither: in the second trial stretches without the opening were positives only, and any passage without it scored as
one. The loss is listwise (cross-entropy over the group's scores, Cao et al. 2007,
ListNet's top one) and, with a small weight, pointwise, so that the scores mean something by themselves: above 0
answers, below 0 does not. bf16 products, fp32 weights. A checkpoint is kept every 50 steps: run again, it goes on.
Half an hour an epoch on two cores with bf16 units, a minute on a GPU. Without dropout, whose random numbers take a
third of the time on a CPU.
"""

import argparse
import json
import random
import re
import time
from pathlib import Path

import torch
from cross_encoder import Pairs, padded, save, start
from encoder import checkpoint_dir

TRAIN_TOKENS = 256
GROUPS_A_STEP = 16
GROUPS_A_PASS = 4
LEARNING_RATE = 8e-5
WARMUP = 0.08
POINTWISE = 0.2
NEAREST = 10
SHARE_OF_STRETCHES = 0.6
LEAST_WORDS = 6
Part = tuple[re.Match | None, str]
# Of each passage of clara-pretrain; and what takes its place, as often as the other.
OPENING = re.compile(r"^This a document about (.*?)\. ?\n ?")
OPENINGS = [r"This a document about \1. \n ", r"\1 ", r"\1 ", ""]
SAVE_EVERY = 50


def words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 2 or word.isdigit()}


def sentences_of(passage: str) -> list[str]:
    return [each for each in re.split(r"(?<=[.!?;])\s+", passage) if each]


def answering(question: str, answer: str, sentences: list[str]) -> int | None:
    """The sentence that answers; None where it cannot be told, or another answers as well."""
    wanted, asked = words(answer), words(question)
    if not wanted or len(sentences) < 2:
        return None
    held = [len(words(each) & wanted) / len(wanted) for each in sentences]
    best = max(range(len(sentences)), key=lambda i: (held[i], len(words(sentences[i]) & asked)))
    rest = " ".join(sentences[:best] + sentences[best + 1 :])
    return best if held[best] >= 0.6 and len(words(rest) & wanted) / len(wanted) <= 0.5 else None


def stretch(sentences: list[str], length: int, rng: random.Random) -> str:
    start = rng.randint(0, max(0, len(sentences) - length))
    return " ".join(sentences[start : start + length])


def in_stretches(own: Part, best: int, sentences: list[str], others: list[Part], rng: random.Random) -> list[Part]:
    """A stretch with the sentence that answers; those before and after it; as long ones of the others."""
    start, end = rng.randint(max(0, best - 3), best), rng.randint(best + 1, min(len(sentences), best + 4))
    sides = [side for side in (sentences[:best], sentences[best + 1 :]) if len(words(" ".join(side))) >= LEAST_WORDS]
    without = [(own[0], stretch(side, end - start, rng)) for side in sides]
    far = [(title, stretch(sentences_of(text), end - start, rng)) for title, text in others]
    return [(own[0], " ".join(sentences[start:end])), *(without + far)[:3]]


def draw(group: list, passages: dict[str, str], others: list[str], rng: random.Random) -> list[str]:
    """The positive and three others, all in one form."""
    question, answer, positive, misses = group
    chosen = rng.sample(misses[:NEAREST], min(2, len(misses)))
    far = [i for i in [*misses[NEAREST:], *rng.sample(others, 3)] if i not in (positive, *chosen)]
    chosen += rng.sample(far, 3 - len(chosen))
    own, *parts = [(OPENING.match(passages[i]), OPENING.sub("", passages[i])) for i in [positive, *chosen]]
    sentences = sentences_of(own[1])
    best = answering(question, answer, sentences)
    if best is None:
        drawn = [own, *parts]
    elif rng.random() < SHARE_OF_STRETCHES:
        drawn = in_stretches(own, best, sentences, parts, rng)
    else:
        drawn = [own, (own[0], " ".join(sentences[:best] + sentences[best + 1 :])), *parts[:2]]
    opening = rng.choice(OPENINGS)
    return [(title.expand(opening) if title else "") + text for title, text in drawn]


def plan(data: dict, epochs: int, seed: int) -> list[list[list[tuple[str, str]]]]:
    """Steps of groups of pairs; the first of a group is the positive."""
    rng = random.Random(seed)
    passages, groups = data["passages"], data["groups"]
    others = sorted(passages)
    steps = []
    for _ in range(epochs):
        drawn = []
        for group in rng.sample(groups, len(groups)):
            drawn.append([(group[0], text) for text in draw(group, passages, others, rng)])
        steps += [drawn[at : at + GROUPS_A_STEP] for at in range(0, len(drawn), GROUPS_A_STEP)]
    return steps


def loss_of(scores: torch.Tensor) -> torch.Tensor:
    """scores [groups, passages], the positive first."""
    first = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
    listwise = torch.nn.functional.cross_entropy(scores, first)
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    weight = torch.where(labels > 0, scores.shape[1] - 1, 1).float()
    pointwise = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels, weight)
    return listwise + POINTWISE * pointwise


def passes(step: list[list[tuple[str, str]]], pairs: Pairs) -> list[list]:
    """Groups of about the same length together, so that little is spent on padding; each pass is [groups x passages] rows."""
    size = len(step[0])
    rows = pairs.encode([pair for group in step for pair in group])
    groups = [rows[at : at + size] for at in range(0, len(rows), size)]
    groups.sort(key=lambda group: max(len(ids) for ids, _ in group))
    return [
        [row for group in groups[at : at + GROUPS_A_PASS] for row in group]
        for at in range(0, len(groups), GROUPS_A_PASS)
    ]


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--work", type=Path, required=True)
    args.add_argument("--device", default="cpu")
    args.add_argument("--epochs", type=int, default=2)
    args.add_argument("--seed", type=int, default=1)
    options = args.parse_args()
    torch.manual_seed(options.seed)
    source = checkpoint_dir()
    steps = plan(json.loads((options.work / "groups.json").read_text()), options.epochs, options.seed)
    pairs = Pairs(source, TRAIN_TOKENS)
    model = start(source).to(options.device)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=0.01)

    def rate(step: int) -> float:
        warm = WARMUP * len(steps)
        return min((step + 1) / warm, (len(steps) - step) / (len(steps) - warm))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    kept = options.work / f"checkpoint-{options.epochs}-{options.seed}.pt"
    done = 0
    if kept.exists():
        state = torch.load(kept, map_location=options.device, weights_only=False)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["rng"])
        done = state["step"]
    began, running = time.time(), None
    for step in range(done, len(steps)):
        group = steps[step]
        optimizer.zero_grad()
        loss, right = 0.0, 0
        for rows in passes(group, pairs):
            batch = {k: v.to(options.device) for k, v in padded(rows).items()}
            with torch.autocast(options.device, torch.bfloat16):
                scores = model(**batch).logits[:, 0].float().view(-1, len(group[0]))
            part = loss_of(scores) * len(scores) / len(group)
            part.backward()
            loss += part.item()
            right += (scores.argmax(1) == 0).sum().item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running = loss if running is None else 0.98 * running + 0.02 * loss
        if (step + 1) % 10 == 0:
            pace = (step + 1 - done) * GROUPS_A_STEP * len(group[0]) / (time.time() - began)
            print(f"{step + 1}/{len(steps)} loss {running:.4f} first {right / len(group):.2f} {pace:.1f} pairs/s", flush=True)
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == len(steps):
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "rng": torch.get_rng_state(),
                "step": step + 1,
            }
            torch.save(state, kept.with_suffix(".tmp"))
            kept.with_suffix(".tmp").replace(kept)
    save(model.eval().cpu(), source, options.work / "reranker")


if __name__ == "__main__":
    main()
