"""The supervisor and the port: real processes, short ones."""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.dev.environment import parse_bind
from tools.dev.nginx import ensure_port_free, listener_on
from tools.dev.programs import Program
from tools.dev.supervisor import Supervisor, pause_after
from tools.dev.terminal import Failure


class Steady:
    """A server that always runs."""

    log = Path("/dev/null")

    def is_running(self) -> bool:
        return True

    def begin(self) -> None:
        raise AssertionError("it runs already")


class Dead(Steady):
    """A server that never comes up."""

    begun = 0

    def is_running(self) -> bool:
        return False

    def begin(self) -> None:
        self.begun += 1


def supervisor_of(programs: list[Program], root: Path) -> Supervisor:
    return Supervisor(
        programs=programs, environment={"PATH": "/usr/bin:/bin"}, root=root, postgres=Steady(), redis=Steady()
    )


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_pauses_grow_and_end_at_half_a_minute() -> None:
    assert [pause_after(deaths) for deaths in (1, 2, 3, 5, 6, 60)] == [1, 2, 4, 16, 30, 30]


def test_a_program_that_dies_is_started_again(tmp_path: Path) -> None:
    line = "echo started >>starts; exec sleep 60"
    supervisor = supervisor_of([Program("worker", ("sh", "-c", line), tmp_path / "worker.log")], tmp_path)
    starts = tmp_path / "starts"
    began = time.monotonic()
    killed: set[int] = set()

    def after_beat() -> None:
        seen = starts.read_text().count("started") if starts.exists() else 0
        process = supervisor.children[0].process
        if seen == 1 and not killed and process is not None:
            process.kill()
            killed.add(process.pid)
        if seen == 2 or time.monotonic() - began > 10:
            supervisor.ask_to_stop()

    supervisor.start_all()
    supervisor.watch(after_beat)
    supervisor.stop_all()
    assert starts.read_text().count("started") == 2
    assert not supervisor.children[0].is_running()


def test_a_server_that_is_gone_is_started_with_pauses_and_holds_up_nothing(tmp_path: Path) -> None:
    supervisor = supervisor_of([], tmp_path)
    supervisor.postgres = dead = Dead()
    beats = 0

    def after_beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 3:
            supervisor.ask_to_stop()

    supervisor.watch(after_beat)
    assert dead.begun == 1


def test_a_program_that_ignores_the_request_is_killed_with_its_children(tmp_path: Path) -> None:
    line = "trap '' TERM; sleep 60 & echo $! >child; wait; wait"
    program = Program("worker", ("sh", "-c", line), tmp_path / "worker.log", patience_s=0.3)
    supervisor = supervisor_of([program], tmp_path)
    supervisor.start_all()
    note = tmp_path / "child"
    assert until(lambda: note.exists() and note.read_text().strip() != "")
    grandchild = int(note.read_text())
    supervisor.stop_all()
    assert not supervisor.children[0].is_running()
    stat = Path(f"/proc/{grandchild}/stat")
    assert until(lambda: not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_a_program_that_never_listens_is_named_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    program = Program("web", ("sh", "-c", "echo no settings; exit 1"), log, socket=tmp_path / "web.sock")
    supervisor = supervisor_of([program], tmp_path)
    supervisor.start_all()
    with pytest.raises(Failure, match="web does not start") as caught:
        supervisor.wait_until_serving(5)
    assert caught.value.log == log


def test_a_taken_port_is_named_with_its_owner_and_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match="is taken by") as caught:
            ensure_port_free(parse_bind(f"127.0.0.1:{port}"))
        assert "GRIDWARD_HTTP_BIND" in caught.value.next_step
        owner = listener_on(port)
        assert owner is not None
        assert owner.startswith(Path("/proc/self/comm").read_text().strip())
    ensure_port_free(parse_bind(f"127.0.0.1:{port}"))


def test_the_set_up_needs_nothing_but_the_standard_library() -> None:
    root = Path(__file__).resolve().parents[2]
    allowed = sys.stdlib_module_names | {"tools"}
    for file in (root / "tools" / "dev").glob("*.py"):
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert words[1].split(".")[0] in allowed, f"{file.name}: {line}"
