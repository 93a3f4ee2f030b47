"""Dynamic int8 that does not depend on the batch.

ONNX Runtime's quantize_dynamic takes one scale for a whole activation tensor, so a
text's vector depends on the texts beside it (cosine 0.989 at worst between alone and
in a batch, measured), and one massive activation coarsens every other token. Here each
token row has its own scale:

    r = max |x| of the row        y = r * (quantise(x / r) @ W_int8) * w_scale

x / r lies in [-1, 1], so the quantiser's own scale is a constant. Weights are symmetric
per output channel, in 7 of their 8 bits: two u8 x s8 products then always fit the 16-bit
lanes of vpmaddubsw, and CPUs without VNNI give the same integers as those with it.
The token embedding table is int8 with a scale a row.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHT_MAX = 63
# u8 = round(x / r / scale) + zero point. After GELU x >= -0.17, so most of the range
# goes to the positive side; a row that hardly activates is clipped at the bottom.
SIGNED = ("signed", 1 / 127, 128)
GELU = ("gelu", 1 / 212, 43)
SMALLEST_ROW = 1e-6


def quantise(source: Path, target: Path, steps: list[np.ndarray]) -> None:
    """steps: of each linear map's weight grid, in graph order, one a column."""
    remaining = iter(steps)
    model = onnx.load(source)
    graph = model.graph
    for name, scale, zero in (SIGNED, GELU):
        graph.initializer.append(numpy_helper.from_array(np.float32(scale), f"{name}_scale"))
        graph.initializer.append(numpy_helper.from_array(np.uint8(zero), f"{name}_zero"))
    graph.initializer.append(numpy_helper.from_array(np.float32(SMALLEST_ROW), "smallest_row"))
    weights = {i.name: i for i in graph.initializer}
    rows: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            nodes += matmul(graph, weights[node.input[1]], node, rows, next(remaining))
        elif node.op_type == "Gather" and is_token_table(weights.get(node.input[0])):
            nodes += token_rows(graph, weights[node.input[0]], node)
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    model.producer_name = "clara-topk models/recipe"
    onnx.checker.check_model(model, full_check=False)
    onnx.save(model, target)


def is_token_table(tensor: onnx.TensorProto | None) -> bool:
    return tensor is not None and len(tensor.dims) == 2 and tensor.dims[0] > 10_000


def replace(graph: onnx.GraphProto, old: onnx.TensorProto, **new: np.ndarray) -> None:
    graph.initializer.remove(old)
    graph.initializer.extend(numpy_helper.from_array(v, f"{old.name}_{k}") for k, v in new.items())


def token_rows(graph: onnx.GraphProto, table: onnx.TensorProto, node: onnx.NodeProto) -> list:
    values = numpy_helper.to_array(table)
    scale = np.maximum(np.abs(values).max(1, keepdims=True), 1e-12).astype(np.float32) / 127
    codes = np.rint(values / scale).astype(np.int8)
    replace(graph, table, codes=codes, scale=scale)
    out, name = node.output[0], table.name
    return [
        helper.make_node("Gather", [f"{name}_codes", node.input[1]], [f"{out}_codes"]),
        helper.make_node("Cast", [f"{out}_codes"], [f"{out}_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{name}_scale", node.input[1]], [f"{out}_scale"]),
        helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out]),
    ]


def quantise_rows(x: str, r: str, kind: str) -> list:
    peak = [helper.make_node("ReduceMax", [x], [f"{r}_max"], axes=[-1], keepdims=1)]
    peaks = [f"{r}_max", "smallest_row"]
    if kind == "signed":
        peak.append(helper.make_node("ReduceMin", [x], [f"{r}_min"], axes=[-1], keepdims=1))
        peak.append(helper.make_node("Neg", [f"{r}_min"], [f"{r}_neg"]))
        peaks.append(f"{r}_neg")
    return [
        *peak,
        helper.make_node("Max", peaks, [r]),
        helper.make_node("Div", [x, r], [f"{r}_unit"]),
        helper.make_node("QuantizeLinear", [f"{r}_unit", f"{kind}_scale", f"{kind}_zero"], [f"{r}_u8"]),
    ]


def matmul(
    graph: onnx.GraphProto, weight: onnx.TensorProto, node: onnx.NodeProto, rows: dict, step: np.ndarray
) -> list:
    x, y, name = node.input[0], node.output[0], weight.name
    w = numpy_helper.to_array(weight)
    codes = np.rint(w / step)
    if np.abs(codes * step - w).max() > 1e-5 * np.abs(w).max():
        raise ValueError(f"{node.name}: weights are not on their grid")
    replace(graph, weight, codes=codes.astype(np.int8), scale=step)
    kind = "gelu" if w.shape[0] > w.shape[1] else "signed"
    nodes = []
    if x not in rows:
        rows[x] = f"row{len(rows)}"
        nodes += quantise_rows(x, rows[x], kind)
    r = rows[x]
    product = helper.make_node(
        "MatMulIntegerToFloat",
        [f"{r}_u8", f"{name}_codes", f"{kind}_scale", f"{name}_scale", f"{kind}_zero"],
        [f"{y}_unit"],
        domain="com.microsoft",
    )
    return [*nodes, product, helper.make_node("Mul", [f"{y}_unit", r], [y])]
