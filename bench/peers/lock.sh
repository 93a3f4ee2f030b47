#!/bin/sh
# Pins everything that requirements.txt and requirements-onnx.txt bring with them, without CUDA: lock.txt, lock-onnx.txt.
#   pip install uv && sh bench/peers/lock.sh
set -eu
cd "$(dirname "$0")"
for name in '' -onnx; do
  uv pip compile --quiet --universal --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
    --override without-cuda.txt "requirements$name.txt" | grep -v "sys_platform == 'never'" >"lock$name.txt.new"
  {
    echo "# Made by lock.sh of requirements$name.txt; complete: pip install --no-deps -r"
    cat "lock$name.txt.new"
  } >"lock$name.txt"
  rm "lock$name.txt.new"
done
