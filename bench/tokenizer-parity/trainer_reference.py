"""What Python counts for the texts of a trainer: ids by SentencePiece and by transformers, numbers behind special tokens.

    python trainer_reference.py tokenizer.model TEXTS OUT

TEXTS is a JSON list of strings. Needs sentencepiece, transformers and protobuf. OUT gets a list of ids a text, as the
conversion of transformers has them, and for each way in which it loads the file ("legacy" or not) the tokens of
`<ENC><s>text</s>` less three, which is how apple/ml-clara hands a document to its model.
"""

import json
import sys
from pathlib import Path

from sentencepiece import SentencePieceProcessor
from transformers import LlamaTokenizerFast


def main(model: str, texts: list[str], out: Path) -> None:
    plain = SentencePieceProcessor(model_file=model)
    result = {"sentencepiece": [plain.encode(text) for text in texts], "behind": {}}
    for legacy in (True, False):
        tokenizer = LlamaTokenizerFast(vocab_file=model, legacy=legacy, add_prefix_space=True, from_slow=True)
        if legacy:
            result["transformers"] = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
        memory = [f"<MEM{i}>" for i in range(8)]
        tokenizer.add_special_tokens({"additional_special_tokens": [*memory, "<AE>", "<ENC>", "<SEP>"]})
        wrapped = [f"<ENC><s>{text}</s>" for text in texts]
        rows = [tokenizer.encode(text, add_special_tokens=False) for text in wrapped]
        result["behind"]["legacy" if legacy else "new"] = [len(row) - 3 for row in rows]
    out.write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf8")), Path(sys.argv[3]))
