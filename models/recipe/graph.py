"""The int8 graph: a text's token ids in, its token vectors out.

ONNX Runtime's quantize_dynamic takes one scale for a whole activation tensor, so a
text's vector depends on the texts beside it (cosine 0.989 at worst between alone and
in a batch, measured), and one massive activation coarsens every other token. Here each
token row has its own scale:

    r = max |x| of the row        y = r * (quantise(x / r) @ W_int8) * w_scale

x / r lies in [-1, 1], so the quantiser's own scale is a constant. Weights are symmetric
per output channel, in 7 of their 8 bits: two u8 x s8 products then always fit the 16-bit
lanes of vpmaddubsw, and CPUs without VNNI give the same integers as those with it.
The token embedding table is int8 with a scale a row, or 4-bit blocks as the weights came.

There is no attention mask: the texts of a batch have one length, which costs the engine
little (a run of one text is nearly as fast as one of four). GELU is the tanh
approximation, fused with its bias: docs/performance.md.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from compensate import linears

# u8 = round(x / r / scale) + zero point. After GELU x >= -0.17, so most of the range
# goes to the positive side; a row that hardly activates is clipped at the bottom.
GRIDS = {"signed": (1 / 127, 128), "gelu": (1 / 212, 43)}
SMALLEST_ROW = 1e-6
CONTRIB = "com.microsoft"


# opset and IR version; 4-bit tensors need the newer ones.
PLAIN = (17, 8)
FOUR_BIT = (21, 10)


@dataclass
class TokenBlocks:
    """A token table of `tokens` rows: codes int8 [tokens, dims] from -8 to 7, scales float16 [tokens, dims / size]."""

    codes: np.ndarray
    scales: np.ndarray
    size: int


class Graph:
    """Nodes in the order in which they run; a weight is added where it is used."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}
        self.smallest = self.constant("smallest_row", np.float32(SMALLEST_ROW))

    def constant(self, name: str, value: np.ndarray | torch.Tensor) -> str:
        array = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        self.weights[name] = numpy_helper.from_array(np.array(array, order="C"), name)
        return name

    def run(self, operator: str, inputs: list[str], domain: str = "", **attributes) -> str:
        output = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def reduce(self, operator: str, x: str) -> str:
        """Over the last axis, which is an attribute up to opset 17 and an input from 18 on."""
        if self.opset < 18:
            return self.run(operator, [x], axes=[-1], keepdims=1)
        return self.run(operator, [x, self.constant("last_axis", np.array([-1], np.int64))], keepdims=1)

    def rows(self, x: str, grid: str) -> tuple[str, str]:
        """x [B, T, D] -> its codes u8 [B, T, D], and the scale of each row [B, T, 1]."""
        peaks = [self.reduce("ReduceMax", x), self.smallest]
        if grid == "signed":
            peaks.append(self.run("Neg", [self.reduce("ReduceMin", x)]))
        r = self.run("Max", peaks)
        unit = self.run("Mul", [x, self.run("Reciprocal", [r])])
        return self.run("QuantizeLinear", [unit, *self.grid(grid)]), r

    def grid(self, name: str) -> tuple[str, str]:
        scale, zero = GRIDS[name]
        return (
            self.constant(f"{name}_scale", np.float32(scale)),
            self.constant(f"{name}_zero", np.uint8(zero)),
        )

    def linear(self, name: str, rows: tuple[str, str], grid: str, weight: torch.Tensor, step: np.ndarray) -> str:
        """Without its bias. weight [out, in] lies on the grid of `step` [out]."""
        codes, r = rows
        w = weight.detach().numpy().T
        integers = np.rint(w / step)
        if np.abs(integers * step - w).max() > 1e-5 * np.abs(w).max():
            raise ValueError(f"{name}: weights are not on their grid")
        scale, zero = self.grid(grid)
        inputs = [
            codes,
            self.constant(f"{name}_codes", integers.astype(np.int8)),
            scale,
            self.constant(f"{name}_steps", step),
            zero,
        ]
        return self.run("Mul", [self.run("MatMulIntegerToFloat", inputs, CONTRIB), r])

    def norm(self, name: str, x: str, module: torch.nn.LayerNorm) -> str:
        inputs = [x, self.constant(f"{name}_weight", module.weight), self.constant(f"{name}_bias", module.bias)]
        return self.run("LayerNormalization", inputs, axis=-1, epsilon=module.eps)

    def token_rows(self, table: np.ndarray) -> list[str]:
        """What is multiplied for the rows of the table."""
        scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-12).astype(np.float32) / 127
        codes = self.constant("token_codes", np.rint(table / scale).astype(np.int8))
        rows = self.run("Cast", [self.run("Gather", [codes, "input_ids"])], to=TensorProto.FLOAT)
        return [rows, self.run("Gather", [self.constant("token_scales", scale), "input_ids"])]

    def block_rows(self, blocks: TokenBlocks) -> str:
        """Exactly the source's values: half-precision scales would round the products, so that they are
        cast first, which ONNX Runtime does once, when it loads the graph."""
        nibbles = (blocks.codes & 15).astype(np.uint8)
        packed = onnx.TensorProto(name="token_codes", data_type=TensorProto.INT4, dims=blocks.codes.shape)
        packed.raw_data = (nibbles[:, 0::2] | nibbles[:, 1::2] << 4).tobytes()
        self.weights["token_codes"] = packed
        scales = self.run("Cast", [self.constant("token_scales", blocks.scales)], to=TensorProto.FLOAT)
        axes = {"block_size": blocks.size, "gather_axis": 0, "quantize_axis": 1}
        return self.run("GatherBlockQuantized", ["token_codes", "input_ids", scales], CONTRIB, **axes)

    def embed(self, embeddings: torch.nn.Module, segments: bool, blocks: TokenBlocks | None) -> str:
        table = embeddings.word_embeddings.weight.detach().numpy()
        rows = [self.block_rows(blocks)] if blocks else self.token_rows(table)
        kinds = embeddings.token_type_embeddings.weight
        own = embeddings.position_embeddings.weight
        positions = self.constant("positions", own if segments else own + kinds[0])
        start = self.constant("start", np.array([0], np.int64))
        width = self.run("Shape", ["input_ids"], start=1, end=2)
        place = self.run("Slice", [positions, start, width, start])
        summed = self.run("Add", [rows[0] if blocks else self.run("Mul", rows), place])
        if segments:
            segment = self.run("Gather", [self.constant("segments", kinds), "token_type_ids"])
            summed = self.run("Add", [summed, segment])
        return self.norm("embedding_norm", summed, embeddings.LayerNorm)

    def layer(self, name: str, x: str, layer: torch.nn.Module, scales: tuple, steps: dict, mask: list[str]) -> str:
        maps = linears(layer)

        def linear(part: str, rows: tuple[str, str], grid: str = "signed") -> str:
            return self.linear(f"{name}_{part}", rows, grid, maps[part].weight, steps[part])

        def residual(part: str, y: str, before: str, scale: torch.Tensor) -> str:
            biased = self.run("Add", [y, self.constant(f"{name}_{part}_bias", maps[part].bias)])
            if not torch.all(scale == 1):
                before = self.run("Mul", [before, self.constant(f"{name}_{part}_kept", scale)])
            return self.run("Add", [biased, before])

        rows = self.rows(x, "signed")
        own = ["query", "key", "value"]
        bias = self.constant(f"{name}_attention_bias", torch.cat([maps[part].bias for part in own]))
        heads = layer.attention.self.num_attention_heads
        inputs = [*(linear(part, rows) for part in own), bias, *mask]
        context = self.run("MultiHeadAttention", inputs, CONTRIB, num_heads=heads)
        y = linear("attention_output", self.rows(context, "signed"))
        between = self.norm(
            f"{name}_between", residual("attention_output", y, x, scales[0]), layer.attention.output.LayerNorm
        )
        wide = linear("intermediate", self.rows(between, "signed"))
        bias = self.constant(f"{name}_intermediate_bias", maps["intermediate"].bias)
        y = linear("output", self.rows(self.run("FastGelu", [wide, bias], CONTRIB), "gelu"), "gelu")
        return self.norm(f"{name}_end", residual("output", y, between, scales[1]), layer.output.LayerNorm)


    def classify(self, x: str, pooler: torch.nn.Linear, classifier: torch.nn.Linear) -> str:
        """Token vectors -> logits [B, labels], from the first token, in fp32."""
        first = self.run("Gather", [x, self.constant("first", np.array(0, np.int64))], axis=1)
        for name, module in (("pooler", pooler), ("classifier", classifier)):
            inputs = [first, self.constant(f"{name}_weight", module.weight), self.constant(f"{name}_bias", module.bias)]
            first = self.run("Gemm", inputs, transB=1)
            if name == "pooler":
                first = self.run("Tanh", [first])
        return first


