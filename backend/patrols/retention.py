"""Partitions of the raw track: made ahead by the month, emptied to the day when the retention ends (P3)."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from backend.core.clock import LOCAL
from backend.patrols import queries
from backend.patrols.models import PatrolSession

log = logging.getLogger(__name__)

MONTHS_AHEAD = 2
_PARENT = "patrols_trackpoint"
_KEEPER_LOCK = 4_210_011


@dataclass(frozen=True, slots=True)
class Kept:
    """What one run of the keeper did."""

    created: list[str]
    measured: int
    deleted_points: int
    dropped: list[str]


def keep_partitions(*, now: datetime, retention_days: int) -> Kept:
    """Makes the partitions of this and the next months; deletes raw tracks older than `retention_days` local days.

    Each session's distance is written before its raw track goes. Safe to run twice or side by side.
    """
    today = now.astimezone(LOCAL).date()
    created = create_ahead(today)
    cutoff = today - timedelta(days=retention_days)
    expired = PatrolSession.objects.filter(day__lt=cutoff, raw_dropped_at=None, ended_at__isnull=False)
    sessions = list(expired.order_by("day", "id").values_list("pk", flat=True))
    for session_id in sessions:
        _measure_before_drop(session_id, now)
    dropped, deleted = _drop_before(cutoff)
    return Kept(created, len(sessions), deleted, dropped)


def create_ahead(today: date) -> list[str]:
    """Creates the monthly partitions from this month on that are missing; their names."""
    month = today.replace(day=1)
    created = []
    for _ in range(MONTHS_AHEAD + 1):
        following = (month + timedelta(days=32)).replace(day=1)
        if _create(month, following):
            created.append(_name(month))
        month = following
    return created


@transaction.atomic
def _create(month: date, following: date) -> bool:
    """One partition. Rows of its days that fell into the default partition meanwhile move over first."""
    name = _name(month)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEEPER_LOCK])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return False
        span = {"from": month, "to": following}
        cursor.execute(f"LOCK TABLE {_PARENT}_default IN EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {name} (LIKE {_PARENT} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {_PARENT}_default WHERE session_day >= %(from)s AND session_day < %(to)s "
            f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            span,
        )
        cursor.execute(f"ALTER TABLE {_PARENT} ATTACH PARTITION {name} FOR VALUES FROM (%(from)s) TO (%(to)s)", span)
    return True


@transaction.atomic
def _measure_before_drop(session_id: UUID, now: datetime) -> None:
    session = PatrolSession.objects.select_for_update(no_key=True).get(pk=session_id)
    if session.raw_dropped_at is not None:
        return
    session.distance_m = queries.walk_of([session], now=now).kept_m
    session.raw_dropped_at = now
    session.save(update_fields=["distance_m", "raw_dropped_at"])


def _drop_before(cutoff: date) -> tuple[list[str], int]:
    """Drops whole months before the day and deletes the rest of the border month, of measured sessions only."""
    dropped = [name for month, name in _partitions() if _next_month(month) <= cutoff and _drop_if_measured(month, name)]
    with transaction.atomic(), connection.cursor() as cursor:
        # A day of a large town is more than a web request may ask for.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"DELETE FROM {_PARENT} AS point USING patrols_patrolsession AS session "
            "WHERE point.session_id = session.id AND point.session_day < %s AND session.raw_dropped_at IS NOT NULL",
            [cutoff],
        )
        deleted = int(cursor.rowcount)
    if dropped or deleted:
        log.info("raw tracks before %s deleted: %s partitions, %s points", cutoff, len(dropped), deleted)
    return dropped, deleted


@transaction.atomic
def _drop_if_measured(month: date, name: str) -> bool:
    unmeasured = PatrolSession.objects.filter(day__gte=month, day__lt=_next_month(month), raw_dropped_at=None)
    if unmeasured.exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    return True


def _partitions() -> list[tuple[date, str]]:
    """First day and name of the monthly partitions, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree(%s) WHERE isleaf ORDER BY 1", [_PARENT])
        names = [row[0].split(".")[-1] for row in cursor.fetchall()]
    found = []
    for name in names:
        digits = name.removeprefix(f"{_PARENT}_")
        if len(digits) == 6 and digits.isdigit():
            found.append((date(int(digits[:4]), int(digits[4:]), 1), name))
    return found


def _name(month: date) -> str:
    return f"{_PARENT}_{month:%Y%m}"


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
