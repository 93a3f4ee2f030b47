"""tokenizer.json of multilingual-e5-small, and the part of its vocabulary that English and Chinese need.

The tokenizer is XLM-R's: Unigram over words that begin with a space, behind the map nmt_nfkc of SentencePiece. The map is
the same in every model that is trained with that rule, so that it is taken from one trained here on two sentences.

What is kept (`kept_pieces`): pieces of Han characters, punctuation and digits; ASCII ones of up to two characters, or with
a digit in them; Latin ones that the 400,000 most frequent English words of wordfreq are made of, in small letters, with a
capital, and (the 30,000 most frequent) in capitals, behind a space and behind a bracket; single characters of Latin, Han,
kana, Greek and Cyrillic. XLM-R has no bytes to fall back to: what is left out is <unk> where its characters are.
"""

import base64
import io
import unicodedata

import numpy as np
import sentencepiece
import wordfreq
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
MASK = "<mask>"
SPACE = "▁"
WORDS = 400_000
IN_CAPITALS = 30_000


def characters_map() -> bytes:
    proto = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["one sentence of a text", "and another sentence"] * 50), model_writer=proto, vocab_size=40,
        model_type="unigram", normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(proto.getvalue())
    return model.normalizer_spec.precompiled_charsmap


def tokenizer_json(pieces: list[str], scores: np.ndarray) -> dict:
    if pieces[:4] != SPECIAL or pieces[-1] != MASK:
        raise SystemExit(f"vocabulary: expected {SPECIAL} first and {MASK} last")

    def added(token: str) -> dict:
        flags = {"single_word": False, "lstrip": token == MASK, "rstrip": False, "normalized": False, "special": True}
        return {"id": pieces.index(token), "content": token, **flags}

    metaspace = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True}
    start, end = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("<s>", "</s>"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(token) for token in [*SPECIAL, MASK]],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(characters_map()).decode()},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, first, end],
            "pair": [start, first, end, end, second, end],
            "special_tokens": {t: {"id": t, "ids": [pieces.index(t)], "tokens": [t]} for t in ("<s>", "</s>")},
        },
        "decoder": metaspace,
        # The shortest digits that are the same float32.
        "model": {
            "type": "Unigram",
            "unk_id": pieces.index("<unk>"),
            "vocab": [[piece, float(str(score))] for piece, score in zip(pieces, scores)],
            "byte_fallback": False,
        },
    }


TOKENIZER_CONFIG = {
    "model_max_length": 512, "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
    "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": MASK, "tokenizer_class": "XLMRobertaTokenizer",
}  # fmt: skip

KANA = ("HIRAGANA", "KATAKANA", "BOPOMOFO")
HAN = ("CJK UNIFIED", "CJK COMPAT", "CJK RADICAL")
SINGLE = {"ascii", "latin", "han", "kana", "sign", "greek", "cyrillic"}


def script_of(character: str) -> str:
    if character.isascii():
        return "ascii"
    name = unicodedata.name(character, "")
    if "LATIN" in name.split(" ")[:2]:
        return "latin"
    if name.startswith(HAN):
        return "han"
    if unicodedata.category(character)[0] in "PSNZ":
        return "sign"
    scripts = {**dict.fromkeys(KANA, "kana"), "GREEK": "greek", "CYRILLIC": "cyrillic"}
    return next((script for start, script in scripts.items() if name.startswith(start)), "other")


def english_pieces(tokenizer: Tokenizer) -> set[int]:
    """Ids of the pieces that English words are made of."""
    words = wordfreq.top_n_list("en", WORDS, wordlist="large")
    forms = [*words, *(w[:1].upper() + w[1:] for w in words), *(w.upper() for w in words[:IN_CAPITALS])]
    forms = list(dict.fromkeys(forms))
    used: set[int] = set()
    for texts in (forms, [f"({form}" for form in forms]):
        for start in range(0, len(texts), 20_000):
            for encoding in tokenizer.encode_batch(texts[start : start + 20_000], add_special_tokens=False):
                used.update(encoding.ids)
    return used


def is_kept(piece: str, english: bool) -> bool:
    letters = piece.replace(SPACE, "")
    scripts = set(map(script_of, letters))
    if len(letters) <= 1:
        return scripts <= SINGLE
    if not scripts <= {"ascii", "latin", "han", "sign"}:
        return False
    if scripts & {"han", "sign"}:
        return "latin" not in scripts or ("han" not in scripts and english)
    if english:
        return True
    plain = len(letters) <= 2 or any(map(str.isdigit, letters)) or not any(map(str.isalpha, letters))
    return scripts <= {"ascii"} and plain


def kept_pieces(pieces: list[str], tokenizer: Tokenizer) -> np.ndarray:
    """Ids, in their order."""
    english = english_pieces(tokenizer)
    special = {*SPECIAL, MASK}
    return np.array([i for i, piece in enumerate(pieces) if piece in special or is_kept(piece, i in english)])
