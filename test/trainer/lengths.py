"""Texts -> tokens of the trainer's tokenizer: what it cuts off, and where that leaves nothing to learn.

As openrlhf's models/modeling_clara.py and datasets/sft_dataset.py put texts together, for Mistral-7B-Instruct-v0.2's chat
template:

- a document is <ENC> <s> text </s>, cut after doc_max_length + 3 tokens;
- a question, in stage 3, is the same, cut after max_len + 3;
- the prompt holds the places of the memory, doc_max_length / compress_rate tokens and <SEP> for each of k documents, then
  the question; the answer follows, and all is cut after max_len tokens.

Of a text no longer in bytes than the tokens that fit, nothing need be counted: a token is at least a byte.
"""

import re
from functools import lru_cache

from rows import memory_tokens
from sentencepiece import SentencePieceProcessor
from steps import Crash

SYSTEM = {
    "stage1": "You are a helpful assistant. Given a document, your task is to generate some single questions to cover all key"
    " information of the document and answer them sequentially.",
    "paraphrase": "You are a helpful assistant. Your task is follow the instructions to paraphrase the background information.",
    "stage1_2": "You are a helpful assistant. Your task is to extract relevant information from provided documents and to"
    " answer to questions as briefly as possible.",
}
# The longest of the thirteen that the trainer draws from.
PARAPHRASE = "Strip away the mystery, and you'll find background: {docs} is simply another rendition of:"


@lru_cache
def opened(tokenizer_file):
    return SentencePieceProcessor(model_file=tokenizer_file)


class Lengths:
    """`tokenizer_file` is a SentencePiece model, as Mistral's tokenizer.model."""

    def __init__(self, tokenizer_file, settings):
        self.pieces = opened(str(tokenizer_file))
        self.settings = settings
        self.memory = memory_tokens(settings)
        special = [*self.memory, "<AE>", "<ENC>", "<SEP>", "<s>", "</s>", "<unk>"]
        self.special = re.compile("(" + "|".join(special) + ")")
        self.frames = {}
        self.kept = {}

    def count(self, text):
        """A special token is one token, and what is between two of them is a text of its own."""
        parts = self.special.split(text)
        return len(parts) // 2 + sum(map(len, self.pieces.encode([part for part in parts[::2] if part])))

    def check_documents(self, where, docs, answers):
        """`answers` are looked for in what is cut off."""
        most = self.settings.doc_max_length + 1
        for at, doc in enumerate(docs):
            if len(doc.encode()) < most:
                continue
            if doc not in self.kept:
                tokens = self.count(doc)
                self.kept[doc] = (tokens, doc if tokens <= most else self.beginning(doc, most))
            tokens, kept = self.kept[doc]
            if tokens > most:
                lost = any(answer and answer in doc and answer not in kept for answer in answers)
                yield f"{where}: docs[{at}] has {tokens} tokens, {most} are read{', and the answer is not in them' if lost else ''}"

    def beginning(self, text, tokens):
        """The text of its first tokens."""
        kept = ""
        for place, part in enumerate(self.special.split(text)):
            ids = [part] if place % 2 else self.pieces.encode(part)
            kept += part if len(ids) <= tokens else "" if place % 2 else self.pieces.decode(ids[:tokens])
            tokens -= len(ids)
            if tokens <= 0:
                break
        return kept

    def kind(self, data_type):
        """Of prompt: which of SYSTEM."""
        if data_type == "paraphrase":
            return data_type
        return "stage1" if self.settings.stage == "stage1" else "stage1_2"

    def check_prompt(self, where, question, answer, kind):
        """-> (findings, whether no token of the answer is left)."""
        most = self.settings.max_len
        if kind == "stage1":
            said = "\n".join(f"Question: {q}\nAnswer: {a}" for q, a in zip(question, answer))
            asked = ""
        elif kind == "paraphrase":
            asked, said = "", answer[0]
        else:
            asked, said = f"\n\nQuestion:{question}", answer
        findings = []
        if self.settings.stage == "stage2" and len(question.encode()) > most:
            tokens = self.count(question)
            if tokens > most + 1:
                findings.append(f"{where}: the question has {tokens} tokens, {most + 1} are read")
        if self.frame(kind) + len(asked.encode()) + len(said.encode()) + 8 <= most:
            return findings, False
        prompt = self.prompt(kind, asked)
        prompt_tokens, all_tokens = self.count(prompt), self.count(f"{prompt} {said}</s>")
        if all_tokens <= most:
            return findings, False
        lost = prompt_tokens >= most
        left = "none of the answer is left" if lost else "the answer is cut"
        return [*findings, f"{where}: prompt and answer have {all_tokens} tokens, --max_len {most}: {left}"], lost

    def check_memory(self, kind):
        """The places of k documents are at the prompt's beginning, and the model writes into each."""
        k, slot = self.settings.generation_top_k, len(self.memory) + 1
        before = self.count(self.prompt(kind, "").partition(self.memory[0])[0])
        most = (self.settings.max_len - before + 1) // slot
        if k > most:
            raise Crash(f"{k} documents need {before + k * slot - 1} places, --max_len is {self.settings.max_len}: AssertionError, {most} would do")

    def prompt(self, kind, asked):
        places = ("".join(self.memory) + "<SEP>") * self.settings.generation_top_k
        user = PARAPHRASE.replace("{docs}", places) if kind == "paraphrase" else f"Background:\n{places}{asked}"
        return f"<s> [INST] {SYSTEM[kind]}\n\n{user} [/INST]"

    def frame(self, kind):
        if kind not in self.frames:
            self.frames[kind] = self.count(self.prompt(kind, ""))
        return self.frames[kind]
