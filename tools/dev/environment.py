"""The environment of every process: `GRIDWARD_*` variables from the layout and from what the developer gave."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.dev.layout import Layout
from tools.dev.terminal import Failure

DEFAULT_BIND = "127.0.0.1:8000"
OVERRIDES_FILE = "dev.env"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, never a default
OWNED = (
    "GRIDWARD_DATABASE_HOST",
    "GRIDWARD_DATABASE_PORT",
    "GRIDWARD_DATABASE_NAME",
    "GRIDWARD_DATABASE_USER",
    "GRIDWARD_DATABASE_PASSWORD",
    "GRIDWARD_DATABASE_PASSWORD_FILE",
    "GRIDWARD_REDIS_SOCKET",
    "GRIDWARD_REDIS_URL",
)


@dataclass(frozen=True)
class Bind:
    """The one HTTP address."""

    host: str
    port: int

    @property
    def netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Address for a browser on this machine."""
        if self.host in EVERYWHERE:
            return f"http://localhost:{self.port}"
        return f"http://{self.netloc}"


def parse_bind(text: str) -> Bind:
    """`127.0.0.1:8000`, `8000`, `:8000` or `[::1]:8000`. Raises Failure for anything else, naming the variable."""
    match = re.fullmatch(r"(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):)?(\d{1,5})", text.strip())
    if match is None or not 1 <= int(match[3]) <= 65535:
        raise Failure(
            f"GRIDWARD_HTTP_BIND is {text!r}, which is no address and port",
            next_step="give it as 127.0.0.1:8000, as 8000, or as [::1]:8000",
        )
    return Bind(host=match[1] or match[2] or "127.0.0.1", port=int(match[3]))


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; empty ones and whole-line comments are skipped. Raises Failure naming any other line."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"GRIDWARD_[A-Z0-9_]+", name):
            raise Failure(
                f"{path.name} line {number} is not GRIDWARD_NAME=value: {text!r}",
                next_step=f"mend line {number} of {path}",
            )
        found[name] = value
    return found


