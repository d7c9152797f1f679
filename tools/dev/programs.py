"""The processes of a running town that the supervisor starts: which command, which log, how to see that it serves."""

from dataclasses import dataclass
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.machine import find_program
from tools.dev.terminal import Failure


@dataclass(frozen=True)
class Program:
    """One process. `socket` is what it must listen on before it counts as started; `patience_s` is its time to stop."""

    name: str
    argv: tuple[str, ...]
    log: Path
    socket: Path | None = None
    patience_s: float = 10


def town_programs(layout: Layout, nginx_conf: Path) -> list[Program]:
    """Everything but the database and Redis, in the order of starting."""
    venv, sockets = layout.venv / "bin", layout.app_sockets
    nginx = find_program("nginx")
    if nginx is None:
        raise Failure("nginx is not installed", next_step="run ./dev up, which installs it")
    web, live = sockets / "web.sock", sockets / "live.sock"
    beat = layout.state / "beat"
    beat.mkdir(exist_ok=True)
    commands = {
        "web": (
            f"{venv}/gunicorn", "backend.config.wsgi:application", "--bind", f"unix:{web}", "--worker-class", "gthread",
            "--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "8", "--no-control-socket",
            "--worker-tmp-dir", "/dev/shm",  # noqa: S108 - heartbeat files belong in memory
        ),
        "live": (
            f"{venv}/uvicorn", "maps.live:application", "--uds", f"{live}", "--no-access-log",
            "--timeout-graceful-shutdown", "2",
        ),
        "worker": (
            f"{venv}/celery", "-A", "backend.config.celery", "worker", "--concurrency", "2", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle", "--hostname", f"worker-{layout.key}@%h",
        ),
        "beat": (
            f"{venv}/celery", "-A", "backend.config.celery", "beat", "--loglevel", "INFO",
            "--schedule", f"{beat / 'schedule'}", "--pidfile", "",
        ),
        "nginx": (str(nginx), "-p", str(layout.nginx), "-c", str(nginx_conf), "-e", "stderr"),
    }  # fmt: skip
    listening = {"web": web, "live": live}
    patience = {"worker": 20.0}
    return [
        Program(name, argv, layout.logs / f"{name}.log", listening.get(name), patience.get(name, 10))
        for name, argv in commands.items()
    ]
