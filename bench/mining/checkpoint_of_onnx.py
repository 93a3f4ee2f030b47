"""An int8 graph of models/recipe/graph.py -> a Hugging Face checkpoint in fp32, to have the same weights in Python.

    python checkpoint_of_onnx.py MODEL_DIR OUT [--check N]

MODEL_DIR holds model.onnx (or onnx/model.onnx) with tokenizer.json. Weights are what the int8 codes stand for, and
the smoothing that models/recipe/compensate.py folded into them is undone: LayerNorm gets its scale back, and the
maps behind it lose it. A graph with a head becomes BertForSequenceClassification, one without BertModel.
The graph's activations are int8, too, so that its logits are near the checkpoint's, not the same: --check prints
how near, on N pairs (or texts) of the recipe's golden texts, and exits with 1 where they are far apart.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast

LEAST_CORRELATION = 0.98
TEXTS = Path(__file__).resolve().parents[2] / "models" / "recipe" / "golden_texts.json"
LEAST_CHARACTERS = 40


class Weights:
    """Initialisers of the graph, as float32."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def get(self, name: str) -> np.ndarray:
        return self.arrays[name].astype(np.float32)

    def linear(self, name: str) -> np.ndarray:
        """[out, in]; the codes are [in, out], with a step for each output."""
        return (self.get(f"{name}_codes") * self.get(f"{name}_steps")).T

    def attribute(self, operator: str, name: str):
        node = next(each for each in self.graph.node if each.op_type == operator)
        return next(onnx.helper.get_attribute_value(each) for each in node.attribute if each.name == name)

    def layers(self) -> int:
        return sum(name.endswith("_query_codes") for name in self.arrays)


def norm(weights: Weights, name: str, smoothed_by: np.ndarray | None) -> dict[str, np.ndarray]:
    scale = 1 if smoothed_by is None else smoothed_by
    return {"weight": weights.get(f"{name}_weight") * scale, "bias": weights.get(f"{name}_bias") * scale}


def state_of(weights: Weights) -> dict[str, np.ndarray]:
    """Names as BertModel has them."""
    count = weights.layers()
    # What each layer's two inputs were divided by; its norm is the one before it.
    kept = [
        (weights.get(f"layer{i}_attention_output_kept"), weights.get(f"layer{i}_output_kept")) for i in range(count)
    ]
    width = weights.get("token_codes").shape[1]
    kinds = weights.get("segments") if "segments" in weights else np.zeros((2, width), np.float32)
    state = {
        "embeddings.word_embeddings.weight": weights.get("token_codes") * weights.get("token_scales"),
        "embeddings.position_embeddings.weight": weights.get("positions"),
        "embeddings.token_type_embeddings.weight": kinds,
    }
    put(state, "embeddings.LayerNorm", norm(weights, "embedding_norm", kept[0][0]))
    for i, (before, between) in enumerate(kept):
        own, to = f"layer{i}", f"encoder.layer.{i}"
        biases = np.split(weights.get(f"{own}_attention_bias"), 3)
        for part, bias in zip(("query", "key", "value"), biases, strict=True):
            weight = weights.linear(f"{own}_{part}") / before
            put(state, f"{to}.attention.self.{part}", {"weight": weight, "bias": bias})
        # Values and what reads them were scaled against each other: that computes the same.
        put(state, f"{to}.attention.output.dense", linear(weights, f"{own}_attention_output"))
        put(state, f"{to}.attention.output.LayerNorm", norm(weights, f"{own}_between", between))
        wide = linear(weights, f"{own}_intermediate")
        put(state, f"{to}.intermediate.dense", {**wide, "weight": wide["weight"] / between})
        put(state, f"{to}.output.dense", linear(weights, f"{own}_output"))
        after = kept[i + 1][0] if i + 1 < count else None
        put(state, f"{to}.output.LayerNorm", norm(weights, f"{own}_end", after))
    if "pooler_weight" in weights:
        put(state, "pooler.dense", {part: weights.get(f"pooler_{part}") for part in ("weight", "bias")})
    return state


