"""Renews the hash-locked lists from pyproject.toml. Names no index: pip asks the one it is set to."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTS = {"run.txt": ["build"], "dev.txt": ["build", "check", "lock"], "bench.txt": ["build", "bench"]}


def main() -> None:
    for name, groups in LISTS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"]
        command += ["--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url"]
        command += ["--custom-compile-command=make lock", "--no-annotate", f"--output-file={HERE / name}"]
        command += [f"--group={group}" for group in groups]
        subprocess.run(command, check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()
