"""The cross-encoder: BERT over a question and a passage, and a score of the first token.

Pooler (a dense layer and tanh) and classifier are as in transformers' BertForSequenceClassification,
which loads what `save` writes.
"""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

MAX_TOKENS = 384


def start(checkpoint: Path) -> BertForSequenceClassification:
    """The encoder's weights, its pooler's included, and a new classifier."""
    return BertForSequenceClassification.from_pretrained(checkpoint, num_labels=1)


def save(model: BertForSequenceClassification, tokenizer_from: Path, folder: Path) -> None:
    model.config.architectures = ["BertForSequenceClassification"]
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (folder / name).write_bytes((tokenizer_from / name).read_bytes())


def load(folder: Path) -> BertForSequenceClassification:
    config = BertConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    return BertForSequenceClassification.from_pretrained(folder, config=config).eval()


class Pairs:
    """Text pairs -> token ids and segments, the longer text cut first."""

    def __init__(self, checkpoint: Path, max_tokens: int = MAX_TOKENS) -> None:
        self.tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens, strategy="longest_first")

    def encode(self, pairs: list[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        return [(e.ids, e.type_ids) for e in self.tokenizer.encode_batch(pairs)]


def padded(rows: list[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
    width = max(len(ids) for ids, _ in rows)
    batch = {k: torch.zeros(len(rows), width, dtype=torch.long) for k in ("input_ids", "token_type_ids", "attention_mask")}
    for row, (ids, segments) in enumerate(rows):
        batch["input_ids"][row, : len(ids)] = torch.tensor(ids)
        batch["token_type_ids"][row, : len(ids)] = torch.tensor(segments)
        batch["attention_mask"][row, : len(ids)] = 1
    return batch
