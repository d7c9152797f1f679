"""What the machine must bring, and how it gets there: Debian or Ubuntu packages, none of their services started."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.terminal import Failure, answer, logged, step

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
POSTGRES_FOLDER = Path("/usr/lib/postgresql")
OLDEST_POSTGRES = 14


@dataclass(frozen=True)
class Need:
    """Something the machine must have: how to see that it is there, and the packages that bring it."""

    name: str
    is_there: Callable[[], bool]
    packages: tuple[str, ...]


def find_program(*names: str) -> Path | None:
    """The first of these programs, also from the system folders that a normal user's PATH leaves out."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return Path(found)
    return None


def postgres_versions() -> list[int]:
    """Major versions that have both the server and PostGIS here, newest first."""
    versions = []
    for folder in POSTGRES_FOLDER.glob("*") if POSTGRES_FOLDER.is_dir() else []:
        control = Path("/usr/share/postgresql") / folder.name / "extension" / "postgis.control"
        if folder.name.isdigit() and (folder / "bin" / "initdb").exists() and control.exists():
            versions.append(int(folder.name))
    return sorted((version for version in versions if version >= OLDEST_POSTGRES), reverse=True)


def has_chinese_font() -> bool:
    """The one that printed sheets embed; browsers of the tests draw with it too."""
    return Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc").is_file()


PYTHON_PACKAGE = f"python3.{sys.version_info.minor}-venv"
VENV = Need("Python venv", lambda: importlib.util.find_spec("ensurepip") is not None, (PYTHON_PACKAGE,))
POSTGRES = Need("PostgreSQL with PostGIS", lambda: bool(postgres_versions()), ("postgis",))
REDIS = Need("Redis", lambda: find_program("redis-server") is not None, ("redis-server",))
NGINX = Need("nginx", lambda: find_program("nginx") is not None, ("nginx-light",))
BROWSER = Need("Chromium", lambda: find_program("chromium", "chromium-browser") is not None, ("chromium",))
FONT = Need("a Chinese font", has_chinese_font, ("fonts-wqy-microhei",))

TO_RUN = (VENV, POSTGRES, REDIS, NGINX, FONT)
TO_TEST = (*TO_RUN, BROWSER)


def ensure_packages(layout: Layout, needs: tuple[Need, ...]) -> None:
    """Install what is missing. Raises Failure that names the packages when we may not or it did not work."""
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return
    packages = [package for need in missing for package in need.packages]
    prefix = _privilege(packages)
    log = layout.setup_log("packages")
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(f"machine packages: {' '.join(packages)}"), log.open("wb") as file:
        script = Path(__file__).with_name("install_packages.sh")
        code = logged([*prefix, "sh", script, *packages], file)
    still = [need.name for need in missing if not need.is_there()]
    if code != 0 or still:
        raise Failure(
            f"the machine still lacks {', '.join(still) or 'something'} (apt-get ended with {code})",
            next_step=f"install by hand: apt-get install {' '.join(_named(packages))}, then run this command again",
            log=log,
        )


def _privilege(packages: list[str]) -> list[str]:
    """How to become root: nothing, or sudo. Raises Failure with the exact packages when neither works."""
    by_hand = f"ask an administrator for: apt-get install {' '.join(_named(packages))}"
    if find_program("apt-get") is None:
        raise Failure(
            f"this machine has no apt-get, and {', '.join(packages)} is missing",
            next_step="install PostgreSQL with PostGIS, Redis and nginx by the means of this system, then run again",
        )
    if os.getuid() == 0:
        return []
    if find_program("sudo") is None:
        raise Failure("packages are missing, and there is no sudo", next_step=by_hand)
    if answer(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    if not sys.stdin.isatty() or subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise Failure("packages are missing, and sudo does not let us in", next_step=by_hand)
    return ["sudo"]


def _named(packages: list[str]) -> list[str]:
    return ["postgresql-NN-postgis-3 (the newest your release has)" if p == "postgis" else p for p in packages]