def given_settings(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`GRIDWARD_*` from `dev.env` in the checkout, overruled by the environment.

    Raises Failure for a setting that ./dev decides itself: it would have no effect here.
    """
    overrides = root / OVERRIDES_FILE
    given = read_env_file(overrides) if overrides.is_file() else {}
    given |= {name: value for name, value in environ.items() if name.startswith("GRIDWARD_")}
    for name in OWNED:
        if name in given:
            raise Failure(
                f"{name} is set, but ./dev brings its own PostgreSQL and Redis",
                next_step=f"unset {name}; docs/operations.md tells how to run against other servers",
            )
    return given


def layout_of(root: Path, given: Mapping[str, str]) -> Layout:
    """The layout for GRIDWARD_STATE_DIR (relative to the checkout; default `.dev`)."""
    return Layout(root=root, state=(root / given.get("GRIDWARD_STATE_DIR", ".dev")).resolve())


def demo_settings(layout: Layout, given: Mapping[str, str], *, user_name: str = "gridward") -> dict[str, str]:
    """Settings of the running town: our defaults, overruled by what the developer gave."""
    bind = parse_bind(given.get("GRIDWARD_HTTP_BIND", DEFAULT_BIND))
    secrets = layout.state / "secrets"
    defaults = {
        "GRIDWARD_ENV": "development",
        "GRIDWARD_SECRET_KEY_FILE": str(secrets / "secret_key"),
        "GRIDWARD_FIELD_KEY_FILE": str(secrets / "field_key"),
        "GRIDWARD_DATABASE_HOST": str(layout.postgres_sockets),
        "GRIDWARD_DATABASE_PORT": "5432",
        "GRIDWARD_DATABASE_NAME": "gridward",
        "GRIDWARD_DATABASE_USER": user_name,
        "GRIDWARD_REDIS_SOCKET": str(layout.app_sockets / "redis.sock"),
        "GRIDWARD_ALLOWED_HOSTS": ",".join(allowed_hosts(bind)),
        "GRIDWARD_PUBLIC_URL": bind.url,
        "GRIDWARD_HTTP_BIND": bind.netloc,
        "GRIDWARD_MEDIA_DIR": str(layout.state / "media"),
        "GRIDWARD_STATIC_DIR": str(layout.state / "static"),
        "GRIDWARD_PHOTO_SENDFILE_PREFIX": "/_media/",
        "GRIDWARD_WEB_DIST": str(layout.web / "dist"),
        "GRIDWARD_DATA_DIR": str(layout.state / "data"),
        "GRIDWARD_SMS_PROVIDER": "console",
        "GRIDWARD_TOWN_SCALE": "1",
        "GRIDWARD_STATE_DIR": str(layout.state),
    }
    if "GRIDWARD_SECRET_KEY" in given:
        del defaults["GRIDWARD_SECRET_KEY_FILE"]
    if "GRIDWARD_FIELD_KEY" in given:
        del defaults["GRIDWARD_FIELD_KEY_FILE"]
    return defaults | dict(given) | {name: defaults[name] for name in ("GRIDWARD_HTTP_BIND", "GRIDWARD_STATE_DIR")}


def test_settings(layout: Layout) -> dict[str, str]:
    """Settings of the test run: its own database, Redis and folders, nothing of what a developer set for the demo."""
    folder = layout.state / "test"
    demo = demo_settings(layout, {})
    return demo | {
        "GRIDWARD_ENV": "test",
        "GRIDWARD_DATABASE_NAME": "gridward_test",
        "GRIDWARD_REDIS_SOCKET": str(layout.app_sockets / "redis-test.sock"),
        "GRIDWARD_MEDIA_DIR": str(folder / "media"),
        "GRIDWARD_DATA_DIR": str(folder / "data"),
        "GRIDWARD_PHOTO_SENDFILE_PREFIX": "",
        "GRIDWARD_SMS_PROVIDER": "file",
        "GRIDWARD_TOWN_SCALE": "0.1",
    }


def production_settings(layout: Layout) -> dict[str, str]:
    """Settings for `check --deploy`: what a server would have, with the secrets of this checkout."""
    return demo_settings(layout, {}) | {
        "GRIDWARD_ENV": "production",
        "GRIDWARD_ALLOWED_HOSTS": "gridward.example",
        "GRIDWARD_PUBLIC_URL": "https://gridward.example",
        "GRIDWARD_SMS_PROVIDER": "file",
    }


def allowed_hosts(bind: Bind) -> list[str]:
    """Names under which this machine may be asked: local ones, and its own when it listens beyond itself."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if bind.host in EVERYWHERE:
        own = socket.gethostname()
        names += [own, *_addresses_of(own)]
    elif bind.host not in names and bind.host != "::1":
        names.append(f"[{bind.host}]" if ":" in bind.host else bind.host)
    return list(dict.fromkeys(names))


def _addresses_of(name: str) -> list[str]:
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, socket.AF_INET)})
    except OSError:
        return []


def process_environment(layout: Layout, settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: the developer's without `GRIDWARD_*` and Python leftovers, plus `settings`."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "DJANGO_SETTINGS_MODULE"}
    kept = {k: v for k, v in environ.items() if not k.startswith("GRIDWARD_") and k not in dropped}
    path = os.pathsep.join([str(layout.venv / "bin"), kept.get("PATH", "/usr/bin:/bin")])
    return kept | {
        "PATH": path,
        "PYTHONPATH": str(layout.root),
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": str(layout.venv),
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
        "NUMBA_CACHE_DIR": str(layout.state / "numba"),
        **settings,
    }


def write_env_file(path: Path, settings: Mapping[str, str]) -> None:
    """Keep the composed settings where a person can read them and a shell can source them."""
    lines = [f"{name}={value}" for name, value in sorted(settings.items())]
    path.touch(mode=0o600)
    path.write_text(
        "# Written by ./dev at every start; put your own settings into dev.env.\n" + "\n".join(lines) + "\n"
    )
