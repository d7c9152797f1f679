"""A checkout made ready: packages, database, pages and demo town, each step only when something changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.dev import environment, web
from tools.dev.keys import ensure_keys
from tools.dev.layout import Layout
from tools.dev.locks import held, tried
from tools.dev.machine import Need, ensure_packages
from tools.dev.postgres import Postgres
from tools.dev.redis import Redis, test_redis, town_redis
from tools.dev.stamps import Stamps, digest_of
from tools.dev.terminal import Failure, run, say, step
from tools.dev.virtualenv import DEV_LOCK, ensure_venv

PYTHON_ROOMS = ("backend", "gis", "mobile_api", "maps", "fixtures")

# Grids of the demo in which last week was walked: enough to see tracks, and some tens of seconds of set-up.
WALKED_GRIDS = "2"


@dataclass
class Town:
    """One checkout with its servers and the settings that a developer gave."""

    layout: Layout
    given: Mapping[str, str]
    stamps: Stamps = field(init=False)
    postgres: Postgres = field(init=False)
    redis: Redis = field(init=False)

    def __post_init__(self) -> None:
        self.stamps = Stamps(self.layout.state / "stamps")
        self.postgres = Postgres(self.layout)
        self.redis = town_redis(self.layout)

    @property
    def settings(self) -> dict[str, str]:
        return environment.demo_settings(self.layout, self.given)

    def process_environment(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        return environment.process_environment(self.layout, settings or self.settings, os.environ)

    @contextmanager
    def set_up(self) -> Iterator[None]:
        """One command at a time changes packages, files and schema; a second one waits here."""
        self.layout.prepare()
        lock = self.layout.state / "run" / "setup.lock"
        with tried(lock) as alone:
            if alone:
                yield
                return
        say("Another ./dev is setting up this checkout; waiting for it …")
        with held(lock):
            yield

    @contextmanager
    def servers(self, *, for_test: bool = False) -> Iterator[None]:
        """PostgreSQL and Redis, started when nobody did; the last command that uses them stops them."""
        lock = self.layout.state / "run" / "servers.lock"
        redis = test_redis(self.layout) if for_test else self.redis
        try:
            with held(lock, shared=True):
                with held(self.layout.state / "run" / "start.lock"):
                    self.postgres.ensure_running()
                    redis.ensure_running()
                yield
        finally:
            with tried(lock) as alone:
                if alone:
                    self.stop_servers()

    def stop_servers(self) -> None:
        for redis in (test_redis(self.layout), self.redis):
            redis.stop()
        self.postgres.stop()

    def forget_data(self) -> None:
        """Take away database, queue, photos and town files; packages, pages and secrets stay."""
        self.stop_servers()
        self.postgres.remove()
        settings, state = self.settings, self.layout.state
        named = [Path(settings[name]) for name in ("GRIDWARD_MEDIA_DIR", "GRIDWARD_DATA_DIR")]
        for folder in (*named, self.redis.folder, state / "test"):
            # What a developer keeps elsewhere may belong to more than this town.
            if folder.resolve().is_relative_to(state):
                shutil.rmtree(folder, ignore_errors=True)
        for name in ("schema", "demo", "running"):
            self.stamps.forget(name)
        self.layout.remove_sockets()

    def ensure_python(self, needs: tuple[Need, ...]) -> None:
        """Machine packages, secrets and the Python environment."""
        ensure_packages(self.layout, needs)
        ensure_keys(self.layout.state / "secrets")
        ensure_venv(self.layout, self.stamps)
        settings = self.settings
        for name in ("GRIDWARD_MEDIA_DIR", "GRIDWARD_STATIC_DIR", "GRIDWARD_DATA_DIR"):
            Path(settings[name]).mkdir(parents=True, exist_ok=True)
        environment.write_env_file(self.layout.state / "env", settings)

    def ensure_pages(self) -> web.Node:
        """The web apps, built from the sources as they are."""
        node = web.ensure_node(self.layout)
        web.ensure_modules(self.layout, self.stamps, node)
        web.ensure_built(self.layout, self.stamps, node)
        return node

    def ensure_static_files(self) -> None:
        """Files of Django's packages, such as the API documentation page."""
        digest = digest_of([self.layout.root / DEV_LOCK], self.settings["GRIDWARD_STATIC_DIR"])
        if self.stamps.is_fresh("static", digest):
            return
        with step("static files"):
            self.manage("collectstatic", "--noinput", "--clear", log="static", next_step="mend what the log names")
        self.stamps.set("static", digest)

    def ensure_schema(self) -> None:
        """Migrations, when their files changed or the database is not as we left it."""
        files = sorted(self.layout.root.glob("backend/*/migrations/*.py"))
        digest = digest_of([*files, self.layout.root / DEV_LOCK], self.postgres.identity)
        if self.stamps.is_fresh("schema", digest + self.postgres.migrations_applied()):
            return
        with step("database schema"):
            self.manage("migrate", "--noinput", log="migrate", next_step="mend the migration that the log names")
        self.stamps.set("schema", digest + self.postgres.migrations_applied())

    def ensure_demo(self) -> None:
        """The demo town, loaded once for each database and scale, and again when its sources change."""
        digest = digest_of(
            [self.layout.root / "fixtures"], self.postgres.identity, self.settings["GRIDWARD_TOWN_SCALE"]
        )
        if self.stamps.is_fresh("demo", digest):
            return
        with step("demo town (some minutes the first time)"):
            self.manage(
                "load_town",
                "--walked",
                WALKED_GRIDS,
                log="load-town",
                next_step="see the log; ./dev up tries again, ./dev up --no-town starts without",
            )
        self.stamps.set("demo", digest)

    def source_digest(self) -> str:
        """Changes with anything that a running process has read."""
        rooms = [self.layout.root / room for room in PYTHON_ROOMS]
        files = [self.layout.root / DEV_LOCK, self.layout.root / "deploy" / "nginx"]
        settings = [f"{name}={value}" for name, value in sorted(self.settings.items())]
        return digest_of([*rooms, *files], *settings)

    def manage(self, *arguments: str, log: str, next_step: str) -> None:
        """One management command of the demo to its end. Raises Failure with its output."""
        run(
            self.manage_argv(arguments),
            log=self.layout.setup_log(log),
            failing=f"manage {arguments[0]} failed",
            next_step=next_step,
            env=self.process_environment(),
            cwd=self.layout.root,
        )

    def manage_argv(self, arguments: Sequence[str]) -> list[str]:
        return [str(self.layout.python), str(self.layout.root / "backend" / "manage.py"), *arguments]

    def call(self, argv: Sequence[str], settings: Mapping[str, str] | None = None) -> int:
        """Run in the foreground with the terminal as it is; the exit code."""
        try:
            return subprocess.run(
                argv, check=False, env=self.process_environment(settings), cwd=self.layout.root
            ).returncode
        except KeyboardInterrupt:
            return 130
        except FileNotFoundError as error:
            raise Failure(f"{error.filename} is not there", next_step="run ./dev up once") from error
