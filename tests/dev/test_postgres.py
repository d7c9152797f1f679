"""The private PostgreSQL: what a killed server leaves behind."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.dev.layout import Layout
from tools.dev.postgres import Postgres


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    one = Postgres(Layout(root=tmp_path, state=tmp_path / "state"))
    one.data.mkdir(parents=True)
    one.layout.postgres_sockets.mkdir(parents=True, exist_ok=True)
    return one


def lock_files_of(pid: int, postgres: Postgres) -> list[Path]:
    files = [postgres.data / "postmaster.pid", postgres.layout.postgres_sockets / ".s.PGSQL.5432.lock"]
    for file in files:
        file.write_text(f"{pid}\n")
    return files


def test_a_killed_server_that_nobody_reaps_counts_as_gone(postgres: Postgres, tmp_path: Path) -> None:
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "postgres")
    with subprocess.Popen([program, "60"]) as server:
        files = lock_files_of(server.pid, postgres)
        try:
            postgres._forget_dead_server()
            assert [file.exists() for file in files] == [True, True]
        finally:
            server.kill()
        while Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass
        postgres._forget_dead_server()
        assert [file.exists() for file in files] == [False, False]
    postgres.layout.remove_sockets()


def test_a_number_that_somebody_else_got_counts_as_gone(postgres: Postgres) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        files = lock_files_of(other.pid, postgres)
        postgres._forget_dead_server()
        other.kill()
    assert [file.exists() for file in files] == [False, False]
    postgres.layout.remove_sockets()
