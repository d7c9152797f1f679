"""Keeps the processes of a town running: starts them, starts again what dies, stops them all."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tools.dev.processes import keep_small
from tools.dev.programs import Program
from tools.dev.terminal import Failure, say

LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
BEAT_S = 0.25
SERVER_PAUSE_S = 2.0


def pause_after(deaths: int) -> float:
    """Seconds before the next try: 1, 2, 4 … up to 30.

    >>> [pause_after(n) for n in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return min(LONGEST_PAUSE_S, 2.0 ** (deaths - 1))


class Server(Protocol):
    """PostgreSQL or Redis: a process of its own that can be asked and started."""

    @property
    def log(self) -> Path: ...

    def is_running(self) -> bool: ...

    def begin(self) -> object: ...


@dataclass
class Child:
    """A program and what became of it. `deaths` counts those in a row, a steady run forgets them."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    not_before: float = 0.0

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ended_within(self, seconds: float) -> bool:
        try:
            return self.process is None or self.process.wait(seconds) is not None
        except subprocess.TimeoutExpired:
            return False

    def signal(self, number: signal.Signals) -> None:
        """To the whole group: a killed master may leave workers behind."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    """Owner of the child processes. PostgreSQL and Redis are watched too, but outlive it until `./dev down`."""

    programs: Sequence[Program]
    environment: Mapping[str, str]
    root: Path
    postgres: Server
    redis: Server
    children: list[Child] = field(default_factory=list)
    not_before: dict[str, float] = field(default_factory=dict)
    is_stopping: bool = False

    def start_all(self) -> None:
        self.children = [Child(program) for program in self.programs]
        for child in self.children:
            self._start(child)

    def wait_until_serving(self, deadline_s: float = 60) -> None:
        """Raises Failure with the log of the first program that died or does not listen in time."""
        deadline = time.monotonic() + deadline_s
        for child in self.children:
            while not _listens(child.program.socket):
                if not child.is_running() or time.monotonic() > deadline:
                    raise Failure(
                        f"{child.program.name} does not start",
                        next_step="mend what the log names, then run ./dev up again",
                        log=child.program.log,
                    )
                time.sleep(0.05)

    def watch(self, after_beat: Callable[[], None] = lambda: None) -> None:
        """Until somebody asks us to stop: bring back what died. `after_beat` runs four times a second."""
        while not self.is_stopping:
            self._watch_servers()
            for child in self.children:
                self._watch(child)
            after_beat()
            time.sleep(BEAT_S)

    def stop_all(self) -> None:
        """Ask all to stop at once, from the door inwards; kill what is still there after its patience."""
        running = [child for child in reversed(self.children) if child.is_running()]
        for child in running:
            child.signal(signal.SIGTERM)
        started = time.monotonic()
        for child in running:
            left = max(0.1, child.program.patience_s - (time.monotonic() - started))
            if not child.ended_within(left):
                say(f"{child.program.name} did not stop in {child.program.patience_s:.0f} s: killed")
                child.signal(signal.SIGKILL)
                child.ended_within(5)

    def ask_to_stop(self, _number: int = 0, _frame: object = None) -> None:
        self.is_stopping = True

    def _start(self, child: Child) -> None:
        program = child.program
        keep_small(program.log)
        if program.socket is not None:
            program.socket.unlink(missing_ok=True)
        with program.log.open("ab") as log:
            # The kernel ends the child when we die without a word, so that no second `up` meets the leftovers.
            child.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *program.argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.root, env=dict(self.environment), start_new_session=True,
            )  # fmt: skip
        child.started_at = time.monotonic()

    def _watch(self, child: Child) -> None:
        now = time.monotonic()
        if child.is_running():
            if child.deaths and now - child.started_at > STEADY_AFTER_S:
                child.deaths = 0
            return
        if child.process is not None:
            child.deaths += 1
            pause = pause_after(child.deaths)
            child.not_before = now + pause
            code = child.process.returncode
            child.signal(signal.SIGKILL)
            child.process = None
            name = child.program.name
            say(f"{name} ended with {code}; starts again in {pause:.0f} s (./dev logs {name})")
        elif now >= child.not_before:
            self._start(child)

    def _watch_servers(self) -> None:
        """Start a server that is gone, without waiting for its recovery: the rest must be watched meanwhile."""
        now = time.monotonic()
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            if now < self.not_before.get(name, 0) or server.is_running():
                continue
            say(f"{name} is gone; starting it again ({server.log})")
            self.not_before[name] = now + SERVER_PAUSE_S
            server.begin()


def _listens(path: Path | None) -> bool:
    if path is None:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True
