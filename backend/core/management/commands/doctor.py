"""Says what the application has and lacks on this machine, and what to do about it."""

import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.gis.gdal import gdal_version
from django.contrib.gis.geos import geos_version
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from backend.core import audit
from backend.core.calendar import missing_years
from backend.core.models import AuditEntry

LEAST_POSTGIS = (3, 1)
LEAST_DISK_BYTES = 2_000_000_000
LARGEST_CLOCK_GAP_S = 2.0


class Verdict(StrEnum):
    OK = "ok"
    HINT = "hint"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do when it is not well."""

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.OK, text)


def hint(subject: str, text: str, remedy: str) -> Finding:
    return Finding(subject, Verdict.HINT, text, remedy)


def wrong(subject: str, text: str, remedy: str) -> Finding:
    return Finding(subject, Verdict.WRONG, text, remedy)


class Command(BaseCommand):
    help = (
        "Examine database, Redis, folders, spatial libraries, clock and calendar; exit code 1 when something is wrong."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings for a machine")

    def handle(self, *_args: Any, **options: Any) -> None:
        findings = list(examine())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                self.stdout.write(f"  {finding.verdict:<5} {finding.subject}: {finding.text}")
                if finding.remedy:
                    self.stdout.write(f"        → {finding.remedy}")
        if any(finding.verdict is Verdict.WRONG for finding in findings):
            raise SystemExit(1)


def examine() -> Iterator[Finding]:
    """All findings, in the order in which an operator would look; the last ones only when the database answers."""
    yield from _driver()
    yield from _libraries()
    yield from _folders()
    yield from _redis()
    yield from _address()
    yield from _time_zone()
    database_works = False
    for finding in _database():
        database_works = finding.verdict is not Verdict.WRONG
        yield finding
    if database_works:
        for look in (_migrations, _clock, _calendar, _town, _trail):
            yield from look()


def _driver() -> Iterator[Finding]:
    if importlib.util.find_spec("psycopg") is not None:
        yield wrong(
            "database driver",
            "psycopg 3 is installed, and Django silently takes it instead of psycopg2",
            "remove it: pip uninstall psycopg",
        )
    else:
        yield ok("database driver", "psycopg2")


def _libraries() -> Iterator[Finding]:
    libraries: dict[str, Callable[[], bytes | None]] = {"GDAL": gdal_version, "GEOS": geos_version}
    for name, version in libraries.items():
        try:
            yield ok(name, (version() or b"?").decode().split()[0])
        except OSError as error:
            yield wrong(name, str(error), "reinstall the packages of the lock file: pyogrio and shapely bring it")


def _folders() -> Iterator[Finding]:
    for subject, folder in (("photos", settings.MEDIA_ROOT), ("data files", settings.DATA_DIR)):
        path = Path(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path) as file:
                file.write(b"x")
        except OSError as error:
            yield wrong(
                subject, f"cannot write to {path}: {error.strerror}", "give the folder to the user of this process"
            )
            continue
        status = os.statvfs(path)
        free = status.f_bavail * status.f_frsize
        if free < LEAST_DISK_BYTES:
            yield hint(subject, f"{path}, only {free / 1e9:.1f} GB free", "make room before photos are refused")
        else:
            yield ok(subject, f"{path}, {free / 1e9:.0f} GB free")
    if not Path(settings.STATIC_ROOT).is_dir():
        yield hint("static files", f"{settings.STATIC_ROOT} is not there", "run manage collectstatic")


def _redis() -> Iterator[Finding]:
    remedy = (
        "start Redis, or correct GRIDWARD_REDIS_SOCKET or GRIDWARD_REDIS_URL; no acknowledged write is lost meanwhile"
    )
    client = redis.Redis.from_url(settings.REDIS_LIVE_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        version = client.info("server")["redis_version"]
        policy = client.info("memory").get("maxmemory_policy")
    except redis.RedisError as error:
        yield wrong("Redis", f"does not answer ({type(error).__name__})", remedy)
        return
    finally:
        client.close()
    if policy != "noeviction":
        yield wrong(
            "Redis", f"{version} may drop queued work (maxmemory-policy {policy})", "set maxmemory-policy noeviction"
        )
    else:
        yield ok("Redis", version)


def _address() -> Iterator[Finding]:
    if settings.PUBLIC_URL.startswith("https://"):
        yield ok("address", settings.PUBLIC_URL)
    elif settings.IS_PRODUCTION:
        yield wrong(
            "address",
            f"{settings.PUBLIC_URL} has no TLS: phones give no position and keep no offline copy without it",
            "put a certificate in front and set GRIDWARD_PUBLIC_URL to https://…",
        )
    else:
        yield hint(
            "address",
            f"{settings.PUBLIC_URL} serves this machine only",
            "phones need https:// for position and offline use",
        )


def _time_zone() -> Iterator[Finding]:
    try:
        ZoneInfo(settings.TIME_ZONE)
    except ZoneInfoNotFoundError:
        yield wrong("time zone", f"{settings.TIME_ZONE} is unknown here", "install the package tzdata")
    else:
        yield ok("time zone", settings.TIME_ZONE)


def _database() -> Iterator[Finding]:
    remedy = "start PostgreSQL, or correct the GRIDWARD_DATABASE_… variables"
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('server_encoding')"
            )
            version, fsync, encoding = cursor.fetchone()
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
            row = cursor.fetchone()
    except (DatabaseError, OSError) as error:
        yield wrong("PostgreSQL", f"does not answer: {str(error).splitlines()[0]}", remedy)
        return
    if encoding != "UTF8":
        yield wrong("PostgreSQL", f"the database is in {encoding}", "create it with --encoding=UTF8")
    if fsync != "on":
        yield wrong("PostgreSQL", "fsync is off: a power cut loses acknowledged reports", "set fsync = on")
    yield ok("PostgreSQL", version.split()[0])
    if row is None:
        yield wrong("PostGIS", "is not in this database", "CREATE EXTENSION postgis, as an administrator")
    elif tuple(int(part) for part in row[0].split(".")[:2]) < LEAST_POSTGIS:
        yield wrong("PostGIS", f"{row[0]} is too old", "3.1 or newer is needed")
    else:
        yield ok("PostGIS", row[0])


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield wrong("schema", f"{len(waiting)} migrations wait", "run manage migrate")
    else:
        yield ok("schema", "all migrations are applied")


def _clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (theirs,) = cursor.fetchone()
        gap_s = abs(float(theirs) - (before + time.time()) / 2)
    if gap_s > LARGEST_CLOCK_GAP_S:
        yield wrong(
            "clock", f"this machine and the database differ by {gap_s:.1f} s", "let both follow one time server"
        )
    else:
        yield ok("clock", "agrees with the database")


def _calendar() -> Iterator[Finding]:
    if "core_calendarday" not in connection.introspection.table_names():
        return
    missing = missing_years(timezone.localtime())
    if missing:
        years = " and ".join(str(year) for year in missing)
        yield wrong(
            "holiday calendar",
            f"{years} is missing: deadlines in working days would be wrong",
            "import the State Council's list: manage import_matters … --holidays FILE",
        )
    else:
        yield ok("holiday calendar", "covers what deadlines need")


def _town() -> Iterator[Finding]:
    """Counts of what an area needs before it can work; a table that is not there yet is named by the schema finding."""
    there = set(connection.introspection.table_names())
    for label, name, remedy in (
        ("areas.Area", "areas", "manage import_areas"),
        ("accounts.User", "people", "manage import_people"),
        ("matters.Matter", "matters", "manage import_matters"),
        ("places.NetworkEdge", "streets of the walking network", "manage import_network"),
    ):
        model = apps.get_model(label)
        if model._meta.db_table not in there:
            continue
        count = model._default_manager.count()
        yield ok(name, f"{count:,}") if count else hint(name, "none yet", f"./dev manage load_town, or {remedy}")


def _trail() -> Iterator[Finding]:
    """The whole audit chain, computed again from its first entry."""
    if AuditEntry._meta.db_table not in connection.introspection.table_names():
        return
    broken = audit.first_broken_entry()
    if broken is None:
        yield ok("audit trail", f"{AuditEntry.objects.count():,} entries, the chain is whole")
        return
    yield wrong(
        "audit trail",
        f"entry {broken:,} does not follow from the one before it: rows were changed or removed past the application",
        "keep this database as evidence and tell the security officer; compare core_auditentry from "
        f"seq {broken - 1} on with the newest backup whose chain is whole, and look who could write since then",
    )
