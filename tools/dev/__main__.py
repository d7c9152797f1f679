"""`./dev COMMAND`: reads the command line and calls the room that does it."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.dev import environment, running, web
from tools.dev.checks import API_SCHEMA, run_checks
from tools.dev.doctor import doctor
from tools.dev.locks import held, tried
from tools.dev.machine import TO_RUN, TO_TEST
from tools.dev.terminal import Failure, explain, run, say, step
from tools.dev.town import Town
from tools.dev.virtualenv import write_locks

ROOT = Path(__file__).resolve().parents[2]
LOGS = ("web", "live", "worker", "beat", "nginx", "access", "supervisor", "redis", "postgres")
PASSED_ON = {"test": "arguments for pytest", "bench": "name and arguments", "manage": "a management command"}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="./dev", description="The one developer command of Gridward.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="make everything ready, start it, print where it is")
    up.add_argument("--detach", action="store_true", help="come back when it runs, instead of staying until Ctrl-C")
    up.add_argument("--no-town", action="store_true", help="do not load the demo town")
    down = commands.add_parser("down", help="stop everything; the data stay")
    down.add_argument("--forget-data", action="store_true", help="remove database, queue, photos and town files too")
    commands.add_parser("test", help="run the test suite (further arguments go to pytest)", add_help=False)
    commands.add_parser("check", help="run all linters and type checkers")
    commands.add_parser("bench", help="run one benchmark or all", add_help=False)
    commands.add_parser("manage", help="run a management command in the environment of the town", add_help=False)
    commands.add_parser("doctor", help="say what is missing and what to do about it")
    logs = commands.add_parser("logs", help="follow the logs")
    logs.add_argument("name", nargs="?", choices=LOGS, help="one of them; all when left out")
    commands.add_parser("lock", help="resolve pyproject.toml anew into the lock files")
    commands.add_parser("api", help="write the API's schema and typed client into web/ anew")
    commands.add_parser("supervise")
    return top


def main(argv: list[str]) -> int:
    passed_on: list[str] = []
    if argv and argv[0] in PASSED_ON:
        argv, passed_on = argv[:1], argv[1:]
    arguments = parser().parse_args(argv)
    try:
        given = environment.given_settings(ROOT, os.environ)
        town = Town(environment.layout_of(ROOT, given), given)
        return _dispatch(town, arguments, passed_on)
    except Failure as failure:
        explain(failure)
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _dispatch(town: Town, arguments: argparse.Namespace, passed_on: list[str]) -> int:
    commands: dict[str, Callable[[], int]] = {
        "up": lambda: running.up(town, detach=arguments.detach, with_town=not arguments.no_town),
        "down": lambda: running.down(town, forget_data=arguments.forget_data),
        "supervise": lambda: running.supervise(town),
        "test": lambda: test(town, passed_on),
        "check": lambda: check(town),
        "bench": lambda: in_town(town, [str(town.layout.python), "-m", "benchmarks", *passed_on]),
        "manage": lambda: in_town(town, town.manage_argv(passed_on)),
        "doctor": lambda: doctor(town),
        "logs": lambda: logs(town, arguments.name),
        "lock": lambda: lock(town),
        "api": lambda: write_api(town),
    }
    return commands[arguments.command]()


def check(town: Town) -> int:
    """All linters and type checkers."""
    with town.set_up():
        town.ensure_python(TO_RUN)
        node = web.ensure_node(town.layout)
        web.ensure_modules(town.layout, town.stamps, node)
    with town.servers():
        return run_checks(town, node)


def write_api(town: Town) -> int:
    """The OpenAPI schema as the views declare it, and the TypeScript types made from it."""
    with town.set_up():
        town.ensure_python(TO_RUN)
        node = web.ensure_node(town.layout)
        web.ensure_modules(town.layout, town.stamps, node)
        with step(API_SCHEMA):
            schema = ("spectacular", "--validate", "--fail-on-warn", "--file", API_SCHEMA)
            town.manage(*schema, log="api-schema", next_step="mend the view that the log names")
        with step("typed client"):
            run(
                node.command("run", "api"),
                log=town.layout.setup_log("api-client"),
                failing="could not make the typed client",
                next_step="see the log",
                env=node.environment(),
                cwd=town.layout.web,
            )
    return 0


def lock(town: Town) -> int:
    """New lock files."""
    with town.set_up():
        town.ensure_python(TO_RUN)
        write_locks(town.layout)
    return 0


def in_town(town: Town, argv: list[str]) -> int:
    """A command in the environment of the demo town, with its servers running."""
    with town.set_up():
        town.ensure_python(TO_RUN)
    with town.servers():
        return town.call(argv)


def test(town: Town, passed_on: list[str]) -> int:
    """The test suite with servers, database and folders of its own; what pytest prints comes last."""
    with town.set_up():
        town.ensure_python(TO_TEST)
        town.ensure_pages()
    settings = environment.test_settings(town.layout)
    for name in ("GRIDWARD_MEDIA_DIR", "GRIDWARD_DATA_DIR"):
        Path(settings[name]).mkdir(parents=True, exist_ok=True)
    alone = any(word in {"-n", "--pdb", "--collect-only", "--co"} or word.startswith("-n") for word in passed_on)
    parallel = [] if alone else ["-n", "2", "--dist", "loadgroup"]
    test_lock = town.layout.state / "run" / "test.lock"
    with town.servers(for_test=True):
        with tried(test_lock) as alone:
            if alone:
                town.postgres.drop_left_over_tests()
        with held(test_lock, shared=True):
            return town.call([str(town.layout.python), "-m", "pytest", *parallel, *passed_on], settings)


def logs(town: Town, name: str | None) -> int:
    """Follow one log, or all of them, until Ctrl-C."""
    postgres = town.postgres.log
    files = [
        postgres if each == "postgres" else town.layout.logs / f"{each}.log" for each in ([name] if name else LOGS)
    ]
    there = [str(file) for file in files if file.exists()]
    if not there:
        raise Failure("there is no such log yet", next_step="./dev up starts the processes that write it")
    try:
        return subprocess.run(["tail", "-n", "40", "-F", *there], check=False).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
