"""The models of the comparisons, one weight matrix the same as the other's, from the recipe of
models/all-minilm-l6-v2: for engines that pad their batches (the shipped graph has no mask), in fp32,
and as a cross-encoder of the same size, whose head is random: it is there for its speed.

    python make_models.py DIR
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

RECIPE = Path(__file__).resolve().parents[2] / "models" / "recipe"
sys.path.insert(0, str(RECIPE))

from build import MAX_TOKENS, calibration  # noqa: E402
from compensate import compensate  # noqa: E402
from encoder import checkpoint_dir, export, load_encoder  # noqa: E402
from graph import build  # noqa: E402


def folder(target: Path, source: Path) -> Path:
    """In Hugging Face layout, without weights."""
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    (target / "1_Pooling").mkdir(exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    modules = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    (target / "modules.json").write_text(
        json.dumps(
            [
                {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
                for i, (name, path) in enumerate(zip(modules, paths, strict=True))
            ]
        )
    )
    pooling = {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True}
    (target / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (target / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": MAX_TOKENS}))
    return target


def main() -> None:
    out = Path(sys.argv[1])
    source = checkpoint_dir()
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoder = load_encoder(source)
    export(encoder, folder(out / "minilm-fp32", source) / "onnx" / "model.onnx")
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (source / name).exists():
            shutil.copyfile(source / name, out / "minilm-fp32" / name)

    torch.manual_seed(0)
    cross = BertForSequenceClassification.from_pretrained(source, num_labels=1).eval()
    torch.nn.init.normal_(cross.classifier.weight, std=0.5)
    steps = compensate(encoder, calibration(tokenizer))
    build(encoder, steps, folder(out / "minilm-int8", source) / "onnx" / "model.onnx", masked=True)

    reranker = out / "cross-minilm"
    cross.save_pretrained(reranker)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (source / name).exists():
            shutil.copyfile(source / name, reranker / name)
    (reranker / "onnx").mkdir(exist_ok=True)
    build(encoder, steps, reranker / "onnx" / "model.onnx", head=(cross.bert.pooler.dense, cross.classifier))


if __name__ == "__main__":
    main()
