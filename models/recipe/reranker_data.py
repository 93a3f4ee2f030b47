"""Questions with what to tell apart: the passage that answers, and the near misses of our own search.

    .venv/bin/python reranker_data.py --data DIR --work DIR

DIR is a BEIR folder of which one passage answers each question. A fifth of its documents, drawn by the
hash of their ids, is kept out with its questions: `held-out` under the work folder, to evaluate with. Of the
others the index is built and searched by this project's own commands (`npm run build` first), and
`groups.json` written: {"passages": {id: text}, "groups": [[question, answer, id of the positive, near misses by
rank]]}; answers come from `qa.jsonl` beside the BEIR files, where it is there.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPTH = 50
# A near miss that scores above this share of the positive's cosine may be an answer (NV-Retriever, arXiv
# 2407.15831); it is left out.
SHARE_OF_POSITIVE = 0.95


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def is_held_out(document: str) -> bool:
    return hashlib.sha256(document.encode()).digest()[0] % 5 == 0


def read_beir(folder: Path) -> tuple[dict, dict, dict]:
    """Passages by id, questions by id, and the document that answers each."""
    corpus = {r["_id"]: " ".join(t for t in (r.get("title"), r["text"]) if t) for r in lines(folder / "corpus.jsonl")}
    queries = {r["_id"]: r["text"] for r in lines(folder / "queries.jsonl")}
    answers = {}
    for path in sorted((folder / "qrels").glob("*.tsv")):
        for row in path.read_text().splitlines()[1:]:
            query, document, grade = row.split("\t")
            if int(grade) > 0:
                answers.setdefault(query, document)
    return corpus, queries, answers


def write_beir(folder: Path, corpus: dict, queries: dict, answers: dict) -> None:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps({"_id": k, "text": v}, ensure_ascii=False) + "\n" for k, v in rows.items())
        (folder / f"{name}.jsonl").write_text(text)
    rows = [f"{query}\t{answers[query]}\t1" for query in queries]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")


def part(corpus: dict, queries: dict, answers: dict, held_out: bool) -> tuple[dict, dict, dict]:
    documents = {k: v for k, v in corpus.items() if is_held_out(k) == held_out}
    return documents, {k: v for k, v in queries.items() if answers.get(k) in documents}, answers


def clara_index(*args: str) -> None:
    subprocess.run(["node", str(ROOT / "dist/cli/clara-index.js"), *args, "--quiet"], check=True)


def search(folder: Path, work: Path) -> dict[str, list[tuple[str, float]]]:
    index, run = str(work / "index"), work / "run.trec"
    clara_index("build", "--input-file", str(folder), "--output-dir", index, "--no-chunk", "--overwrite")
    asked = ("--queries", str(folder), "-k", str(DEPTH), "--exact")
    clara_index("search", index, *asked, "--trec", str(run), "--overwrite")
    hits: dict[str, list[tuple[str, float]]] = {}
    for line in run.read_text().splitlines():
        query, _, document, _, score, _ = line.split()
        hits.setdefault(query, []).append((document, float(score)))
    return hits


def near_misses(hits: list[tuple[str, float]], answer: str) -> list[str]:
    scores = dict(hits)
    limit = SHARE_OF_POSITIVE * scores[answer] if answer in scores else hits[-1][1]
    return [document for document, score in hits if document != answer and score <= limit]


def answer_texts(folder: Path) -> dict[str, str]:
    path = folder / "qa.jsonl"
    return {row["question"]: row["answer"] for row in lines(path)} if path.exists() else {}


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--data", type=Path, required=True)
    args.add_argument("--work", type=Path, required=True)
    options = args.parse_args()
    whole = read_beir(options.data)
    write_beir(options.work / "held-out", *part(*whole, held_out=True))
    corpus, queries, answers = part(*whole, held_out=False)
    write_beir(options.work / "train", corpus, queries, answers)
    hits = search(options.work / "train", options.work)
    texts = answer_texts(options.data)
    groups = [
        [question, texts.get(question, ""), answers[query], near_misses(hits[query], answers[query])]
        for query, question in queries.items()
    ]
    text = json.dumps({"passages": corpus, "groups": groups}, ensure_ascii=False)
    (options.work / "groups.json").write_text(text)
    print(len(corpus), "documents,", len(queries), "questions to train with")


if __name__ == "__main__":
    main()
