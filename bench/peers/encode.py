"""What a user would pick instead, on the same weights and inputs. Prints one JSON object.

    python encode.py ENGINE MODEL CORPUS.jsonl [QUERIES.jsonl] [--answers N]

ENGINE: st-torch | st-onnx | fastembed | cross-torch. Default settings of each, but for the limit of
256 tokens. Model loading and one warm-up batch are not timed. With --answers the first N vectors or
scores are printed instead, to be compared before anything is timed.
"""

import argparse
import importlib.metadata
import json
import time
from collections.abc import Callable

import numpy as np

MAX_TOKENS = 256


def st(model: str, **options) -> Callable:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu", **options)
    encoder.max_seq_length = MAX_TOKENS
    return lambda texts: encoder.encode(texts, normalize_embeddings=True)


def fastembed(model: str) -> Callable:
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        model="local/model",
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf="local/model"),
        dim=384,
        model_file="onnx/model.onnx",
    )
    encoder = TextEmbedding("local/model", specific_model_path=model)
    encoder.model.tokenizer.enable_truncation(MAX_TOKENS)
    return lambda texts: np.stack(list(encoder.embed(texts)))


def cross(model: str) -> Callable:
    import torch
    from sentence_transformers import CrossEncoder

    encoder = CrossEncoder(model, device="cpu", max_length=MAX_TOKENS)
    return lambda pairs: encoder.predict(pairs, activation_fn=torch.nn.Identity())


ENGINES = {
    "st-torch": lambda model: st(model),
    "st-onnx": lambda model: st(model, backend="onnx", model_kwargs={"file_name": "onnx/model.onnx"}),
    "fastembed": fastembed,
    "cross-torch": cross,
}


def read(path: str) -> list[str]:
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [f"{row.get('title', '')} {row['text']}".strip() for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("model")
    parser.add_argument("corpus")
    parser.add_argument("queries", nargs="?")
    parser.add_argument("--answers", type=int, default=0)
    args = parser.parse_args()
    inputs = read(args.corpus)
    if args.queries:
        questions = read(args.queries)
        inputs = [(questions[i % len(questions)], passage) for i, passage in enumerate(inputs)]
    run = ENGINES[args.engine](args.model)
    if args.answers:
        print(json.dumps(np.asarray(run(inputs[: args.answers]), dtype=float).tolist()))
        return
    run(inputs[:32])
    start = time.perf_counter()
    run(inputs)
    seconds = time.perf_counter() - start
    packages = ["torch", "transformers", "sentence-transformers", "optimum", "onnxruntime", "fastembed", "tokenizers"]
    print(
        json.dumps(
            {
                "engine": args.engine,
                "per_second": round(len(inputs) / seconds, 2),
                "seconds": round(seconds, 3),
                "inputs": len(inputs),
                "versions": {name: version(name) for name in packages if version(name)},
            }
        )
    )


def version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
