"""The ground a benchmark stands on: a database, a Redis, servers and folders of its own, gone when it ends.

A running town is never touched: of its environment only the address of the PostgreSQL server and the keys are used.
"""

import argparse
import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import load

ROOT = Path(__file__).resolve().parents[1]
NAME_BEGIN = "gridward_bench_"
START_LIMIT_S = 90.0
STOP_LIMIT_S = 10.0
QUICK_TOWN_SCALE = 0.05
PRODUCT = "backend.config.settings"
PEERS = "benchmarks.peers.settings"
# What `./dev up` runs (tools/dev/programs.py).
GUNICORN = (
    "gunicorn", "backend.config.wsgi:application", "--worker-class", "gthread", "--threads", "4", "--timeout", "60",
    "--graceful-timeout", "2", "--no-control-socket",
    "--worker-tmp-dir", "/dev/shm",  # noqa: S108 - heartbeat files belong in memory
)  # fmt: skip

CELERY = (
    "celery", "-A", "backend.config.celery", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
)  # fmt: skip


class StageFailed(Exception):
    """Something that a benchmark needs does not start."""


def say(text: str) -> None:
    """Progress, beside the results."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    address: Path


class Stage:
    """Everything that benchmarks share in one run; made when first asked for, taken down at the end."""

    def __init__(self, *, quick: bool, options: argparse.Namespace) -> None:
        self.quick = quick
        self.options = options
        self.town_scale = QUICK_TOWN_SCALE if quick else 1.0
        self.workers = 1 if quick else 2
        self.folder = Path(tempfile.mkdtemp(prefix="gridward-bench-"))
        self._down = contextlib.ExitStack()
        self._down.callback(shutil.rmtree, self.folder, ignore_errors=True)
        os.environ.update(self._own_settings())

    def __enter__(self) -> Self:
        try:
            importlib.import_module("django").setup()
            self._start_redis()
            self._create_database()
        except BaseException:
            self._down.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._down.close()

    def _own_settings(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": PRODUCT,
            "GRIDWARD_ENV": "development",
            "GRIDWARD_DATABASE_NAME": f"{NAME_BEGIN}{os.getpid()}",
            "GRIDWARD_REDIS_SOCKET": str(self.folder / "redis.sock"),
            "GRIDWARD_REDIS_DATABASE_BASE": "0",
            "GRIDWARD_ALLOWED_HOSTS": "127.0.0.1",
            "GRIDWARD_PUBLIC_URL": "http://127.0.0.1",
            "GRIDWARD_OVER_TLS": "false",
            "GRIDWARD_DATA_DIR": str(self.folder / "data"),
            "GRIDWARD_MEDIA_DIR": str(self.folder / "media"),
            "GRIDWARD_STATIC_DIR": str(self.folder / "static"),
            "GRIDWARD_SMS_PROVIDER": "file",
            "GRIDWARD_SMS_FILE": str(self.folder / "sms.log"),
            "GRIDWARD_PHOTO_SENDFILE_PREFIX": "",
            "GRIDWARD_ANONYMOUS_REPORTS_PER_HOUR": "1000000000",
            "GRIDWARD_POSITION_BATCHES_PER_MINUTE": "1000000000",
        }

    def _start_redis(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise StageFailed("redis-server is not installed; ./dev up installs it")
        socket = self.folder / "redis.sock"
        options = {"port": "0", "unixsocket": str(socket), "save": "", "appendonly": "no", "dir": str(self.folder)}
        self._start([program, *(word for name, value in options.items() for word in (f"--{name}", value))], "redis")
        _wait_for(socket.exists, "Redis", self.folder / "redis.log")

    def _create_database(self) -> None:
        """Creates the database of this run; those of runs that were killed go first."""
        with self._administration() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{NAME_BEGIN}%"])
            for (name,) in cursor.fetchall():
                if not _lives(name.removeprefix(NAME_BEGIN)):
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{self.database_name}"')
        self._down.callback(self._drop_database)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def _drop_database(self) -> None:
        importlib.import_module("django.db").connections.close_all()
        with self._administration() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.database_name}" WITH (FORCE)')

    @property
    def database_name(self) -> str:
        return os.environ["GRIDWARD_DATABASE_NAME"]

    @contextlib.contextmanager
    def _administration(self) -> Iterator[Any]:
        """A cursor that may create databases."""
        connection = self._connection("postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _connection(self, name: str) -> Any:
        given = importlib.import_module("django.conf").settings.DATABASES["default"]
        names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
        return importlib.import_module("psycopg2").connect(
            dbname=name, options=given["OPTIONS"]["options"], **{names[key]: given[key] for key in names if given[key]}
        )

    @contextlib.contextmanager
    def connect(self) -> Iterator[Any]:
        """A psycopg2 connection to the database of this run, set up as the product's own are; commits at the end."""
        connection = self._connection(self.database_name)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    @cached_property
    def tables(self) -> None:
        """The product's empty tables."""
        importlib.import_module("django.core.management").call_command("migrate", verbosity=0)

    @cached_property
    def town(self) -> None:
        """The demo town in the database, loaded through the import commands; 84 grids, or a few when quick."""
        self.tables  # noqa: B018 - it is loaded into them
        manage = importlib.import_module("django.core.management").call_command
        say(f"loading the demo town (scale {self.town_scale:g}) …")
        begun = time.monotonic()
        log = self.folder / "town.log"
        with log.open("w") as out:
            manage("load_town", scale=self.town_scale, no_live_week=True, stdout=out)
        with importlib.import_module("django.db").connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        say(f"loaded in {time.monotonic() - begun:.0f} s")

    @cached_property
    def product(self) -> Server:
        """The product as `./dev up` runs it: gunicorn gthread, 2 processes of 4 threads."""
        self.town  # noqa: B018 - it answers from the town
        return self._gunicorn("web", PRODUCT, "/healthz")

    @cached_property
    def peers(self) -> Server:
        """The bare views of `benchmarks.peers`, under the same gunicorn."""
        self.town  # noqa: B018 - it stores beside the town
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(importlib.import_module("benchmarks.peers.tables").SQL)
        return self._gunicorn("peers", PEERS, "/bare")

    def _gunicorn(self, name: str, settings: str, first: str) -> Server:
        address = self.folder / f"{name}.sock"
        program = [str(Path(sys.executable).parent / GUNICORN[0]), *GUNICORN[1:]]
        program += ["--bind", f"unix:{address}", "--workers", str(self.workers)]
        server = Server(self._start(program, name, DJANGO_SETTINGS_MODULE=settings), address)

        def is_up() -> bool:
            if server.process.poll() is not None:
                raise StageFailed(f"{name} does not start:\n{_tail(self.folder / f'{name}.log')}")
            if not address.exists():
                return False
            try:
                load.drive(address, [iter([load.get(first)])], limit_s=1)
            except ConnectionError:
                return False
            return True

        _wait_for(is_up, name, self.folder / f"{name}.log")
        return server

    @contextlib.contextmanager
    def planners(self, processes: int, **settings: str) -> Iterator[Server]:
        """The product's Celery worker as `./dev up` starts it, with so many processes and nothing in its queue."""
        importlib.import_module("redis").Redis(unix_socket_path=str(self.folder / "redis.sock"), db=0).flushdb()
        name = f"worker-{processes}"
        program = [str(Path(sys.executable).parent / CELERY[0]), *CELERY[1:], "--concurrency", str(processes)]
        process = self._start(program, name, DJANGO_SETTINGS_MODULE=PRODUCT, **settings)
        log = self.folder / f"{name}.log"
        try:
            _wait_for(lambda: " ready." in log.read_text(errors="replace"), name, log)
            yield Server(process, log)
        finally:
            left = _children(process.pid)
            process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT_S)
            for pid in (process.pid, *left):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()

    def _start(self, program: list[str], name: str, **settings: str) -> subprocess.Popen[bytes]:
        """A child that ends with us, even when we are killed."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *program],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            )  # fmt: skip
        self._down.callback(_stop, process)
        return process

    def cpu_s(self, server: Server | None) -> float:
        """CPU seconds that the server's processes and the database's sessions of this run have spent so far.

        What others do on the machine moves this far less than wall time.
        """
        with self._administration() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [self.database_name])
            pids = {pid for (pid,) in cursor.fetchall()}
        if server is not None:
            pids |= {server.process.pid, *_children(server.process.pid)}
        return sum(_cpu_s(pid) for pid in pids)

    def empty_cache(self) -> None:
        """What the product keeps in Redis is forgotten."""
        importlib.import_module("django.core.cache").cache.clear()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(is_up: Callable[[], bool], name: str, log: Path) -> None:
    until = time.monotonic() + START_LIMIT_S
    while not is_up():
        if time.monotonic() > until:
            raise StageFailed(f"{name} does not answer within {START_LIMIT_S:.0f} s:\n{_tail(log)}")
        time.sleep(0.05)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    others = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [other for other in others if _stat(other)[1:2] == [str(pid)]]


def _cpu_s(pid: int) -> float:
    """User and system time of a process."""
    return sum(int(ticks) for ticks in _stat(pid)[11:13]) / os.sysconf("SC_CLK_TCK")


def _lives(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()


def machine_size() -> dict[str, Any]:
    """Cores, memory and versions: what a figure must be read against."""
    memory_kb = int(Path("/proc/meminfo").read_text().split("MemTotal:", 1)[1].split()[0])
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kb / 2**20, 1),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "load_average": round(os.getloadavg()[0], 1),
    }
