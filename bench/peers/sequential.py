"""The flow of the Python top-k scripts: each chunk embedded by a call to an HTTP endpoint, one after the other with a
tenth of a second between, then each question's negatives by cosines of the positive chunk with every other chunk, pair by pair in
Python. Prints one JSON object.

    python sequential.py CORPUS.jsonl URL --chunks N --questions M
"""

import argparse
import json
import time
import urllib.request

import numpy as np

SLEEP_SECONDS = 0.1
NEGATIVES = 4
MAX_CHARS = 8000


def embed(url: str, text: str) -> list[float]:
    body = json.dumps({"model": "m", "input": text[:MAX_CHARS]}).encode()
    request = urllib.request.Request(f"{url}/embeddings", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)["data"][0]["embedding"]


def cosine(a: list[float], b: list[float]) -> float:
    x, y = np.array(a), np.array(b)
    return float(np.dot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y)))


def nearest(position: int, vectors: list[list[float]]) -> list[int]:
    scored = [(i, cosine(vectors[position], vector)) for i, vector in enumerate(vectors) if i != position]
    return [i for i, _ in sorted(scored, key=lambda pair: pair[1], reverse=True)[:NEGATIVES]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus")
    parser.add_argument("url")
    parser.add_argument("--chunks", type=int, required=True)
    parser.add_argument("--questions", type=int, required=True)
    args = parser.parse_args()
    rows = [json.loads(line) for line in open(args.corpus, encoding="utf-8")][: args.chunks]
    texts = [f"{row.get('title', '')} {row['text']}".strip() for row in rows]
    start = time.perf_counter()
    vectors = []
    for text in texts:
        vectors.append(embed(args.url, text))
        time.sleep(SLEEP_SECONDS)
    embedded = time.perf_counter() - start
    start = time.perf_counter()
    negatives = [nearest(i % len(vectors), vectors) for i in range(args.questions)]
    mined = time.perf_counter() - start
    print(
        json.dumps(
            {
                "chunks": len(vectors),
                "questions": args.questions,
                "embedding_seconds": round(embedded, 3),
                "negatives_seconds": round(mined, 3),
                "negatives": negatives[:100],
            }
        )
    )


if __name__ == "__main__":
    main()
