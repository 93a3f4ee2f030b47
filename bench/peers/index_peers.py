"""The index of others, on the same vectors and queries. Prints one JSON object.

    python index_peers.py ENGINE build|search TRIAL

ENGINE: faiss-flat | faiss-hnsw-bf16 | faiss-hnsw-f32 | hnswlib. TRIAL is JSON as of
src/benchmarks/index-trial.ts: rows, dims, vectors, queries, truth, depth, graph, threads, expansions.
HNSW with M 16 (32 links on level 0) and efConstruction 128, as ours; inner product of unit vectors.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

M = 16
EF_CONSTRUCTION = 128
DEPTHS = (10, 100)
# As in src/benchmarks/index-trial.ts.
CURVE_SECONDS, SINGLE_SECONDS, LONG_SECONDS = 0.5, 3.0, 3.0
BATCH = 8192


def memory() -> dict | None:
    file = Path("/proc/self/smaps_rollup")
    if not file.exists():
        return None
    lines = dict(line.split(":", 1) for line in file.read_text().splitlines()[1:])
    mib = {name: round(int(lines[name].split()[0]) / 1024, 1) for name in ("Rss", "Anonymous")}
    return {"resident_mib": mib["Rss"], "anonymous_mib": mib["Anonymous"]}


def vectors(trial: dict) -> np.ndarray:
    return np.memmap(trial["vectors"], np.float32, "r", shape=(trial["rows"], trial["dims"]))


class FaissFlat:
    def __init__(self, trial: dict) -> None:
        import faiss

        faiss.omp_set_num_threads(trial["threads"])
        self.trial, self.faiss = trial, faiss

    def load(self) -> None:
        self.index = self.faiss.IndexFlatIP(self.trial["dims"])
        self.index.add(np.fromfile(self.trial["vectors"], np.float32).reshape(-1, self.trial["dims"]))

    def search(self, queries: np.ndarray, k: int, _expansion: int | None) -> np.ndarray:
        return self.index.search(queries, k)[1]


class FaissHnsw(FaissFlat):
    def __init__(self, trial: dict, make: Callable) -> None:
        super().__init__(trial)
        self.make = make

    def build(self) -> None:
        index = self.make(self.faiss, self.trial["dims"])
        index.hnsw.efConstruction = EF_CONSTRUCTION
        rows = vectors(self.trial)
        index.train(np.ascontiguousarray(rows[:BATCH]))
        # At once: FAISS levels all rows of a call before it links them, and links them in parallel.
        index.add(np.ascontiguousarray(rows))
        self.index = index

    def save(self) -> None:
        self.faiss.write_index(self.index, self.trial["graph"])

    def load(self) -> None:
        self.index = self.faiss.read_index(self.trial["graph"])

    def search(self, queries: np.ndarray, k: int, expansion: int | None) -> np.ndarray:
        self.index.hnsw.efSearch = expansion
        return self.index.search(queries, k)[1]


class Hnswlib:
    def __init__(self, trial: dict) -> None:
        import hnswlib

        self.trial = trial
        self.index = hnswlib.Index(space="ip", dim=trial["dims"])

    def build(self) -> None:
        self.index.init_index(self.trial["rows"], ef_construction=EF_CONSTRUCTION, M=M)
        self.index.set_num_threads(self.trial["threads"])
        self.index.add_items(vectors(self.trial))

    def save(self) -> None:
        self.index.save_index(self.trial["graph"])

    def load(self) -> None:
        self.index.load_index(self.trial["graph"])
        self.index.set_num_threads(self.trial["threads"])

    def search(self, queries: np.ndarray, k: int, expansion: int | None) -> np.ndarray:
        self.index.set_ef(expansion)
        return self.index.knn_query(queries, k)[0].astype(np.int64)


def bf16(faiss, dims: int):
    return faiss.IndexHNSWSQ(dims, faiss.ScalarQuantizer.QT_bf16, M, faiss.METRIC_INNER_PRODUCT)


def f32(faiss, dims: int):
    return faiss.IndexHNSWFlat(dims, M, faiss.METRIC_INNER_PRODUCT)


ENGINES = {
    "faiss-flat": FaissFlat,
    "faiss-hnsw-bf16": lambda trial: FaissHnsw(trial, bf16),
    "faiss-hnsw-f32": lambda trial: FaissHnsw(trial, f32),
    "hnswlib": Hnswlib,
}


def build(engine, trial: dict) -> dict:
    start = time.perf_counter()
    engine.build()
    engine.save()
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 3),
        "vectors_per_second": round(trial["rows"] / seconds, 1),
        "graph_bytes": Path(trial["graph"]).stat().st_size,
        "memory": memory(),
    }


def search(engine, trial: dict) -> dict:
    queries = np.fromfile(trial["queries"], np.float32).reshape(-1, trial["dims"])
    truth = np.fromfile(trial["truth"], np.int32).reshape(len(queries), trial["depth"])
    before = memory()
    start = time.perf_counter()
    engine.load()
    opened = time.perf_counter()
    engine.search(queries[:1], min(10, trial["depth"]), 64)
    answered = time.perf_counter()
    points = []
    least = CURVE_SECONDS if trial.get("expansions") else SINGLE_SECONDS
    for k in [depth for depth in DEPTHS if depth <= trial["depth"]]:
        for expansion in trial.get("expansions") or [None]:
            if expansion is not None and expansion < k:
                continue
            found, rate = timed(lambda: engine.search(queries, k, expansion), len(queries), least)
            hits = sum(len(set(row) & set(true[:k])) for row, true in zip(found.tolist(), truth.tolist()))
            point = {"k": k, "recall": round(hits / (len(queries) * k), 6)}
            if expansion is not None:
                point["expansion"] = expansion
            points.append(point | {"queries_per_second": rate})
    after = memory()
    return {
        "open_ms": round((opened - start) * 1000, 1),
        "first_answer_ms": round((answered - start) * 1000, 1),
        "points": points,
        "memory": {"before": before, "after": after} if before else None,
    }


def timed(run: Callable[[], np.ndarray], count: int, least: float) -> tuple[np.ndarray, float]:
    """Queries a second, of whole passes; the first counts where it is a long one, and warms up where it is not."""
    start = time.perf_counter()
    found = run()
    passes, seconds = 1, time.perf_counter() - start
    if seconds < LONG_SECONDS:
        start, passes, seconds = time.perf_counter(), 0, 0.0
        while seconds < least:
            run()
            passes, seconds = passes + 1, time.perf_counter() - start
    return found, round(passes * count / seconds, 1)


def main() -> None:
    name, task, text = sys.argv[1:]
    trial = json.loads(text)
    engine = ENGINES[name](trial)
    print(json.dumps(build(engine, trial) if task == "build" else search(engine, trial)))


if __name__ == "__main__":
    main()
