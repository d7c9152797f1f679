"""Reads a file in a process of its own, with little memory and time: it may fall over what it is fed, we do not."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from gis.layers import wire
from gis.layers.child import too_heavy
from gis.layers.model import Layer, LayerError, Limits, Wish

READ_S: Final = 60.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from gis.layers.child import main; main()"
_KILLED_BY_A_LIMIT: Final = (-signal.SIGXCPU, -signal.SIGKILL)
# No address to ask, no other driver, one thread (each reserves memory), PROJ without its network.
_SURROUNDINGS: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PROJ_NETWORK": "OFF", "LANG": "C.UTF-8"}


def read_in_child(content: bytes, *, name: str, wish: Wish, limits: Limits | None = None) -> Layer:
    """`read_layer` behind a wall. Raises LayerError like it, too_heavy and unreadable besides."""
    bounds = limits or Limits()
    if len(content) > bounds.file_bytes:
        raise LayerError("too_large", f"{len(content)} bytes, at most {bounds.file_bytes} are read")
    task = wire.told(wish, bounds, name[-255:]).encode() + b"\n"
    try:
        done = subprocess.run(  # noqa: S603  (our own program; the file is only input)
            [sys.executable, "-I", "-c", _START, str(_ROOT)],
            input=task + content, capture_output=True, timeout=READ_S, check=False, env=_SURROUNDINGS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise too_heavy() from None
    if done.returncode in _KILLED_BY_A_LIMIT:
        raise too_heavy()
    if done.returncode != 0:
        raise LayerError("unreadable", "the file brought its reader down; export it anew, best as GeoPackage")
    return wire.unpacked(done.stdout)
