"""Tokens of texts by Qwen's vocabulary, to measure the estimate with.

    python qwen_reference.py qwen.tiktoken TEXTS OUT

qwen.tiktoken is in the PyPI package dashscope (dashscope/resources). Needs tiktoken. OUT gets a JSON list of numbers.
"""

import base64
import json
import sys
from pathlib import Path

from tiktoken import Encoding

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def main(vocabulary: Path, texts: list[str], out: Path) -> None:
    pairs = (line.split() for line in vocabulary.read_bytes().splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    encoding = Encoding("qwen", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    out.write_text(json.dumps([len(encoding.encode(text, disallowed_special=())) for text in texts]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf8")), Path(sys.argv[3]))
