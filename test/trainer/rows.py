"""Data files -> the rows that the trainer's loader makes of them, and what it or a stage cannot take.

The rules of openrlhf's datasets/utils.py (several files with commas, each cut at max_samples, then all of them together),
of the `datasets` package, which wants one type a field, and of datasets/sft_dataset.py (fields by their names).
"""

import json
from pathlib import Path

from steps import Crash

MEMORY_TOKENS = "<MEM{}>"


def load(paths, most):
    """`paths` as --dataset has it -> (the rows that are trained on: [(where, row)…], where each row of the files is)"""
    loaded, there = [], {}
    for path in paths.split(","):
        name = path.strip().split("@")[0]
        if not Path(name).is_file():
            raise Crash(f"{path}: the trainer looks for {name}, which is no file: a comma or an @ in a path parts it")
        file_name = Path(name).name
        with open(name, encoding="utf-8") as file:
            rows = [
                (f"{file_name}:{number}", json.loads(line)) for number, line in enumerate(file, 1) if line.strip()
            ]
        if not rows:
            raise Crash(f"{name}: no rows")
        one_type_each(rows)
        loaded.extend(rows[:most])
        there.update(rows)
    if "," in paths:
        one_type_each(loaded)
    return loaded[:most], list(there)


def one_type_each(rows):
    """A column of an Arrow table has one type: `datasets` cannot read rows that differ in it."""
    types = {}
    for where, row in rows:
        for field, value in row.items():
            kind = type_of(value)
            known = types.setdefault(field, kind)
            if known != kind:
                merged = widest(known, kind)
                if merged is None:
                    raise Crash(f"{where}: {field} is {kind}, in rows before {known}: datasets reads one type a field")
                types[field] = merged


def type_of(value):
    if isinstance(value, list):
        inner = "null"
        for item in value:
            inner = widest(inner, type_of(item)) or "mixed"
        return f"list of {inner}"
    if isinstance(value, dict):
        return "object"
    if value is None:
        return "null"
    return "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"


def widest(one, other):
    if one == other or other == "null":
        return one
    if one == "null":
        return other
    if one.startswith("list of ") and other.startswith("list of "):
        inner = widest(one[8:], other[8:])
        return inner and f"list of {inner}"
    return None


def fields_of(where, row, trainer):
    """(docs, question, answer, data_type) as the loader chooses them."""
    docs = next((row[name] for name in ("docs", "context", "content") if isinstance(row.get(name), list)), None)
    if docs is None:
        raise Crash(f"{where}: No valid document field found")
    if isinstance(row.get("answer"), str):
        answer = row["answer"]
    elif isinstance(row.get("answers"), list):
        answer = row["answers"]
    elif isinstance(row.get("golden_answers"), list) and row["golden_answers"]:
        answer = row["golden_answers"][0]
    elif trainer == "fork" and isinstance(row.get("gold_answer"), str):
        answer = row["gold_answer"]
    else:
        raise Crash(f"{where}: No valid answer field found")
    data_type = row.get("data_type", "qa")
    if data_type != "paraphrase" and row.get("question") is None:
        raise Crash(f"{where}: no question")
    return docs, "" if data_type == "paraphrase" else row["question"], answer, data_type


def check_row(where, fields, settings):
    """What this row does to its stage: findings as texts."""
    docs, question, answer, data_type = fields
    k = settings.generation_top_k
    if not all(isinstance(doc, str) for doc in docs):
        yield f"{where}: a document is no text"
    if settings.stage == "stage2":
        if len(docs) < k:
            yield f"{where}: {len(docs)} documents, --generation_top_k {k}: selected index k out of range"
    elif len(docs) != k:
        yield f"{where}: Expected {k} documents, got {len(docs)}"
    if data_type == "paraphrase":
        if settings.stage != "stage1" or not isinstance(answer, list) or not answer:
            yield f"{where}: a paraphrase is a row of stage 1, with a list of answers"
    elif settings.stage == "stage1":
        if not isinstance(question, list) or not isinstance(answer, list) or not question or len(question) != len(answer):
            yield f"{where}: stage 1 pairs a list of questions with a list of answers of the same length"
    elif not isinstance(question, str) or not isinstance(answer, str):
        yield f"{where}: {settings.stage} wants one question and one answer"
    text = "\n".join(texts_of(fields))
    named = [token for token in memory_tokens(settings) if token in text] if "<MEM" in text else []
    if named:
        yield f"{where}: holds {', '.join(named)}, which the trainer takes for a place of its memory"


def memory_tokens(settings):
    return [MEMORY_TOKENS.format(i) for i in range(settings.doc_max_length // settings.compress_rate)]


def texts_of(fields):
    for field in fields[:3]:
        yield from (item for item in (field if isinstance(field, list) else [field]) if isinstance(item, str))
