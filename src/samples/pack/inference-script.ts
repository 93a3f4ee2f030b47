/**
 * Python that loads a checkpoint as the trainer's own inference does and asks it one row, in a process of its own: the GPU
 * is free again afterwards, and its packages are those of the trainer.
 *
 * `pure_inference` loads all adapters and adds none; with `training_stage` of a stage that makes an adapter anew, that one
 * would stand in the way of what was saved. Without flash-attn or a GPU a checkpoint that names it would not load.
 */
export const INFERENCE = `
import importlib.util
import json
import sys

import torch
from openrlhf.models.modeling_clara import CLaRa

checkpoint, rows, mode = sys.argv[1:]
with open(checkpoint + "/config.json", encoding="utf-8") as file:
    config = json.load(file)
quantized = config.get("quantization", "no") != "no"
with open(rows, encoding="utf-8") as file:
    row = json.loads(next(line for line in file if line.strip()))
# The model's own code cuts prompts at 1,024 tokens, of which a document takes those of its memory and one.
MOST_READ = 900 // (config["doc_max_length"] // config["compr_rate"] + 1)
question = row["question"] if isinstance(row["question"], str) else row["question"][0]
answer = row["answer"] if "answer" in row else row["answers"][0]
docs = row["docs"]
top_k = min(config["generation_top_k"], MOST_READ)
if mode == "reads":
    docs = docs[:MOST_READ]
gpu = torch.cuda.is_available()
options = {"training_stage": "stage2", "pure_inference": True, "generation_top_k": top_k}
if not gpu or importlib.util.find_spec("flash_attn") is None:
    options["attn_implementation"] = "eager"
if quantized and gpu:
    options["device_map"] = "cuda"
model = CLaRa.from_pretrained(checkpoint, **options)
if gpu and not quantized:
    model = model.to("cuda")
model.eval()
with torch.no_grad():
    if mode == "ranks":
        texts, order = model.generate_from_questions(questions=[question], documents=[docs], max_new_tokens=64)
        print("documents, best first:", order[0].tolist(), "positive:", row.get("pos_index"))
    else:
        texts = model.generate_from_text(questions=[question], documents=[docs], max_new_tokens=64)
print("question:", question)
print("expected:", answer)
print("answer:", texts[0])
`
