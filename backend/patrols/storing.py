"""Rows of a batch go in by binary COPY; count, last moment and live position follow in the same statement."""

import io
from datetime import date, datetime
from typing import Any
from uuid import UUID
from weakref import WeakSet

import numpy as np
from django.db import connection, transaction

from backend.core.constraints import CRS_NAMES
from backend.patrols.columns import ROW_COLUMNS, Columns, IntArray, copy_rows
from gis.tracks import FlagKind, flag_columns

_KINDS = tuple(FlagKind)
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS track_staging (
    seq integer, at timestamptz, location geometry, accuracy_m float8, speed_mps float8, bearing_deg float8,
    battery float8, raw_lon float8, raw_lat float8, raw_crs integer, flags integer
) ON COMMIT DELETE ROWS"""
_COPY = f"COPY track_staging ({', '.join(ROW_COLUMNS)}) FROM STDIN BINARY"
# One statement: PostgreSQL runs every part of it once, and the last SELECT says what came of it.
_INSERT = f"""
WITH stored AS (
    INSERT INTO patrols_trackpoint (session_day, session_id, seq, recorded_at, received_at, location, accuracy_m,
        speed_mps, bearing_deg, battery, raw_lon, raw_lat, raw_crs, flags)
    SELECT %(day)s, %(session)s, seq, at, %(now)s, location, nullif(accuracy_m, 'NaN'), nullif(speed_mps, 'NaN'),
        nullif(bearing_deg, 'NaN'), nullif(battery, 'NaN'), raw_lon, raw_lat,
        ('{{{",".join(CRS_NAMES)}}}'::text[])[raw_crs + 1], flags
    FROM track_staging
    ON CONFLICT DO NOTHING
    RETURNING 1
), counted AS (
    SELECT count(*)::integer AS n FROM stored
), noted AS (
    UPDATE patrols_patrolsession
    SET point_count = point_count + n, last_point_at = greatest(last_point_at, %(at)s)
    FROM counted WHERE id = %(session)s AND n > 0
), shown AS (
    INSERT INTO patrols_liveposition AS held (worker_id, session_id, location, recorded_at, accuracy_m, speed_mps,
        battery)
    SELECT %(worker)s, %(session)s, location, at, nullif(accuracy_m, 'NaN'), nullif(speed_mps, 'NaN'),
        nullif(battery, 'NaN')
    FROM track_staging, counted WHERE seq = %(newest)s AND n > 0 AND %(on_map)s
    ON CONFLICT (worker_id) DO UPDATE SET session_id = excluded.session_id, location = excluded.location,
        recorded_at = excluded.recorded_at, accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps,
        battery = excluded.battery
    WHERE held.recorded_at < excluded.recorded_at
    RETURNING 1
)
SELECT n, EXISTS (SELECT FROM shown) FROM counted"""
# Connections that have the staging table; it goes with its connection.
_staged: WeakSet[Any] = WeakSet()


def store(
    columns: Columns, *, session_id: UUID, day: date, worker_id: UUID, newest: int, on_map: bool, now: datetime
) -> tuple[int, bool]:
    """Stores what is new; how many rows were, and whether the live position moved to the row `newest`.

    Counts them in the session, whose row the caller holds locked. `on_map`: the session is open.
    """
    rows = io.BytesIO(copy_rows(columns, _hints(columns, now)))
    with connection.cursor() as cursor:
        _ensure_stage(cursor)
        cursor.copy_expert(_COPY, rows)
        cursor.execute(
            _INSERT,
            {
                "day": day,
                "session": session_id,
                "worker": worker_id,
                "now": now,
                "at": datetime.fromtimestamp(float(columns.at_s[newest]), now.tzinfo),
                "newest": int(columns.seq[newest]),
                "on_map": on_map,
            },
        )
        accepted, is_shown = cursor.fetchone()
        if connection.savepoint_ids:
            cursor.execute("DELETE FROM track_staging")
    return accepted, is_shown


def _ensure_stage(cursor: Any) -> None:
    """The staging table of this connection; remembered once the transaction that made it is committed."""
    raw = connection.connection
    if raw in _staged:
        return
    cursor.execute(_STAGE)
    if not connection.savepoint_ids:
        transaction.on_commit(lambda: _staged.add(raw))


def _hints(columns: Columns, now: datetime) -> IntArray:
    """What looks odd within the batch, as bits in the order of FlagKind: for a person to look at, never a refusal."""
    flags = np.zeros(columns.seq.size, dtype=np.int64)
    found = flag_columns(columns.at_s, columns.lons, columns.lats, columns.accuracy_m, now_s=now.timestamp())
    for flag in found:
        flags[list(flag.fixes)] |= 1 << _KINDS.index(flag.kind)
    return flags
