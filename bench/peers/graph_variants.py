"""What each choice in the embedded model's graph is worth: the same encoder built in several ways,
weights rounded to the nearest (speed does not depend on how they were rounded), one thread, in turns.

    python graph_variants.py [WORKDIR] > results.txt
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before it is imported: ONNX Runtime reports to its vendor

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "recipe"))
from compensate import linears  # noqa: E402
from encoder import checkpoint_dir, load_encoder  # noqa: E402

CONTRIB = "com.microsoft"
GRIDS = {"signed": (1 / 127, 128), "gelu": (1 / 212, 43)}
SHIPPED = {"attention": "fused", "mask": False, "gelu": "tanh", "divide": False}
VARIANTS = {
    "as shipped": SHIPPED,
    "GELU by erf": {**SHIPPED, "gelu": "erf"},
    "rows divided, not multiplied by the reciprocal": {**SHIPPED, "divide": True},
    "attention of plain operators": {**SHIPPED, "attention": "plain"},
    "attention fused, with a mask": {**SHIPPED, "mask": True},
    "attention of plain operators, with a mask": {**SHIPPED, "attention": "plain", "mask": True},
    "SkipLayerNormalization": {**SHIPPED, "skip": True},
    "query, key and value in one product": {**SHIPPED, "joined": True},
    "one scale for all rows, fixed beforehand": {**SHIPPED, "linear": "static"},
    "MatMulNBits, 8 bits, blocks of 128": {**SHIPPED, "linear": "nbits8"},
    "MatMulNBits, 4 bits, blocks of 32": {**SHIPPED, "linear": "nbits4"},
    "fp32": {**SHIPPED, "linear": "fp32"},
}
SHAPES = [(1, 131), (4, 131), (32, 16)]
ROUNDS, RUNS = 7, 3


class Graph:
    def __init__(self) -> None:
        self.nodes, self.weights, self.rows = [], {}, {}

    def constant(self, name: str, value) -> str:
        array = value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)
        self.weights[name] = numpy_helper.from_array(np.array(array, order="C"), name)
        return name

    def run(self, operator: str, inputs: list[str], domain: str = "", outputs: int = 1, **attributes):
        names = [f"{operator}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names


def by_row(graph: Graph, x: str, grid: str, divide: bool) -> tuple[str, str]:
    if x not in graph.rows:
        peaks = [graph.run("ReduceMax", [x], axes=[-1], keepdims=1), graph.constant("tiny", np.float32(1e-6))]
        if grid == "signed":
            peaks.append(graph.run("Neg", [graph.run("ReduceMin", [x], axes=[-1], keepdims=1)]))
        r = graph.run("Max", peaks)
        unit = graph.run("Div", [x, r]) if divide else graph.run("Mul", [x, graph.run("Reciprocal", [r])])
        graph.rows[x] = (graph.run("QuantizeLinear", [unit, *grid_of(graph, grid)]), r)
    return graph.rows[x]


def grid_of(graph: Graph, name: str) -> list[str]:
    scale, zero = GRIDS[name]
    return [graph.constant(f"{name}_scale", np.float32(scale)), graph.constant(f"{name}_zero", np.uint8(zero))]


def linear(graph: Graph, x: str, name: str, weight, grid: str, kind: str, divide: bool) -> str:
    """x @ weight.T, without bias."""
    w = weight.detach().numpy().T
    if kind == "fp32":
        return graph.run("MatMul", [x, graph.constant(name, w)])
    if kind.startswith("nbits"):
        return blocks(graph, x, name, w, int(kind[-1]))
    step = (np.abs(w).max(0) / 63).astype(np.float32)
    codes, steps = graph.constant(name, np.rint(w / step).astype(np.int8)), graph.constant(f"{name}_steps", step)
    if kind == "static":
        if x not in graph.rows:
            graph.rows[x] = graph.run("QuantizeLinear", [x, *grid_of(graph, grid)])
        scale, zero = grid_of(graph, grid)
        return graph.run("MatMulIntegerToFloat", [graph.rows[x], codes, scale, steps, zero], CONTRIB)
    u8, r = by_row(graph, x, grid, divide)
    scale, zero = grid_of(graph, grid)
    return graph.run("Mul", [graph.run("MatMulIntegerToFloat", [u8, codes, scale, steps, zero], CONTRIB), r])


def blocks(graph: Graph, x: str, name: str, w: np.ndarray, bits: int) -> str:
    inputs, outputs = w.shape
    size = {8: 128, 4: 32}[bits]
    cut = w.T.reshape(outputs, inputs // size, size)
    scale = np.maximum(np.abs(cut).max(2, keepdims=True), 1e-9) / (2 ** (bits - 1) - 1)
    codes = (np.rint(cut / scale) + 2 ** (bits - 1)).clip(0, 2**bits - 1).astype(np.uint8)
    if bits == 4:
        codes = codes[:, :, 0::2] | (codes[:, :, 1::2] << 4)
    weights = [graph.constant(name, codes), graph.constant(f"{name}_scales", scale[:, :, 0].astype(np.float32))]
    sizes = {"K": inputs, "N": outputs, "bits": bits, "block_size": size, "accuracy_level": 4}
    return graph.run("MatMulNBits", [x, *weights], CONTRIB, **sizes)


def attend(graph: Graph, name: str, parts: list[str], own, options: dict, mask: str) -> str:
    heads = own.num_attention_heads
    biases = [own.query.bias, own.key.bias, own.value.bias]
    if options["attention"] == "fused":
        joined = graph.constant(f"{name}_bias", np.concatenate([b.detach().numpy() for b in biases]))
        return graph.run("MultiHeadAttention", [*parts, joined, *([mask] if mask else [])], CONTRIB, num_heads=heads)
    size = own.query.out_features // heads
    shape = graph.constant("split", np.array([0, 0, heads, size]))
    q, k, v = (
        graph.run(
            "Transpose",
            [graph.run("Reshape", [graph.run("Add", [part, graph.constant(f"{name}_{i}", bias)]), shape])],
            perm=[0, 2, 3, 1] if i == 1 else [0, 2, 1, 3],
        )
        for i, (part, bias) in enumerate(zip(parts, biases, strict=True))
    )
    root = graph.constant("root", np.float32(size**-0.5))
    scores = graph.run("Mul", [graph.run("MatMul", [q, k]), root])
    if mask:
        scores = graph.run("Add", [scores, mask])
    mixed = graph.run("MatMul", [graph.run("Softmax", [scores], axis=-1), v])
    flat = graph.constant("flat", np.array([0, 0, heads * size]))
    return graph.run("Reshape", [graph.run("Transpose", [mixed], perm=[0, 2, 1, 3]), flat])


def norm(graph: Graph, name: str, y: str, bias, residual: str, module, skip: bool) -> str:
    scale = [graph.constant(f"{name}_weight", module.weight), graph.constant(f"{name}_shift", module.bias)]
    added = graph.constant(f"{name}_bias", bias)
    if skip:
        return graph.run("SkipLayerNormalization", [y, residual, *scale, added], CONTRIB, epsilon=module.eps)
    summed = graph.run("Add", [graph.run("Add", [y, added]), residual])
    return graph.run("LayerNormalization", [summed, *scale], axis=-1, epsilon=module.eps)


def build(encoder, path: Path, options: dict) -> None:
    graph = Graph()
    kind, divide, skip = options.get("linear", "rows"), options["divide"], options.get("skip", False)

    def product(x: str, name: str, weight, grid: str = "signed") -> str:
        return linear(graph, x, name, weight, grid, kind, divide)

    inputs, mask = ["input_ids"], ""
    if options["mask"]:
        inputs.append("attention_mask")
        if options["attention"] == "fused":
            mask = graph.run("Cast", ["attention_mask"], to=TensorProto.INT32)
        else:
            wide = graph.run("Unsqueeze", ["attention_mask", graph.constant("axes", np.array([1, 2]))])
            off = graph.run("Sub", [graph.run("Cast", [wide], to=TensorProto.FLOAT), graph.constant("one", np.float32(1))])
            mask = graph.run("Mul", [off, graph.constant("far", np.float32(10000))])
    table = encoder.bert.embeddings
    x = graph.run("Gather", [graph.constant("tokens", table.word_embeddings.weight), "input_ids"])
    start = graph.constant("start", np.array([0]))
    width = graph.run("Shape", ["input_ids"], start=1, end=2)
    places = graph.constant("places", table.position_embeddings.weight + table.token_type_embeddings.weight[0])
    x = graph.run("Add", [x, graph.run("Slice", [places, start, width, start])])
    for index, layer in enumerate(encoder.bert.encoder.layer):
        maps, own = linears(layer), layer.attention.self
        if options.get("joined"):
            weight = np.concatenate([maps[part].weight.detach().numpy() for part in ("query", "key", "value")])
            sizes = graph.constant("sizes", np.array([384] * 3))
            import torch

            joined = product(x, f"{index}_joined", torch.tensor(weight))
            parts = graph.run("Split", [joined, sizes], outputs=3, axis=-1)
        else:
            parts = [product(x, f"{index}_{part}", maps[part].weight) for part in ("query", "key", "value")]
        context = attend(graph, f"{index}_attention", parts, own, options, mask)
        y = product(context, f"{index}_out", maps["attention_output"].weight)
        x = norm(graph, f"{index}_between", y, maps["attention_output"].bias, x, layer.attention.output.LayerNorm, skip)
        wide = product(x, f"{index}_wide", maps["intermediate"].weight)
        gelu = {"tanh": "FastGelu", "erf": "BiasGelu"}[options["gelu"]]
        active = graph.run(gelu, [wide, graph.constant(f"{index}_wide_bias", maps["intermediate"].bias)], CONTRIB)
        y = product(active, f"{index}_narrow", maps["output"].weight, "gelu")
        x = norm(graph, f"{index}_end", y, maps["output"].bias, x, layer.output.LayerNorm, skip)
    graph.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    proto = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", 384])],
        list(graph.weights.values()),
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)])
    model.ir_version = 8
    onnx.save(model, path)


def open_session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    work = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="variants-"))
    work.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(checkpoint_dir())
    sessions = {}
    for i, (name, options) in enumerate(VARIANTS.items()):
        build(encoder, work / f"{i}.onnx", options)
        sessions[name] = open_session(work / f"{i}.onnx")
    print(f"onnxruntime {ort.__version__}, one thread, best of {ROUNDS} rounds in turns, tokens a second (relative)")
    for rows, tokens in SHAPES:
        ids = np.random.default_rng(0).integers(1000, 20000, (rows, tokens))
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        best = dict.fromkeys(sessions, float("inf"))
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                own = {each.name: feeds[each.name] for each in session.get_inputs()}
                start = time.perf_counter()
                for _ in range(RUNS):
                    session.run(None, own)
                best[name] = min(best[name], (time.perf_counter() - start) / RUNS)
        print(f"\n{rows} x {tokens} tokens")
        for name, seconds in best.items():
            print(f"{name:50} {rows * tokens / seconds:8.0f}  {best['as shipped'] / seconds:.3f}")


if __name__ == "__main__":
    main()
