"""What a person sees: one line for each step with its duration, and failures that say what to do next."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

TAIL_LINES = 25


class Failure(Exception):
    """A step that cannot go on: what happened, what to do next, and the log that tells more."""

    def __init__(self, what: str, *, next_step: str, log: Path | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.log = log


def say(line: str = "") -> None:
    print(line, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print `name …` now and the seconds it took when it is done."""
    print(f"  {name} … ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def explain(failure: Failure) -> None:
    """Print a failure with the end of its log, the next step last."""
    print(f"\n./dev: {failure.what}", file=sys.stderr)
    if failure.log is not None and failure.log.exists():
        print(f"The log {failure.log} ends with:", file=sys.stderr)
        for line in tail(failure.log, TAIL_LINES):
            print(f"    {line}", file=sys.stderr)
    print(f"Next: {failure.next_step}", file=sys.stderr, flush=True)


def tail(path: Path, count: int) -> list[str]:
    """The last `count` lines of a text file; bytes that are no text are replaced."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 400 * count))
        return file.read().decode(errors="replace").splitlines()[-count:]


def answer(
    argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command quietly and hand back what it said; the caller looks at the exit code."""
    words = [str(part) for part in argv]
    return subprocess.run(
        words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, cwd=cwd
    )


def logged(
    argv: Sequence[str | Path], file: BinaryIO, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """Run a command with all output in an open log; its exit code."""
    words = [str(part) for part in argv]
    return subprocess.run(
        words, check=False, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env, cwd=cwd
    ).returncode


def run(
    argv: Sequence[str | Path],
    *,
    log: Path,
    failing: str,
    next_step: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a command to its end with all output in `log`. Raises Failure when it exits with anything but 0."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        code = logged(argv, file, env=env, cwd=cwd)
    if code != 0:
        raise Failure(f"{failing} (exit code {code})", next_step=next_step, log=log)
