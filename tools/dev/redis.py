"""The private Redis servers of a checkout: one for the town, kept on disk, and one for tests, kept nowhere."""

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.machine import find_program
from tools.dev.processes import is_process
from tools.dev.terminal import Failure, answer

SETTINGS = """\
# Written by ./dev at every start.
port 0
unixsocket {socket}
unixsocketperm 700
daemonize yes
pidfile {folder}/redis.pid
logfile {log}
dir {folder}
databases 16
maxmemory-policy noeviction
appendonly {append_only}
appendfsync everysec
save ""
"""


@dataclass(frozen=True)
class Redis:
    """One server. It holds the broker's queues, so it never evicts; what it is not sure of it says in its log."""

    layout: Layout
    name: str
    is_kept: bool

    @property
    def socket(self) -> Path:
        return self.layout.app_sockets / f"{self.name}.sock"

    @property
    def log(self) -> Path:
        return self.layout.logs / f"{self.name}.log"

    @property
    def folder(self) -> Path:
        return self.layout.state / self.name

    def ensure_running(self) -> None:
        if not self.is_running():
            self.start()

    def is_running(self) -> bool:
        """True when its process is there, even if it is too busy to answer: a second one would spoil its file."""
        try:
            pid = int((self.folder / "redis.pid").read_text())
        except (OSError, ValueError):
            return False
        return is_process(pid, "redis-server")

    def start(self) -> None:
        """Start and wait until it answers. Raises Failure after 30 s."""
        is_launched = self.begin()
        deadline = time.monotonic() + 30
        while is_launched and time.monotonic() < deadline:
            if self._ask(b"PING\r\n").startswith(b"+PONG"):
                return
            time.sleep(0.02)
        raise Failure(f"{self.name} does not start", next_step="read the log", log=self.log)

    def begin(self) -> bool:
        """Start without waiting until it answers; False when it ended at once."""
        program = find_program("redis-server")
        if program is None:
            raise Failure("redis-server is not installed", next_step="run ./dev up, which installs it")
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "redis.conf"
        config.write_text(
            SETTINGS.format(
                socket=self.socket, folder=self.folder, log=self.log, append_only="yes" if self.is_kept else "no"
            )
        )
        return answer([program, config]).returncode == 0

    def stop(self) -> None:
        """Ask it to finish (a kept one writes its file first) and wait until it is gone, 15 s at most."""
        if not self.is_running():
            return
        self._ask(b"SHUTDOWN\r\n")
        deadline = time.monotonic() + 15
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _ask(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(os.fspath(self.socket))
                connection.sendall(command)
                return connection.recv(200)
            except OSError:
                return b""


def town_redis(layout: Layout) -> Redis:
    return Redis(layout, "redis", is_kept=True)


def test_redis(layout: Layout) -> Redis:
    return Redis(layout, "redis-test", is_kept=False)
