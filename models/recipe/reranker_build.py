"""Makes models/minilm-l6-reranker of the trained weights.

    .venv/bin/python reranker_build.py --work DIR

DIR is that of reranker_train.py. Writes model.onnx, tokenizer files, golden.json and card.json, and stops without
writing the card when a check fails: the logits of the int8 graph beside those of transformers; the same alone and
in a batch; at most 25 MB.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before it is imported: ONNX Runtime reports to its vendor

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import torch  # noqa: E402
from build import file_entry, require  # noqa: E402
from compensate import compensate  # noqa: E402
from cross_encoder import MAX_TOKENS, Pairs, load  # noqa: E402
from encoder import SentenceEncoder, checkpoint_dir  # noqa: E402
from graph import build  # noqa: E402

HERE = Path(__file__).parent
TARGET = HERE.parent / "minilm-l6-reranker"
# Logits go from about -10 to 10.
LEAST_CORRELATION = 0.99
LARGEST_MEAN_DIFFERENCE = 0.5


def example_pairs() -> list[tuple[str, str]]:
    """Each calibration question with its passage, with another, and odd ones."""
    texts = json.loads((HERE / "calibration/example.json").read_text())
    passages = [passage["text"] for passage in texts["passages"]]
    names = [passage["name"] for passage in texts["passages"]]
    questions = texts["questions"]
    pairs = []
    for i, question in enumerate(questions):
        at = names.index(question["passage"]) if question["passage"] in names else i % len(passages)
        pairs += [(question["text"], passages[at]), (question["text"], passages[(at + 7 * i + 1) % len(passages)])]
    long = " ".join(passages[:8])
    return [*pairs, ("", ""), ("What?", "!"), (questions[0]["text"], long), (long, long), ("[SEP] [PAD]?", "[CLS] [MASK]")]


def logits(session: ort.InferenceSession, rows: list[tuple[list[int], list[int]]]) -> float:
    feeds = {name: np.array([row[i] for row in rows], np.int64) for i, name in enumerate(("input_ids", "token_type_ids"))}
    return session.run(None, feeds)[0][:, 0]


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--work", type=Path, required=True)
    options = args.parse_args()
    trained = options.work / "reranker"
    TARGET.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(trained / name, TARGET / name)

    pairs = example_pairs()
    rows = Pairs(checkpoint_dir()).encode(pairs)
    tensors = [(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long), torch.tensor([s])) for ids, s in rows]
    reference = load(trained)
    with torch.no_grad():
        golden = np.array(
            [
                reference(input_ids=ids, attention_mask=mask, token_type_ids=segments).logits[0, 0].item()
                for ids, mask, segments in tensors
            ],
            np.float32,
        )
    model = load(trained)
    encoder = SentenceEncoder(model.bert).eval()
    steps = compensate(encoder, tensors)
    int8 = TARGET / "model.onnx"
    build(encoder, steps, int8, head=(model.bert.pooler.dense, model.classifier))

    session = ort.InferenceSession(str(int8), providers=["CPUExecutionProvider"])
    alone = np.concatenate([logits(session, [row]) for row in rows])
    beside = [(ids[:1] + ids[1:-1][::-1] + ids[-1:], segments) for ids, segments in rows]
    batched = np.array([logits(session, [row, other])[0] for row, other in zip(rows, beside, strict=True)])
    measured = {
        "correlation of int8 and fp32 logits": round(float(np.corrcoef(alone, golden)[0, 1]), 6),
        "mean difference of int8 and fp32 logits": round(float(np.abs(alone - golden).mean()), 6),
        "largest difference of int8 and fp32 logits": round(float(np.abs(alone - golden).max()), 6),
        "largest difference of int8 logits alone and in a batch": round(float(np.abs(alone - batched).max()), 6),
    }
    print(json.dumps(measured, indent=2))
    correlation, mean, _, apart = measured.values()
    require(correlation >= LEAST_CORRELATION, f"correlation of logits >= {LEAST_CORRELATION}")
    require(mean <= LARGEST_MEAN_DIFFERENCE, f"mean difference of logits <= {LARGEST_MEAN_DIFFERENCE}")
    require(apart <= 1e-4, "logits are independent of the batch")
    require(int8.stat().st_size <= 25_000_000, "model.onnx at most 25 MB")
    body = ",\n".join(
        json.dumps({"question": q, "passage": p, "logit": round(float(v), 5)}, ensure_ascii=False)
        for (q, p), v in zip(pairs, golden, strict=True)
    )
    (TARGET / "golden.json").write_text(f"[\n{body}\n]\n")
    write_card(measured)


def write_card(measured: dict) -> None:
    card = {
        "name": "minilm-l6-reranker",
        "kind": "reranker",
        "labels": 1,
        "maxTokens": MAX_TOKENS,
        "languages": ["en"],
        "precision": "int8",
        "licence": "Apache-2.0",
        "source": "sentence-transformers/all-MiniLM-L6-v2, trained by models/recipe/reranker_train.py",
        "model": "model.onnx",
        "tokenizer": "tokenizer.json",
        "tokenizerConfig": "tokenizer_config.json",
        "golden": "golden.json",
        "measured": measured,
        "files": [
            file_entry(TARGET / f)
            for f in ("model.onnx", "tokenizer.json", "tokenizer_config.json", "golden.json")
        ],
    }
    (TARGET / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
