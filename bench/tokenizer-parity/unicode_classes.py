"""Which code points the Rust library counts as what, asked of the library itself: JSON of ranges."""

import json

from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]


def ranges(counts) -> list[list[int]]:
    found: list[list[int]] = []
    for point in POINTS:
        if not counts(chr(point)):
            continue
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


def bert(**steps: bool):
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**off, **steps}).normalize_str


clean, strip, chinese = bert(clean_text=True), bert(strip_accents=True), bert(handle_chinese_chars=True)
accents, nfd, nfkd = (step.normalize_str for step in (normalizers.StripAccents(), normalizers.NFD(), normalizers.NFKD()))
punctuation = pre_tokenizers.Punctuation("removed").pre_tokenize_str
unassigned = pre_tokenizers.Split(Regex(r"\p{Cn}"), "removed").pre_tokenize_str

# Marks of class 240 and 1: a mark of any class changes place with one of the two.
moves = lambda c: nfd("\u0345" + c) != "\u0345" + c or nfd(c + "\u0334") != c + "\u0334"

print(
    json.dumps(
        {
            "control": ranges(lambda c: clean(c) == ""),
            "nonspacing": ranges(lambda c: strip(c) == ""),
            "marks": ranges(lambda c: accents(c) == ""),
            "punctuation": ranges(lambda c: punctuation(c) == []),
            "chinese": ranges(lambda c: chinese(c) != c),
            "unassigned": ranges(lambda c: unassigned(c) == []),
            "decomposes": ranges(lambda c: nfkd(c) != c or moves(c)),
        }
    )
)
