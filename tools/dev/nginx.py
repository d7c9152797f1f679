"""nginx of a checkout: its configuration from the templates in `deploy/nginx`, and the one port it listens on."""

import errno
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from tools.dev.environment import Bind
from tools.dev.layout import Layout
from tools.dev.processes import keep_small
from tools.dev.terminal import Failure

MIME_TYPES = Path("/etc/nginx/mime.types")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace every `${GRIDWARD_NAME}`; nginx's own `$names` stay. Raises KeyError for a name without a value."""
    return re.sub(r"\$\{(GRIDWARD_[A-Z0-9_]+)\}", lambda match: values[match[1]], template)


def write_configuration(layout: Layout, bind: Bind, settings: Mapping[str, str]) -> Path:
    """Write nginx.conf and what it includes; returns its path."""
    folder = layout.nginx
    keep_small(layout.logs / "access.log")
    values = {
        "GRIDWARD_NGINX_USER": "user root;" if os.getuid() == 0 else "",
        "GRIDWARD_NGINX_DIR": str(folder),
        "GRIDWARD_MIME_TYPES": str(MIME_TYPES),
        "GRIDWARD_LISTEN_FILE": str(folder / "listen.conf"),
        "GRIDWARD_ACCESS_LOG": str(layout.logs / "access.log"),
        "GRIDWARD_UPSTREAM_WEB": f"unix:{layout.app_sockets / 'web.sock'}",
        "GRIDWARD_UPSTREAM_LIVE": f"unix:{layout.app_sockets / 'live.sock'}",
        "GRIDWARD_FORWARDED_PROTO": "",
        "GRIDWARD_TILE_ORIGINS": settings.get("GRIDWARD_TILE_ORIGINS", ""),
        "GRIDWARD_WEB_DIST": settings["GRIDWARD_WEB_DIST"],
        "GRIDWARD_STATIC_DIR": settings["GRIDWARD_STATIC_DIR"],
        "GRIDWARD_MEDIA_DIR": settings["GRIDWARD_MEDIA_DIR"],
    }
    (folder / "listen.conf").write_text(_listen_line(bind))
    templates = layout.root / "deploy" / "nginx"
    for source, target in (
        ("gridward.conf.template", "gridward.conf"),
        ("development.conf.template", "nginx.conf"),
    ):
        (folder / target).write_text(fill((templates / source).read_text(), values))
    return folder / "nginx.conf"


def is_configured_for(layout: Layout, bind: Bind) -> bool:
    """True when the configuration that was written last listens there."""
    path = layout.nginx / "listen.conf"
    return path.is_file() and path.read_text() == _listen_line(bind)


def _listen_line(bind: Bind) -> str:
    return f"listen {bind.netloc};\n"


def ensure_port_free(bind: Bind) -> None:
    """Raises Failure that names who listens on our address already, and how to take another."""
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind.host, bind.port))
        except OSError as error:
            raise Failure(_why_not(error, bind), next_step=_other_port(bind)) from error


def _why_not(error: OSError, bind: Bind) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{bind.netloc} is taken by {listener_on(bind.port) or 'another process'}"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {bind.port} (below 1024)"
    return f"cannot listen on {bind.netloc}: {error.strerror or error}"


def _other_port(bind: Bind) -> str:
    port = bind.port + 1 if bind.port >= 1024 else 8000
    return f"GRIDWARD_HTTP_BIND=127.0.0.1:{port} ./dev up (or write that line, without ./dev up, into dev.env)"


def listener_on(port: int) -> str | None:
    """`name (pid 123)` of the process that listens on a TCP port; None when we may not see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) in inodes for entry in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue
    return None
