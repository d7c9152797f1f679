"""Is everything there that a request needs?"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

_TIMEOUT_S = 2


def parts() -> dict[str, str]:
    """Each part with `ok` or the kind of trouble; never an address, a path or a password."""
    return {name: _state(check) for name, check in CHECKS.items()}


def _state(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT postgis_lib_version()")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} not applied" if waiting else "ok"


def _redis() -> str:
    client = redis.Redis.from_url(
        str(settings.CACHES["default"]["LOCATION"]), socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
    )
    with client:
        client.ping()
    return "ok"


def _storage() -> str:
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=root) as probe:
        probe.write(b"gridward")
    return "ok"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "storage": _storage,
}
