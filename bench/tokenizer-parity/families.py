"""Trains a tokenizer of each family on DATA, with the parts that the family's own tokenizer.json has.

    python families.py DATA OUT

DATA holds folders with corpus.jsonl and queries.jsonl. Needs tokenizers and sentencepiece.
Vocabularies are smaller than the real ones (16,000 for most), everything else is as published.
"""

import base64
import io
import json
import sys
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as sp_model
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

VOCABULARY = 16_000
LARGE_VOCABULARY = 24_000
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def lines(data: Path) -> list[str]:
    texts = []
    for path in sorted(data.glob("*/*.jsonl")):
        if path.name in ("corpus.jsonl", "queries.jsonl"):
            texts += [json.loads(line)["text"] for line in path.open(encoding="utf8")]
    return [line for text in texts for line in text.split("\n") if line.strip()]


def added(content: str, id: int, special=True, normalized=False, lstrip=False, rstrip=False, single_word=False):
    return {
        "id": id, "content": content, "single_word": single_word, "lstrip": lstrip,
        "rstrip": rstrip, "normalized": normalized, "special": special,
    }  # fmt: skip


def template(before: list, between: list, after: list, tokens: dict, pair_type=1):
    """Special tokens before, between and after the texts; the second text's segment is `pair_type`."""
    special = lambda names, t: [{"SpecialToken": {"id": name, "type_id": t}} for name in names]
    a, b = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": pair_type}}
    return {
        "type": "TemplateProcessing",
        "single": [*special(before, 0), a, *special(after, 0)],
        "pair": [*special(before, 0), a, *special(between, 0), b, *special(after, pair_type)],
        "special_tokens": {
            name: {"id": name, "ids": [tokens[name]], "tokens": [name]} for name in {*before, *between, *after}
        },
    }


BYTE_LEVEL_OUT = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}


def document(model, added_tokens, normalizer, pre_tokenizer, post_processor):
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
        "decoder": None, "model": model,
    }  # fmt: skip


def parts(tokenizer: Tokenizer) -> dict:
    return json.loads(tokenizer.to_str())


