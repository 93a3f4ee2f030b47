"""sentence-transformers' mine_hard_negatives on the same passages, questions and weights. One task, JSON in argv:

    {folder, embedder, cross_encoder, sample, cache, margins, range_max, negatives, use_faiss, trials, output}

`folder` holds corpus.jsonl and qa.jsonl. Embeddings are computed before anything is timed, and read from `cache`
(the function's own cache_folder); loading models and importing are not timed either. With `sample` so many
questions, evenly spaced. One result a margin, the negatives of the first k in `output`-<margin>.json.
With `remember` the cross-encoder's scores are kept from one margin to the next: for rates, not for times.
"""

import importlib.metadata
import json
import sys
import time
from pathlib import Path

MAX_TOKENS = 256


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def passage(row: dict) -> str:
    title = row.get("title") or ""
    return f"{title} {row['text']}" if title else row["text"]


class Remembering:
    """A cross-encoder that scores each pair once."""

    def __init__(self, model) -> None:
        self.model = model
        self.known: dict = {}

    def predict(self, pairs, **options):
        import torch

        pairs = [tuple(pair) for pair in pairs]
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self.known]
        if missing:
            scores = self.model.predict(missing, **options)
            self.known.update(zip(missing, scores.tolist(), strict=True))
        return torch.tensor([self.known[pair] for pair in pairs])


class Counting:
    """A cross-encoder that counts the pairs it is asked for."""

    def __init__(self, model) -> None:
        self.model = model
        self.pairs = 0

    def predict(self, pairs, **options):
        self.pairs += len(pairs)
        return self.model.predict(pairs, **options)


def evenly(rows: list[dict], count: int | None) -> list[dict]:
    if not count or count >= len(rows):
        return rows
    return [rows[i * len(rows) // count] for i in range(count)]


def main() -> None:
    task = json.loads(sys.argv[1])
    from datasets import Dataset, disable_progress_bars
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    disable_progress_bars()
    folder = Path(task["folder"])
    passages = {row["_id"]: passage(row) for row in read(folder / "corpus.jsonl")}
    ids: dict = {}
    for each, text in passages.items():
        ids.setdefault(text, each)
    rows = evenly(read(folder / "qa.jsonl"), task.get("sample"))
    data = Dataset.from_dict(
        {"question": [row["question"] for row in rows], "positive": [passages[row["doc_id"]] for row in rows]}
    )
    model = SentenceTransformer(task["embedder"], device="cpu")
    model.max_seq_length = MAX_TOKENS
    cross = None
    if task.get("cross_encoder"):
        cross = CrossEncoder(task["cross_encoder"], device="cpu", max_length=MAX_TOKENS)
        cross.predict([("warm", "up")] * 32, show_progress_bar=False)
    cross = cross and (Remembering(cross) if task.get("remember") else Counting(cross))
    options = {
        "dataset": data,
        "model": model,
        "corpus": list(passages.values()),
        "range_max": task.get("range_max"),
        "num_negatives": task["negatives"],
        "sampling_strategy": "top",
        "use_faiss": task.get("use_faiss", True),
        "cache_folder": task["cache"],
        "verbose": False,
    }
    # Fills cache_folder.
    mine_hard_negatives(**options, relative_margin=0.05)
    results = [one(options, cross, margin, task, ids, mine_hard_negatives) for margin in task["margins"]]
    packages = ["sentence-transformers", "torch", "transformers", "tokenizers", "datasets", "faiss-cpu", "numpy"]
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"results": results, "versions": versions}))


def one(options: dict, cross, margin: float, task: dict, ids: dict, mine) -> dict:
    if isinstance(cross, Counting):
        cross.pairs = 0
    start = time.perf_counter()
    mined = mine(**options, cross_encoder=cross, relative_margin=margin, output_format="labeled-list")
    seconds = time.perf_counter() - start
    questions = len(options["dataset"])
    negatives = [
        {"question": question, "negatives": [ids[text] for text in texts[1:]]}
        for question, texts in zip(mined["question"], mined["positive"], strict=True)
    ]
    if task.get("output"):
        Path(f"{task['output']}-{margin}.json").write_text(json.dumps(negatives))
    full = sum(len(each["negatives"]) == task["negatives"] for each in negatives)
    return {
        "margin": margin,
        "seconds": round(seconds, 4),
        "questions": questions,
        "questions_per_second": round(questions / seconds, 3),
        "samples": len(negatives),
        "fewer_than_k": questions - full,
        "pairs": getattr(cross, "pairs", None),
    }


if __name__ == "__main__":
    main()
