"""A whole town of its own for fault tests: PostgreSQL, Redis, web and worker that may be killed without asking."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.dev import environment, keys
from tools.dev.layout import Layout
from tools.dev.postgres import Postgres
from tools.dev.processes import is_process
from tools.dev.programs import Program, town_programs
from tools.dev.redis import town_redis

ROOT = Path(__file__).resolve().parents[2]


class UnixHttp(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass
class Stack:
    """`begin` brings everything up; `kill` ends one part with SIGKILL and starts it again, as a supervisor would.

    `parts` are the programs that run; without "beat" nothing happens by the clock, at whatever minute a test runs.
    """

    folder: Path
    more_settings: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ("web", "worker", "beat")
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layout = Layout(root=ROOT, state=self.folder)
        self.layout.prepare()
        self.layout.venv.symlink_to(sys.prefix)
        self.postgres = Postgres(self.layout)
        self.redis = town_redis(self.layout)
        keys.ensure_keys(self.layout.state / "secrets")
        settings = environment.demo_settings(self.layout, {}) | {
            "GRIDWARD_ENV": "test",
            "GRIDWARD_PHOTO_SENDFILE_PREFIX": "",
            "GRIDWARD_SMS_PROVIDER": "file",
            "GRIDWARD_ANONYMOUS_REPORTS_PER_HOUR": "100000",
            **self.more_settings,
        }
        self.env: Mapping[str, str] = environment.process_environment(self.layout, settings, os.environ)
        wanted = town_programs(self.layout, Path("unused"))
        self.programs: dict[str, Program] = {one.name: one for one in wanted if one.name in self.parts}

    @property
    def web_socket(self) -> Path:
        return self.layout.app_sockets / "web.sock"

    def begin(self) -> None:
        self.postgres.ensure_running()
        self.redis.ensure_running()
        self.manage("migrate", "-v0")
        self.run(sys.executable, "-m", "tests.faults.lay_world")
        for name in self.programs:
            self.start(name)
        self.wait_until_serving()

    def manage(self, *words: str) -> str:
        return self.run(sys.executable, "backend/manage.py", *words)

    def run(self, *argv: str) -> str:
        done = subprocess.run(argv, env=dict(self.env), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{argv}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def start(self, name: str) -> None:
        program = self.programs[name]
        log = program.log.open("ab")
        self.processes[name] = subprocess.Popen(
            program.argv, env=dict(self.env), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self, name: str) -> None:
        """SIGKILL to every process of the part, then a fresh start."""
        if name == "postgres":
            self._kill_group(int((self.postgres.data / "postmaster.pid").read_text().split()[0]))
            self.postgres.start()
        elif name == "redis":
            os.kill(int((self.redis.folder / "redis.pid").read_text()), signal.SIGKILL)
            time.sleep(0.2)
            self.redis.start()
        else:
            os.killpg(self.processes[name].pid, signal.SIGKILL)
            self.processes[name].wait()
            self.start(name)

    def revive(self) -> None:
        """Starts again what has ended by itself, as a supervisor would: a worker may end when its broker goes away."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def _kill_group(self, postmaster: int) -> None:
        """The postmaster and all its children at once: nobody tidies up, and no new one is born meanwhile."""
        os.kill(postmaster, signal.SIGSTOP)
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False)
        for pid in [postmaster, *(int(word) for word in children.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        until = time.monotonic() + 20
        while is_process(postmaster, "postgres") and time.monotonic() < until:
            time.sleep(0.05)

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "") -> tuple[int, Any]:
        """One request. Raises OSError or HTTPException when the answer did not arrive."""
        connection = UnixHttp(self.web_socket)
        try:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(raw) if raw else None

    def wait_until_serving(self, most_s: float = 60) -> None:
        until = time.monotonic() + most_s
        while time.monotonic() < until:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"not serving after {most_s} s; see {self.layout.logs}")

    def count(self, sql: str) -> list[str]:
        return self.postgres.query(sql).splitlines()

    def end(self) -> None:
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()
        self.redis.stop()
        self.postgres.remove()
        self.layout.remove_sockets()
