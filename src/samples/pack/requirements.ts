/**
 * requirements.txt: what openrlhf.cli.train_sft imports, of both repositories, in versions that pip resolves alone.
 *
 * Theirs do not install as they stand: apple/ml-clara's names a wheel of ROCm that no index has, and `+cu118` builds that
 * PyPI has not; the fork's pins an xformers that wants another torch than the code runs on.
 */

export const REQUIREMENTS_FILE = 'requirements.txt'

/** The last with a wheel for torch 2.8; compiled against the torch that is there, so that it comes after it. */
const FLASH_ATTN = 'flash-attn==2.8.3'
/** flash-attn's set-up imports `wheel.bdist_wheel`, which later ones have moved. */
export const FLASH_ATTN_COMMAND = ['--no-build-isolation', 'wheel==0.45.1', FLASH_ATTN] as const

export const REQUIREMENTS = `# What the training code of apple/ml-clara and xucheng/ml-clara-rag imports (openrlhf.cli.train_sft), for Python 3.10 to 3.13 on
# Linux. Into an environment of its own: what else is installed often wants other versions of these.
#
#   python -m venv clara-env
#   clara-env/bin/python -m pip install -r requirements.txt
#
# flash-attn comes after it, as it is built against the torch that is there. apple/ml-clara needs it, the fork does not:
#
#   clara-env/bin/python -m pip install ${FLASH_ATTN_COMMAND.join(' ')}

torch==2.8.0
torchdata==0.11.0
transformers==4.56.2
peft==0.17.1
accelerate==1.10.1
# Wants fsspec up to 2024.9.0: gcsfs, which notebooks bring along, wants its own. A reason for an environment of its own.
datasets==3.2.0
deepspeed==0.18.1
einops==0.8.1

# Under datasets. pyarrow and numpy do not tell pip which of the other they were built for.
numpy>=2.0,<2.4
pandas==2.2.3
pyarrow==21.0.0

# Tokenizers in Python, which the fork asks for.
sentencepiece==0.2.1
protobuf==6.32.1

# --quantization int4 and int8 of the fork.
bitsandbytes==0.48.1

# For --use_tensorboard and --use_wandb: tensorboard==2.20.0, wandb==0.22.2
`
