"""`python -m benchmarks [NAME …]`: runs benchmarks, prints their tables, keeps the figures of a full run."""

import argparse
import importlib
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import CheckFailed, Table
from benchmarks.load import LoadFailed
from benchmarks.options import add_options
from benchmarks.stage import ROOT, Stage, StageFailed, machine_size, say

NAMES = ("locate", "intake", "plan", "tracks", "tiles", "publish")
# Want files that are not ours to ship, or packages that the product does not need.
ON_REQUEST = ("rounds", "replan", "division", "network")
RESULTS = Path(__file__).with_name("results.json")


def main(argv: list[str]) -> int:
    """0 when every benchmark ran and what it checked held."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    choice = f"of {', '.join(NAMES)} (all of these when left out), {', '.join(ON_REQUEST)}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=choice)
    parser.add_argument("--quick", action="store_true", help="a tiny size, to see that it runs; figures mean little")
    parser.add_argument("--json", action="store_true", help="print the same figures for machines")
    add_options(parser)
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in NAMES + ON_REQUEST]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES + ON_REQUEST)}")
    names = arguments.names or NAMES
    # A polite end takes the database and the servers down, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    about = _about()
    tables: list[Table] = []
    try:
        with Stage(quick=arguments.quick, options=arguments) as stage:
            for name in names:
                tables.append(importlib.import_module(f"benchmarks.{name}").run(stage))
                if not arguments.json:
                    print(f"{tables[-1].text()}\n", flush=True)
    except (CheckFailed, LoadFailed, StageFailed) as failure:
        say(str(failure))
        return 1
    content = {**about, "benchmarks": {table.name: table.content() for table in tables}}
    written = json.dumps(content, indent=2, ensure_ascii=False)
    if arguments.json:
        print(written)
    if not arguments.names and not arguments.quick:
        RESULTS.write_text(f"{written}\n", encoding="utf-8")
        say(f"kept in {RESULTS.relative_to(ROOT)}")
    return 0


def _about() -> dict[str, Any]:
    """When, of which commit and on what machine."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = bool(_git("status", "--porcelain", "--untracked-files=no"))
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": f"{commit}{'+changes' if changed else ''}" if commit else "unknown",
        "machine": machine_size(),
    }


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
