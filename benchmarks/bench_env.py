"""The environment of the peers that the product does not need, made from `requirements-bench.lock` once."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from benchmarks.stage import ROOT, say

LOCK = ROOT / "requirements-bench.lock"


def peers_python(asker: str, *, installs: bool = True) -> Path | None:
    """Its interpreter; None (and said so in the name of `asker`) where the packages are not and can't be installed."""
    # One folder a lock file: a run of another branch, at the same time, keeps its own.
    folder = Path(sys.prefix).parent / f"bench-venv-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    if stamp.is_file():
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
    stamp.touch()
    return python