def train_bpe(texts, specials, pre_tokenizer, normalizer=None, alphabet=None, size=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size or VOCABULARY, special_tokens=specials, initial_alphabet=alphabet or [], show_progress=False,
        limit_alphabet=6000,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return parts(tokenizer)


def roberta(texts):
    trained = train_bpe(
        texts, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], ByteLevel(add_prefix_space=False),
        alphabet=ByteLevel.alphabet(),
    )  # fmt: skip
    tokens = [added(t, i, normalized=True) for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"])]
    tokens.append(added("<mask>", 4, lstrip=True))
    model = {**trained["model"], "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": ""}
    post = {
        "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
        "trim_offsets": True, "add_prefix_space": False,
    }  # fmt: skip
    return document(model, tokens, None, trained["pre_tokenizer"], post), {"pad_token": "<pad>"}


def modernbert(texts):
    trained = train_bpe(
        texts, ["|||IP_ADDRESS|||", "<|padding|>", "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
        ByteLevel(add_prefix_space=False), normalizers.NFC(), ByteLevel.alphabet(),
    )  # fmt: skip
    size = len(trained["model"]["vocab"])
    tokens = [added("|||IP_ADDRESS|||", 0, special=False, normalized=True), added("<|padding|>", 1)]
    tokens += [added(t, i) for i, t in enumerate(["[UNK]", "[CLS]", "[SEP]", "[PAD]"], 2)]
    tokens.append(added("[MASK]", 6, lstrip=True))
    tokens += [added(" " * (24 - n), size + n, special=False, normalized=True) for n in range(23)]
    post = template(["[CLS]"], ["[SEP]"], ["[SEP]"], {"[CLS]": 3, "[SEP]": 4}, pair_type=0)
    pre = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return document(trained["model"], tokens, {"type": "NFC"}, pre, post), {"pad_token": "[PAD]"}


def split_byte_level(pattern):
    return Sequence([Split(Regex(pattern), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)])


def qwen3(texts):
    trained = train_bpe(texts, [], split_byte_level(QWEN), normalizers.NFC(), ByteLevel.alphabet(), LARGE_VOCABULARY)
    size = len(trained["model"]["vocab"])
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>"]
    plain = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
    tokens = [added(t, size + i, special=t in special) for i, t in enumerate(special + plain)]
    end = template([], [], ["<|endoftext|>"], {"<|endoftext|>": size}, pair_type=0)
    post = {"type": "Sequence", "processors": [{**BYTE_LEVEL_OUT, "trim_offsets": False}, end]}
    return document(trained["model"], tokens, {"type": "NFC"}, trained["pre_tokenizer"], post), {
        "pad_token": "<|endoftext|>", "padding_side": "left", "model_max_length": 131072,
    }  # fmt: skip


def llama3(texts):
    trained = train_bpe(texts, [], split_byte_level(LLAMA3), None, ByteLevel.alphabet(), LARGE_VOCABULARY)
    size = len(trained["model"]["vocab"])
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    tokens = [added(t, size + i) for i, t in enumerate(names)]
    begin = template(names[:1], names[:1], [], {names[0]: size})
    post = {"type": "Sequence", "processors": [BYTE_LEVEL_OUT, begin]}
    model = {**trained["model"], "ignore_merges": True}
    return document(model, tokens, None, trained["pre_tokenizer"], post), {"pad_token": None}


def bge_zh(texts):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=names, limit_alphabet=8000, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    trained = parts(tokenizer)
    tokens = [added(t, i) for i, t in enumerate(names)]
    post = template(["[CLS]"], ["[SEP]"], ["[SEP]"], {"[CLS]": 2, "[SEP]": 3})
    return document(trained["model"], tokens, trained["normalizer"], trained["pre_tokenizer"], post), {
        "pad_token": "[PAD]", "model_max_length": 512,
    }  # fmt: skip


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def sentencepiece_bpe(texts, names):
    """Trained on words that begin with a space, as sentencepiece does."""
    trained = train_bpe(
        texts, [*names, *BYTES], pre_tokenizers.Metaspace(prepend_scheme="never"),
    )  # fmt: skip
    return {**trained["model"], "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}


def gemma(texts):
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    runs = ["\n\n", "\n\n\n", "▁▁", "▁▁▁", "▁▁▁▁", "<table>", "</table>"]
    model = sentencepiece_bpe(texts, names + runs)
    tokens = [added(t, i, special=t in names) for i, t in enumerate(names + runs)]
    normalizer = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    pre = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    post = template(["<bos>"], ["<bos>"], [], {"<bos>": 2})
    return document(model, tokens, normalizer, pre, post), {"pad_token": "<pad>", "padding_side": "left"}


def llama2(texts, first=False):
    names = ["<unk>", "<s>", "</s>"]
    model = sentencepiece_bpe(texts, names)
    tokens = [added(t, i) for i, t in enumerate(names)]
    post = template(["<s>"], ["<s>"], [], {"<s>": 1})
    if first:
        pre = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
        return document(model, tokens, None, pre, post), {}
    normalizer = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    return document(model, tokens, normalizer, None, post), {}


def train_unigram(texts, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, vocab_size=VOCABULARY, model_type="unigram",
        **{"normalization_rule_name": "nmt_nfkc", "character_coverage": 0.9995, **options}, num_threads=2, minloglevel=2,
    )  # fmt: skip
    proto = sp_model.ModelProto()
    proto.ParseFromString(model.getvalue())
    pieces = [[piece.piece, piece.score] for piece in proto.pieces[3:]]
    return pieces, base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()


PREFIX = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
SPACES = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}


def unigrams(texts, **options):
    pieces, charsmap = train_unigram(texts, **options)
    precompiled = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = [*([name, 0.0] for name in names), *pieces, ["<mask>", 0.0]]
    model = {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False}
    tokens = [added(t, i) for i, t in enumerate(names)]
    tokens.append(added("<mask>", len(vocab) - 1, lstrip=True))
    words = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, PREFIX]}
    post = template(["<s>"], ["</s>", "</s>"], ["</s>"], {"<s>": 0, "</s>": 2}, pair_type=0)
    config = {"pad_token": "<pad>", "model_max_length": 512}
    sequence = lambda *steps: {"type": "Sequence", "normalizers": list(steps)}
    yield "xlm-roberta", (document(model, tokens, precompiled, words, post), config)
    yield "bge-m3", (document(model, tokens, sequence(precompiled, SPACES), PREFIX, post), config)
    strip = {"type": "Strip", "strip_left": True, "strip_right": True}
    yield "deberta-v3", (document(model, tokens, sequence(strip, precompiled, SPACES), PREFIX, post), config)
    lower = [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]
    quotes = {"type": "Replace", "pattern": {"String": "``"}, "content": '"'}
    yield "albert", (document(model, tokens, sequence(quotes, *lower, precompiled), words, post), config)


def main(data: Path, out: Path) -> None:
    texts = lines(data)
    families = {
        "roberta": lambda: roberta(texts), "modernbert": lambda: modernbert(texts),
        "qwen3": lambda: qwen3(texts), "llama3": lambda: llama3(texts), "bge-small-zh": lambda: bge_zh(texts),
        "gemma": lambda: gemma(texts), "llama2": lambda: llama2(texts),
        "llama2-first": lambda: llama2(texts, first=True),
    }  # fmt: skip
    for name, made in [*((name, make()) for name, make in families.items()), *unigrams(texts)]:
        (out / name).mkdir(parents=True, exist_ok=True)
        tokenizer, config = made
        Tokenizer.from_str(json.dumps(tokenizer))  # the reference itself must take it
        (out / name / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf8")
        (out / name / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf8")
        print(name, len(tokenizer["model"]["vocab"]), "tokens")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
