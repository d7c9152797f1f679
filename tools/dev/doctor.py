"""`./dev doctor`: what this machine and this checkout have and lack, and what to do about it."""

import os
import shutil
import sys

from tools.dev.environment import parse_bind
from tools.dev.machine import BROWSER, FONT, NGINX, POSTGRES, REDIS, VENV, Need, find_program, postgres_versions
from tools.dev.nginx import listener_on
from tools.dev.redis import town_redis
from tools.dev.terminal import say
from tools.dev.town import Town
from tools.dev.web import machine_node

LEAST_DISK_GB = 3


def doctor(town: Town) -> int:
    """Print one line for each finding; 1 when something is missing that ./dev up would not mend by itself."""
    town.layout.prepare()
    problems = 0
    for is_well, line in [*_machine(town), *_checkout(town)]:
        say(f"  {'ok ' if is_well else 'NO '} {line}")
        problems += not is_well
    if town.layout.python.exists() and town.postgres.is_running():
        say()
        problems += town.call(town.manage_argv(["doctor"])) != 0
    else:
        say("\n  The application itself is examined once the servers run: ./dev up, then ./dev doctor again.")
    return 1 if problems else 0


def _machine(town: Town) -> list[tuple[bool, str]]:
    free_gb = shutil.disk_usage(town.layout.state if town.layout.state.exists() else town.layout.root).free / 1e9
    node = machine_node()
    found = [
        (True, f"Python {sys.version.split()[0]} ({sys.executable})"),
        (free_gb > LEAST_DISK_GB, f"{free_gb:.0f} GB free ({LEAST_DISK_GB} needed)"),
        (True, f"PostgreSQL with PostGIS: {postgres_versions() or 'none yet'}"),
        (True, f"Node.js and npm: {node.program}" if node else "Node.js: comes from a Python wheel"),
    ]
    may_install = os.getuid() == 0 or find_program("sudo") is not None
    for need in (VENV, POSTGRES, REDIS, NGINX, BROWSER, FONT):
        found.append(_need(need, may_install=may_install))
    return found


def _need(need: Need, *, may_install: bool) -> tuple[bool, str]:
    if need.is_there():
        return True, need.name
    if may_install:
        return True, f"{need.name}: missing, ./dev up or ./dev test installs it"
    return False, f"{need.name}: missing, and there is no sudo. Ask for: apt-get install {' '.join(need.packages)}"


def _checkout(town: Town) -> list[tuple[bool, str]]:
    bind = parse_bind(town.settings["GRIDWARD_HTTP_BIND"])
    listener = listener_on(bind.port)
    redis = town_redis(town.layout)
    web_runs = (town.layout.app_sockets / "web.sock").exists()
    return [
        (True, f"state folder {town.layout.state}, sockets {town.layout.sockets}"),
        (True, f"PostgreSQL {'runs' if town.postgres.is_running() else 'does not run'}, data in {town.postgres.data}"),
        (True, f"Redis {'runs' if redis.is_running() else 'does not run'}"),
        (
            listener is None or web_runs,
            f"{bind.netloc} {f'is taken by {listener}' if listener else 'is free'}"
            + ("" if listener is None or web_runs else "; set GRIDWARD_HTTP_BIND to another"),
        ),
    ]
