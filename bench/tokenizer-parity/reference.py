"""The Rust library's ids of all texts, as flat little-endian int32: lengths first, then ids.

    python reference.py FAMILIES TEXTS OUT [MAX_PAIR_TOKENS]

TEXTS is a JSON list of strings. Pairs are the texts 2i and 2i + 1; with MAX_PAIR_TOKENS the second
is cut. A pair is left out (length -1) where the first text leaves no room for the second.
"""

import json
import sys
import time
from array import array
from pathlib import Path

from tokenizers import Tokenizer, __version__


def write(path: Path, rows: list[list[int] | None]) -> None:
    with path.open("wb") as file:
        array("i", [len(rows)]).tofile(file)
        array("i", [-1 if row is None else len(row) for row in rows]).tofile(file)
        for row in rows:
            array("i", row or []).tofile(file)


def pairs_of(tokenizer: Tokenizer, texts: list[str], limit: int):
    pairs = list(zip(texts[0::2], texts[1::2]))
    special = tokenizer.num_special_tokens_to_add(True)
    firsts = tokenizer.encode_batch([first for first, _ in pairs], add_special_tokens=False)
    seconds = tokenizer.encode_batch([second for _, second in pairs], add_special_tokens=False)
    ids, types = [], []
    tokenizer.enable_truncation(limit, strategy="only_second")
    for pair, first, second in zip(pairs, firsts, seconds):
        fits = len(first) + len(second) + special <= limit or len(first) + special < limit
        encoding = tokenizer.encode(*pair) if fits else None
        ids.append(encoding and encoding.ids)
        types.append(encoding and encoding.type_ids)
    return ids, types


def main(family: Path, texts: list[str], out: Path, limit: int) -> None:
    tokenizer = Tokenizer.from_file(str(family / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    rows = [encoding.ids for start in range(0, len(texts), 1000) for encoding in tokenizer.encode_batch(texts[start : start + 1000])]
    seconds = time.perf_counter() - started
    write(out / "single.bin", rows)
    ids, types = pairs_of(tokenizer, texts[:8000], limit)
    write(out / "pairs.bin", ids)
    write(out / "types.bin", types)
    tokens = sum(map(len, rows))
    print(json.dumps({"family": family.name, "version": __version__, "tokens": tokens, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    families, texts, out, limit = sys.argv[1:5]
    strings = json.loads(Path(texts).read_text(encoding="utf8"))
    main(Path(families), strings, Path(out), int(limit))
