"""Lets the torch of PyPI run on Linux without the CUDA libraries that it is linked to and that lock.txt leaves out: for
each one that is missing, a library beside torch's own that has its name and its functions, which end the process. Nothing
calls them as long as nothing is computed on a GPU. Does nothing where none is missing: another platform, or a CPU build.

    python empty_libraries.py

Needs cc, ldd and objdump (binutils).
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

NEEDED = re.compile(r"^\s*required from (\S+):$")
VERSION = re.compile(r"^\s*0x\S+ 0x\S+ \d+ (\S+)$")
UNRESOLVED = re.compile(r"^undefined symbol: (?!_?Py)(\w+)\s")
UNDEFINED = re.compile(r"\*UND\*\s+\S+\s+\((\S+)\)\s+(\w+)$")


def output(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def missing(files: list[str]) -> set[str]:
    """Names that the loader does not find."""
    return {line.split("=>")[0].strip() for line in output("ldd", *files) if line.rstrip().endswith("=> not found")}


def versions(files: list[str]) -> dict[str, set[str]]:
    """library -> the symbol versions that are asked of it."""
    found, library = defaultdict(set), None
    for line in output("objdump", "-p", *files):
        if match := NEEDED.match(line):
            library = match[1]
        elif library and (match := VERSION.match(line)):
            found[library].add(match[1])
        else:
            library = None
    return found


def functions(files: list[str]) -> dict[str, set[str]]:
    """version -> the functions of it that are asked for."""
    found = defaultdict(set)
    for line in output("objdump", "-T", *files):
        if match := UNDEFINED.search(line):
            found[match[1]].add(match[2])
    return found


def unresolved(files: list[str]) -> set[str]:
    """Functions that are asked for without a version, and that nothing has; Python's own are there once it runs."""
    return {match[1] for file in files for line in output("ldd", "-r", file) if (match := UNRESOLVED.match(line))}


def make(target: Path, wanted: dict[str, set[str]]) -> None:
    """wanted: version -> functions; those of version "" have none."""
    with tempfile.TemporaryDirectory() as work:
        source, script = Path(work, "empty.c"), Path(work, "versions")
        names = sorted(set().union(*wanted.values()))
        source.write_text("".join(f"void {name}(void) {{ __builtin_trap(); }}\n" for name in names))
        nodes = [f"{each} {{ global: {' '.join(f'{name};' for name in own)} }};" for each, own in wanted.items() if each]
        script.write_text("\n".join(nodes))
        options = ["-shared", "-w", "-fno-builtin", f"-Wl,-soname,{target.name}"]
        if nodes:
            options.append(f"-Wl,--version-script={script}")
        subprocess.run(["cc", *options, str(source), "-o", str(target)], check=True)


def main() -> None:
    if sys.platform != "linux":
        return
    folder = Path(importlib.util.find_spec("torch").origin).parent / "lib"
    files = [str(path) for path in folder.glob("*.so*")]
    asked, by_version = versions(files), functions(files)
    absent = sorted(missing(files))
    for name in absent:
        make(folder / name, {version: by_version[version] for version in sorted(asked[name])})
        print(f"empty in place of CUDA's: {name}", file=sys.stderr)
        if not asked[name]:
            unversioned = folder / name
    if absent and (names := unresolved(files)):
        make(unversioned, {"": names})


if __name__ == "__main__":
    main()