def build(
    encoder: torch.nn.Module,
    steps: list[torch.Tensor],
    target: Path,
    masked: bool = False,
    head: tuple[torch.nn.Linear, torch.nn.Linear] | None = None,
    blocks: TokenBlocks | None = None,
) -> None:
    """steps: of each linear map's weight grid, in the order of `linears`, layer by layer.
    masked: with an attention mask, for engines that pad. head: pooler and classifier of a
    cross-encoder; its graph reads segments and gives logits. blocks: the token table in 4 bits,
    in place of the encoder's own."""
    opset, ir_version = FOUR_BIT if blocks else PLAIN
    graph = Graph(opset)
    remaining = iter(steps)
    inputs = ["input_ids"]
    mask = []
    if masked:
        inputs.append("attention_mask")
        mask = [graph.run("Cast", ["attention_mask"], to=TensorProto.INT32)]
    if head:
        inputs.append("token_type_ids")
    x = graph.embed(encoder.bert.embeddings, segments=head is not None, blocks=blocks)
    for index, layer in enumerate(encoder.bert.encoder.layer):
        own = {part: next(remaining).numpy() for part in linears(layer)}
        x = graph.layer(f"layer{index}", x, layer, encoder.residual_scale[index], own, mask)
    output, shape = "last_hidden_state", ["batch", "tokens", encoder.bert.config.hidden_size]
    if head:
        x, output, shape = graph.classify(x, *head), "logits", ["batch", head[1].out_features]
    graph.nodes.append(helper.make_node("Identity", [x], [output]))
    proto = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        list(graph.weights.values()),
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(CONTRIB, 1)]
    model = helper.make_model(proto, opset_imports=opsets, producer_name="clara-topk models/recipe")
    model.ir_version = ir_version
    onnx.checker.check_model(model, full_check=False)
    onnx.save(model, target)
