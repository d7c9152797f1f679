"""The Python environment: a venv filled from the lock files by uv, or by pip where uv cannot reach an index."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.stamps import Stamps, digest_of
from tools.dev.terminal import Failure, answer, logged, run, say, step

RUNTIME_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
NODE_LOCK = "requirements-node.lock"
BENCH_LOCK = "requirements-bench.lock"


def ensure_venv(layout: Layout, stamps: Stamps) -> None:
    """Create the venv and install the lock files, unless that was done for exactly these files and this Python."""
    lock = layout.root / DEV_LOCK
    if not _works(layout.python):
        stamps.forget("venv")
        with step(f"Python environment with {sys.version.split()[0]}"):
            run(
                [sys.executable, "-m", "venv", "--clear", layout.venv],
                log=layout.setup_log("venv"),
                failing=f"could not create the Python environment {layout.venv}",
                next_step="remove that folder and run the same command again",
            )
    digest = digest_of([layout.root / RUNTIME_LOCK, lock], str(layout.venv), _version(layout.python))
    if stamps.is_fresh("venv", digest):
        return
    with step(f"Python packages from {DEV_LOCK}"):
        _ensure_uv(layout)
        install(layout, lock)
    stamps.set("venv", digest)


def install(layout: Layout, lock: Path) -> None:
    """Install one lock file, hashes checked. Raises Failure with the installer's own words."""
    log = layout.setup_log("python-packages")
    log.parent.mkdir(parents=True, exist_ok=True)
    uv = [str(layout.venv / "bin" / "uv"), "pip", "install", "--python", str(layout.python), "--require-hashes"]
    pip = [str(layout.python), "-m", "pip", "install", "--no-input", "--require-hashes"]
    env = {**os.environ, **uv_settings(pip_settings(layout.python), os.environ)}
    with log.open("wb") as file:
        for argv in (uv, pip):
            if logged([*argv, "-r", str(lock)], file, env=env) == 0:
                return
            file.write(b"\n")
    raise Failure(
        f"could not install the Python packages of {lock.name}",
        next_step="see that the package index is reachable (pip's own settings are used), then run again",
        log=log,
    )


def pip_settings(python: Path) -> dict[str, str]:
    """What pip is set to on this machine: option name → value, the environment overruling the files."""
    done = answer([python, "-m", "pip", "config", "list"])
    found: dict[str, str] = {}
    # The command lists the environment first; it must win over the files.
    for line in reversed(done.stdout.splitlines()):
        match = re.fullmatch(r"(?:global|install|user|site|:env:)\.([a-z-]+)='(.*)'", line)
        if match:
            found[match[1]] = match[2]
    return found


def uv_settings(pip: dict[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings in uv's words, because uv does not read them: a mirror set for pip serves both. uv's own win."""
    wanted = {"UV_SYSTEM_CERTS": "true", "UV_LINK_MODE": "copy"}
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    for option, variable in names.items():
        if option in pip:
            joined = pip[option].replace("\\n", " ").split()
            wanted[variable] = ("," if option == "find-links" else " ").join(joined)
    if "cert" in pip:
        wanted["SSL_CERT_FILE"] = pip["cert"]
    if "UV_INDEX" in wanted:
        # Safe, because every file is held to a hash of the lock.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in wanted.items() if name not in environ}


def locked_block(lock_text: str, package: str) -> str:
    """The lines of one package (version and hashes) in a lock file. Raises ValueError when it is not there."""
    match = re.search(rf"^{re.escape(package)}==.*?(?=^\S|\Z)", lock_text, re.MULTILINE | re.DOTALL)
    if match is None:
        raise ValueError(f"{package} is not in the lock file")
    return "".join(line for line in match[0].splitlines(keepends=True) if not line.lstrip().startswith("#"))


def _ensure_uv(layout: Layout) -> None:
    """uv of the locked version in the venv, brought by pip."""
    text = (layout.root / DEV_LOCK).read_text()
    block = locked_block(text, "uv")
    version = block.split("==", 1)[1].split()[0]
    uv = layout.venv / "bin" / "uv"
    if uv.exists():
        have = answer([uv, "--version"]).stdout.split()
        if len(have) > 1 and have[1] == version:
            return
    wanted = layout.state / "run" / "uv.txt"
    wanted.write_text(block)
    run(
        [layout.python, "-m", "pip", "install", "--no-input", "--require-hashes", "-r", wanted],
        log=layout.setup_log("uv"),
        failing="could not install uv, which installs the other Python packages",
        next_step="see that pip can reach a package index, then run the same command again",
    )


def write_locks(layout: Layout) -> None:
    """Resolve pyproject.toml anew into the four lock files: every platform, with hashes, without index addresses."""
    common = [
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--quiet",
    ]
    jobs = (
        (RUNTIME_LOCK, ["pyproject.toml"]),
        (DEV_LOCK, ["pyproject.toml", "--group", "dev", "-c", RUNTIME_LOCK]),
        (NODE_LOCK, ["--group", "node"]),
        (BENCH_LOCK, ["--group", "bench"]),
    )
    # Only the index itself and the certificate: files from side sources must not leave their hashes in the lock.
    pip = {name: value for name, value in pip_settings(layout.python).items() if name in {"index-url", "cert"}}
    env = {**os.environ, **uv_settings(pip, os.environ)}
    for lock, sources in jobs:
        with step(lock):
            run(
                [layout.venv / "bin" / "uv", "pip", "compile", *common, *sources, "-o", lock],
                log=layout.setup_log("lock"),
                failing=f"could not resolve {lock}",
                next_step="mend pyproject.toml as uv says, then run ./dev lock again",
                env=env,
                cwd=layout.root,
            )
    say("Commit the lock files together with pyproject.toml.")


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return answer([python, "-c", probe]).returncode == 0


def _version(python: Path) -> str:
    return answer([python, "--version"]).stdout.strip()
