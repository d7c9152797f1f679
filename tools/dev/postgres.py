"""The private PostgreSQL of a checkout: one cluster, Unix socket only, never run as root."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.machine import POSTGRES_FOLDER, postgres_versions
from tools.dev.processes import is_process, keep_small
from tools.dev.terminal import Failure, answer, run, step

ADMIN = "postgres"
APP_ROLE = "gridward"
DATABASES = ("gridward", "gridward_test")
SERVER_ACCOUNT = "postgres"

SETTINGS = """\
# Written by ./dev at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = 5432
max_connections = 120
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
log_lock_waits = on
"""


class Postgres:
    """Server, cluster and databases of one layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.account = SERVER_ACCOUNT if os.getuid() == 0 else None

    @cached_property
    def home(self) -> Path:
        """Folder of the cluster and its log: in the state folder, or elsewhere when the server may not enter there."""
        if self._location_note.is_file():
            return Path(self._location_note.read_text().strip())
        home = self.layout.state / "pg"
        if self.account is not None and not self._may_enter(self.layout.state):
            home = Path("/var/lib") / f"gridward-{self.layout.key}"
        return home

    @property
    def _location_note(self) -> Path:
        """Where the cluster was made; it stays there when the rights of the checkout change later."""
        return self.layout.state / "pg.location"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @cached_property
    def programs(self) -> Path:
        """Folder of the server programs that fit the cluster. Raises Failure when its version is not installed."""
        versions = postgres_versions()
        stated = self.data / "PG_VERSION"
        wanted = int(stated.read_text()) if stated.is_file() else (versions[0] if versions else 0)
        if wanted not in versions:
            raise Failure(
                f"{self.data} needs PostgreSQL {wanted} with PostGIS, the machine has {versions or 'none'}",
                next_step=f"install postgresql-{wanted}-postgis-3, or remove {self.home} to begin anew",
            )
        return POSTGRES_FOLDER / str(wanted) / "bin"

    def ensure_running(self) -> None:
        """Create the cluster if there is none, start it if it does not run, create role and databases."""
        if not self.is_running():
            self._make_folders()
            if not (self.data / "PG_VERSION").is_file():
                with step("PostgreSQL cluster"):
                    self._create_cluster()
            self.start()
        marker = self.home / "prepared"
        if not marker.exists():
            with step("databases"):
                self._create_databases()
                marker.write_text(str(time.time_ns()))

    @property
    def identity(self) -> str:
        """Differs for every newly made cluster, so that stamps of an older one do not count."""
        marker = self.home / "prepared"
        return marker.read_text() if marker.exists() else ""

    def is_running(self) -> bool:
        pid = self._postmaster()
        return (
            pid is not None
            and is_process(pid, "postgres")
            and (self.layout.postgres_sockets / ".s.PGSQL.5432").exists()
        )

    def start(self) -> None:
        """Start and wait until it answers (crash recovery included). Raises Failure after 90 s."""
        if self._launch("-w", "-t", "90").returncode != 0:
            raise Failure(
                "PostgreSQL does not start",
                next_step="read the log; with a full disk or a foreign process the reason is there",
                log=self.log,
            )

    def begin(self) -> None:
        """Start without waiting; its log tells how it went."""
        self._launch("-W")

    def _launch(self, *waiting: str) -> subprocess.CompletedProcess[str]:
        self._make_folders()
        self._forget_dead_server()
        keep_small(self.log)
        (self.data / "gridward.conf").write_text(SETTINGS.format(sockets=self.layout.postgres_sockets))
        return self._run("pg_ctl", "-D", str(self.data), "-l", str(self.log), *waiting, "start")

    def _forget_dead_server(self) -> None:
        """Take away the lock files of a killed server.

        PostgreSQL believes them for as long as the number is in the process table, and where nobody reaps orphans a
        killed server stays there for ever. Should one of its children still live, its shared memory tells the new one.
        """
        pid = self._postmaster()
        if pid is not None and not is_process(pid, "postgres"):
            for lock in (self.data / "postmaster.pid", self.layout.postgres_sockets / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop, open sessions included; kill when it does not obey within 30 s."""
        pid = self._postmaster()
        if pid is None or not is_process(pid, "postgres"):
            return
        done = self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "30", "stop")
        if done.returncode != 0 and is_process(pid, "postgres"):
            os.kill(pid, signal.SIGQUIT)

    def remove(self) -> None:
        """Stop, and take away the cluster with everything in it, wherever it lies."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        self._location_note.unlink(missing_ok=True)
        for name in ("home", "programs"):
            self.__dict__.pop(name, None)

    def query(self, sql: str, *, database: str = "gridward") -> str:
        """Unaligned answer of one statement, asked as the administrator. Raises Failure with the server's words."""
        done = self._psql(sql, database=database)
        if done.returncode != 0:
            raise Failure(f"PostgreSQL refused: {done.stderr.strip()}", next_step="read its log", log=self.log)
        return done.stdout.strip()

    def drop_left_over_tests(self) -> None:
        """Remove the databases of test runs that were killed. Only for a caller who knows that no test runs now."""
        names = self.query("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_gridward%'", database=ADMIN)
        for name in names.split():
            self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', database=ADMIN)

    def migrations_applied(self) -> str:
        """Count and newest row of the migration table, '' without one: cheap to ask, other after every migration."""
        done = self._psql("SELECT count(*), max(id), max(applied) FROM django_migrations", database="gridward")
        return done.stdout.strip() if done.returncode == 0 else ""

    def _psql(self, sql: str, *, database: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.layout.postgres_sockets),
            "-U", ADMIN, "-d", database, "-c", sql,
        )  # fmt: skip

    def _make_folders(self) -> None:
        self._location_note.write_text(f"{self.home}\n")
        for folder, mode in ((self.home, 0o755), (self.layout.postgres_sockets, 0o700)):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)
            if self.account is not None:
                shutil.chown(folder, self.account, self.account)

    def _create_cluster(self) -> None:
        """Into a folder aside that is renamed when complete: an interrupted run leaves no half cluster."""
        aside = self.home / "data.new"
        shutil.rmtree(aside, ignore_errors=True)
        log = self.layout.setup_log("initdb")
        run(
            [*self._as_server(), self.programs / "initdb", "-D", aside, "-U", ADMIN, "--encoding=UTF8",
             "--locale=C.UTF-8", "--data-checksums", "--auth-local=peer", "--auth-host=reject"],
            log=log,
            failing="could not create the PostgreSQL cluster",
            next_step=f"see the log; the folder is {self.home}",
            cwd=Path("/"),
        )  # fmt: skip
        (aside / "pg_hba.conf").write_text("local all all peer map=owner\n")
        names = {_account_name(os.getuid()), self.account or _account_name(os.getuid())}
        lines = [f"owner {name} {role}" for name in sorted(names) for role in (ADMIN, APP_ROLE)]
        (aside / "pg_ident.conf").write_text("\n".join(lines) + "\n")
        with (aside / "postgresql.conf").open("a") as file:
            file.write("include_if_exists = 'gridward.conf'\n")
        aside.rename(self.data)

    def _create_databases(self) -> None:
        """PostGIS goes into the template: the application's role needs no right to install extensions."""
        self.query("CREATE EXTENSION IF NOT EXISTS postgis", database="template1")
        if APP_ROLE not in self.query("SELECT rolname FROM pg_roles", database=ADMIN).split():
            self.query(f"CREATE ROLE {APP_ROLE} LOGIN CREATEDB", database=ADMIN)
        existing = self.query("SELECT datname FROM pg_database", database=ADMIN).split()
        for name in DATABASES:
            if name not in existing:
                self.query(f"CREATE DATABASE {name} OWNER {APP_ROLE}", database=ADMIN)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
        return answer([*self._as_server(), self.programs / program, *arguments], env=env, cwd=Path("/"))

    def _as_server(self) -> list[str]:
        """Prefix that makes a command run as the server's account."""
        if self.account is None:
            return []
        return ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--clear-groups"]

    def _may_enter(self, folder: Path) -> bool:
        return answer([*self._as_server(), "test", "-x", folder], cwd=Path("/")).returncode == 0

    def _postmaster(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        raise Failure(
            f"user {uid} has no name on this machine, and PostgreSQL needs one",
            next_step="add the user to /etc/passwd, or run ./dev as another one",
        ) from error
