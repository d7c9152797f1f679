"""`./dev check`: every linter and type checker, one line each, the output of those that object."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.dev import nginx
from tools.dev.environment import parse_bind, production_settings
from tools.dev.layout import Layout
from tools.dev.machine import find_program
from tools.dev.terminal import answer, say
from tools.dev.town import Town
from tools.dev.web import Node

TYPED_ROOMS = ("backend", "gis", "mobile_api", "maps", "fixtures", "benchmarks", "tools")
API_SCHEMA = "web/core/src/api/schema.yaml"


@dataclass(frozen=True)
class Check:
    """One command that must end with 0."""

    name: str
    argv: list[str]
    cwd: Path
    env: Mapping[str, str]


def all_checks(town: Town, node: Node) -> list[Check]:
    root, bin_folder = town.layout.root, town.layout.venv / "bin"
    plain, production = town.process_environment(), town.process_environment(production_settings(town.layout))
    conf = _nginx_configuration(town)
    schema, web, npm = town.layout.state / "run" / "schema.yaml", town.layout.web, node.environment()
    shell_files = [str(path) for path in (root / "dev", root / ".ci" / "run", *sorted(root.glob("deploy/*.sh")))]
    shell_files += [str(path) for path in sorted(root.glob("tools/dev/*.sh"))]

    def python(name: str, *argv: str) -> Check:
        return Check(name, [str(bin_folder / argv[0]), *argv[1:]], root, plain)

    def manage(name: str, env: Mapping[str, str], *argv: str) -> Check:
        return Check(name, town.manage_argv(argv), root, env)

    return [
        python("ruff check", "ruff", "check", "."),
        python("ruff format", "ruff", "format", "--check", "."),
        python("mypy", "mypy", *[room for room in TYPED_ROOMS if (root / room).is_dir()]),
        python("import rules", "lint-imports"),
        manage("migrations", plain, "makemigrations", "--check", "--dry-run"),
        manage("production settings", production, "check", "--deploy", "--fail-level", "WARNING"),
        manage("API schema", plain, "spectacular", "--validate", "--fail-on-warn", "--file", str(schema)),
        Check("API schema in web (./dev api writes it)", ["diff", "--brief", str(schema), API_SCHEMA], root, plain),
        Check("API client in web (./dev api writes it)", node.command("run", "api", "--", "--check"), web, npm),
        Check("web", node.command("run", "check"), web, npm),
        python("shell", "shellcheck", *shell_files),
        python("compose file", "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        python("Dockerfile", "hadolint", "deploy/Dockerfile"),
        Check("nginx", [str(find_program("nginx")), "-t", "-q", "-e", "stderr", "-c", str(conf)], root, plain),
    ]


def _nginx_configuration(town: Town) -> Path:
    """Written aside, because a running town may listen elsewhere than this command was told."""
    aside = Layout(root=town.layout.root, state=town.layout.state / "run" / "check")
    for folder in (aside.nginx, aside.logs):
        folder.mkdir(parents=True, exist_ok=True)
    return nginx.write_configuration(aside, parse_bind(town.settings["GRIDWARD_HTTP_BIND"]), town.settings)


def run_checks(town: Town, node: Node) -> int:
    """Run all of them, also after one has failed; 1 when any did."""
    failed = []
    for item in all_checks(town, node):
        print(f"  {item.name} … ", end="", flush=True)
        started = time.monotonic()
        done = answer(item.argv, cwd=item.cwd, env=item.env)
        took = f"{time.monotonic() - started:.1f} s"
        if done.returncode == 0:
            say(f"ok  {took}")
            continue
        failed.append(item.name)
        say(f"FAILED  {took}")
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            say(f"      {line}")
    if failed:
        say(f"\n{len(failed)} checks failed: {', '.join(failed)}")
        return 1
    say("\nAll checks pass.")
    return 0
