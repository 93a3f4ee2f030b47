"""llama.cpp's server with the small model that setup.mjs installs, on a port of the loopback.

    .venv/bin/python serve.py [--port N] [--slots N] [--context TOKENS] [--embeddings]

Prints its address when it answers, and ends with its standard input, so that no server outlives its test.
"""

import argparse
import pathlib
import sys

import xllamacpp

flags = argparse.ArgumentParser()
flags.add_argument("--port", type=int, default=0)
flags.add_argument("--slots", type=int, default=1)
flags.add_argument("--context", type=int, default=2048, help="of all slots together")
flags.add_argument("--embeddings", action="store_true")
flags.add_argument("--unified", action="store_true", help="slots share the context, as llama-server has it by default")
given = flags.parse_args()

params = xllamacpp.CommonParams()
params.model.path = str(pathlib.Path(sys.prefix) / "model.gguf")
params.hostnames = ["127.0.0.1"]
params.port = given.port
params.n_parallel = given.slots
params.n_ctx = given.context
params.n_batch = params.n_ubatch = 512
params.kv_unified = given.unified
params.embedding = given.embeddings
if given.embeddings:
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
# Threads that wait for each other are slow where other work has the cores.
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.offline = True
params.warmup = False
params.ui = False

server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