def linear(weights: Weights, name: str) -> dict[str, np.ndarray]:
    return {"weight": weights.linear(name), "bias": weights.get(f"{name}_bias")}


def put(state: dict[str, np.ndarray], module: str, parts: dict[str, np.ndarray]) -> None:
    state.update({f"{module}.{part}": value for part, value in parts.items()})


def config_of(weights: Weights) -> BertConfig:
    tokens, width = weights.get("token_codes").shape
    labels = weights.get("classifier_weight").shape[0] if "classifier_weight" in weights else 2
    return BertConfig(
        vocab_size=tokens,
        hidden_size=width,
        num_hidden_layers=weights.layers(),
        num_attention_heads=weights.attribute("MultiHeadAttention", "num_heads"),
        intermediate_size=weights.get("layer0_intermediate_steps").size,
        max_position_embeddings=len(weights.get("positions")),
        type_vocab_size=len(weights.get("segments")) if "segments" in weights else 2,
        layer_norm_eps=weights.attribute("LayerNormalization", "epsilon"),
        hidden_act="gelu_pytorch_tanh",  # FastGelu
        num_labels=labels,
    )


def checkpoint_of(graph: Path) -> BertModel | BertForSequenceClassification:
    weights = Weights(onnx.load(graph).graph)
    state = state_of(weights)
    config = config_of(weights)
    if "classifier_weight" not in weights:
        model = BertModel(config, add_pooling_layer=False)
    else:
        model = BertForSequenceClassification(config)
        state = {f"bert.{name}": value for name, value in state.items()}
        put(state, "classifier", {part: weights.get(f"classifier_{part}") for part in ("weight", "bias")})
    tensors = {name: torch.from_numpy(np.array(value, order="C")) for name, value in state.items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("position_ids")]
    if missing or unexpected:
        raise SystemExit(f"{graph}: not of models/recipe/graph.py: missing {missing}, unexpected {unexpected}")
    return model.eval()


def tokenizer_of(folder: Path) -> BertTokenizerFast:
    return BertTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))


def check(model: torch.nn.Module, graph: Path, tokenizer: BertTokenizerFast, count: int) -> float:
    """Correlation of logits, or of token vectors, of the checkpoint and the graph."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or it reports to its vendor
    import onnxruntime

    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    inputs = {each.name for each in session.get_inputs()}
    golden = [text for text in json.loads(TEXTS.read_text()) if len(text) >= LEAST_CHARACTERS]
    pairs = "token_type_ids" in inputs
    ours, theirs = [], []
    for i in range(count):
        texts = [golden[(i * step) % len(golden)] for step in ((1, 7) if pairs else (1,))]
        encoded = tokenizer(*texts, return_tensors="np", truncation=True, max_length=256)
        feeds = {name: encoded[name].astype(np.int64) for name in inputs}
        ours.append(session.run(None, feeds)[0].ravel())
        with torch.no_grad():
            output = model(**{name: torch.from_numpy(encoded[name].astype(np.int64)) for name in encoded})
        theirs.append((output.logits if pairs else output.last_hidden_state).numpy().ravel())
    a, b = np.concatenate(ours), np.concatenate(theirs)
    print(f"{'logits' if pairs else 'token vectors'} of {count}: correlation {np.corrcoef(a, b)[0, 1]:.5f}, "
          f"largest difference {np.abs(a - b).max():.4f}, spread {b.std():.4f}")
    return float(np.corrcoef(a, b)[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--check", type=int, default=64)
    args = parser.parse_args()
    graph = next(path for path in (args.model / "model.onnx", args.model / "onnx" / "model.onnx") if path.exists())
    model = checkpoint_of(graph)
    args.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(args.out)
    tokenizer = tokenizer_of(args.model)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (args.model / name).exists():
            shutil.copyfile(args.model / name, args.out / name)
    (args.out / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256}))
    if args.check and check(model, graph, tokenizer, args.check) < LEAST_CORRELATION:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
