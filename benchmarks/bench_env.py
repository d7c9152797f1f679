"""The environment of the peers that the product does not need, made from `requirements-bench.lock` once."""

import subprocess
import sys
from pathlib import Path

from benchmarks.stage import ROOT, say

LOCK = ROOT / "requirements-bench.lock"


def peers_python(asker: str, *, installs: bool = True) -> Path | None:
    """Its interpreter; None (and said so in the name of `asker`) where the packages are not and can't be installed."""
    folder = Path(sys.prefix).parent / "bench-venv"
    python = folder / "bin" / "python"
    stamp = folder / "installed.lock"
    if stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes():
        return python
    if not installs:
        say(f"{asker}: the peers are not installed; a run without --quick does it")
        return None
    say(f"{asker}: installs the peers of {LOCK.name}")
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", str(LOCK)],
    )
    for argv in steps:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"{asker}: the peers are missing: {done.stderr.strip().splitlines()[-1:]}")
            return None
    stamp.write_bytes(LOCK.read_bytes())
    return python
