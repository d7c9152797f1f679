"""`up`, `down` and the supervisor process between them."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.dev import nginx
from tools.dev.environment import EVERYWHERE, Bind, parse_bind
from tools.dev.locks import tried
from tools.dev.machine import TO_RUN
from tools.dev.processes import is_process, keep_small
from tools.dev.programs import town_programs
from tools.dev.supervisor import Supervisor
from tools.dev.terminal import Failure, explain, say, step
from tools.dev.town import Town

STREAMED = ("web", "live", "worker")
ROUTINE = ": INFO/"  # Celery tells of every task; the whole story is in its log
PAGES = (("resident", "residents"), ("field", "grid workers"), ("console", "command centre"))


def up(town: Town, *, detach: bool, with_town: bool) -> int:
    """Make everything ready, start it, print where it is. In the foreground it stays until Ctrl-C."""
    started = time.monotonic()
    bind = parse_bind(town.settings["GRIDWARD_HTTP_BIND"])
    say(f"Gridward in {town.layout.root}, state in {town.layout.state}")
    with town.set_up():
        if _supervisor_pid(town) is None or not nginx.is_configured_for(town.layout, bind):
            nginx.ensure_port_free(bind)
        town.ensure_python(TO_RUN)
        town.ensure_pages()
        with town.servers():
            town.ensure_static_files()
            town.ensure_schema()
            if with_town:
                town.ensure_demo()
            digest = town.source_digest()
            running = _supervisor_pid(town)
            if running is not None and town.stamps.is_fresh("running", digest):
                _print_town(town, bind, with_town=with_town)
                say(f"It was running already (process {running}) and nothing has changed. ./dev down stops it.")
                return 0
            if running is not None:
                with step("stopping the older processes"):
                    stop_supervisor(town)
                nginx.ensure_port_free(bind)
            town.stamps.set("running", digest)
            if detach:
                with step("processes"):
                    _detach(town, bind)
                _print_town(town, bind, with_town=with_town)
                say(f"Ready in {time.monotonic() - started:.0f} s. ./dev logs follows the logs, ./dev down stops it.")
                return 0
    with town.servers():
        return _supervise(town, bind, started=started, with_town=with_town)


def down(town: Town, *, forget_data: bool = False) -> int:
    """Stop the processes and the servers; the data stay, unless they are to be forgotten."""
    town.layout.prepare()
    if _supervisor_pid(town) is not None:
        with step("stopping the processes"):
            stop_supervisor(town)
    with step("stopping PostgreSQL and Redis"):
        town.stop_servers()
    if forget_data:
        with step("removing database, queue, photos and town files"):
            town.forget_data()
        say("Everything is stopped and the data are gone; ./dev up begins anew.")
        return 0
    say("Everything is stopped. The data stay in the state folder; ./dev up brings them back.")
    return 0


def supervise(town: Town) -> int:
    """The detached supervisor: its output is logs/supervisor.log."""
    bind = parse_bind(town.settings["GRIDWARD_HTTP_BIND"])
    with town.servers():
        return _supervise(town, bind, started=None, with_town=False)


def stop_supervisor(town: Town) -> None:
    """Ask the supervisor to stop and wait for it, 45 s at most."""
    pid = _supervisor_pid(town)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 45
    while _supervisor_pid(town) is not None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.1)


def _lock_file(town: Town) -> Path:
    return town.layout.state / "run" / "supervisor.lock"


def _pid_file(town: Town) -> Path:
    return town.layout.state / "run" / "supervisor.pid"


def _supervisor_pid(town: Town) -> int | None:
    """Process of the running supervisor; its lock tells the truth even when the pid file is old."""
    with tried(_lock_file(town)) as free:
        if free:
            return None
    try:
        pid = int(_pid_file(town).read_text())
    except (OSError, ValueError):
        return None
    return pid if is_process(pid, "") else None


def _detach(town: Town, bind: Bind) -> None:
    """Start the supervisor in a session of its own and wait until the town answers."""
    log = town.layout.logs / "supervisor.log"
    keep_small(log)
    with log.open("ab") as file:
        begin = file.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.dev", "supervise"],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
            cwd=town.layout.root, env={**os.environ, **town.given, "PYTHONPATH": str(town.layout.root)},
        )  # fmt: skip
    deadline = time.monotonic() + 90
    while not _answers(bind):
        if child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            continue
        if child.poll() is None:
            child.terminate()
            child.wait(45)
        said = log.read_bytes()[begin:].decode(errors="replace").strip()
        raise Failure(
            "\n".join(["the processes did not start", *said.splitlines()]),
            next_step="mend what the log names (./dev logs shows the others), then run ./dev up again",
            log=town.layout.logs / "web.log",
        )


def _supervise(town: Town, bind: Bind, *, started: float | None, with_town: bool) -> int:
    with tried(_lock_file(town)) as alone:
        if not alone:
            raise Failure("another ./dev up has started this town just now", next_step="./dev down, then try again")
        _pid_file(town).write_text(str(os.getpid()))
        conf = nginx.write_configuration(town.layout, bind, town.settings)
        supervisor = Supervisor(
            programs=town_programs(town.layout, conf),
            environment=town.process_environment(),
            root=town.layout.root,
            postgres=town.postgres,
            redis=town.redis,
        )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, supervisor.ask_to_stop)
        try:
            supervisor.start_all()
            supervisor.wait_until_serving()
            stream = _Stream([town.layout.logs / f"{name}.log" for name in STREAMED]) if started is not None else None
            if started is not None:
                _wait_for_answer(town, bind, supervisor)
                _print_town(town, bind, with_town=with_town)
                say(f"Ready in {time.monotonic() - started:.0f} s. Ctrl-C stops everything.\n")
            supervisor.watch(stream.print_new if stream is not None else lambda: None)
        except Failure as failure:
            explain(failure)
            return 1
        finally:
            supervisor.stop_all()
            _pid_file(town).unlink(missing_ok=True)
    say("Stopped.")
    return 0


def _wait_for_answer(town: Town, bind: Bind, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + 60
    while not _answers(bind):
        if supervisor.is_stopping:
            return
        if time.monotonic() > deadline:
            raise Failure(
                f"{bind.url}/healthz does not answer", next_step="read the log", log=town.layout.logs / "web.log"
            )
        time.sleep(0.1)


def _answers(bind: Bind) -> bool:
    host = EVERYWHERE.get(bind.host, bind.host)
    connection = http.client.HTTPConnection(host, bind.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _print_town(town: Town, bind: Bind, *, with_town: bool) -> None:
    say()
    for page, people in PAGES:
        say(f"  {bind.url}/{page}/".ljust(44) + people)
    say(f"  {bind.url}/api/docs/".ljust(44) + "the API")
    say()
    if with_town:
        town.call(town.manage_argv(["demo_accounts"]))
        say()


class _Stream:
    """New lines of several logs (all there already), printed with the name of their process."""

    def __init__(self, logs: list[Path]) -> None:
        self.positions = {log: log.stat().st_size for log in logs}

    def print_new(self) -> None:
        for log in self.positions:
            size = log.stat().st_size if log.exists() else 0
            begin = self.positions[log] if self.positions[log] <= size else 0
            with log.open("rb") as file:
                file.seek(begin)
                chunk = file.read(size - begin)
            end = chunk.rfind(b"\n") + 1
            for line in chunk[:end].decode(errors="replace").splitlines():
                if ROUTINE not in line:
                    say(f"{log.stem:>7} | {line}")
            self.positions[log] = begin + end
