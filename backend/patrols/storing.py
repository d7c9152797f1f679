"""The rows of a batch go in by one statement, prepared once: session, consent, points, count and live position."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from backend.core.constraints import CRS_NAMES
from backend.core.prepared import Prepared
from backend.patrols.columns import Columns, IntArray, array_texts
from backend.patrols.consent import CONSENT_PURPOSE
from backend.patrols.points import CLOCK_SKEW, Span
from gis.tracks import FlagKind, flag_columns

# A phone that stood in a cellar, or whose owner was off for a long weekend, may still send.
LATE_LIMIT = timedelta(days=5)
_KINDS = tuple(FlagKind)
_SKEW, _LATE = (f"interval '{span.total_seconds():.0f} s'" for span in (CLOCK_SKEW, LATE_LIMIT))

# The worker's own session and when its points may have been recorded; `latest` is NULL when it takes no more. A newest
# word that is a no ends it at that moment. Whoever waits for the lock reads the session's end as it is then.
_OWN = f"""
    SELECT day, area_path, ended_at, started_at - {_SKEW} AS earliest,
        CASE WHEN raw_dropped_at IS NULL AND (ended_at IS NULL OR %(now)s <= ended_at + {_LATE}) THEN
            least(least(ended_at, %(now)s) + {_SKEW}, (
                SELECT CASE WHEN word.granted THEN NULL ELSE word.at END FROM accounts_consent word
                WHERE word.user_id = %(worker)s AND word.purpose = %(purpose)s
                ORDER BY word.at DESC, word.id DESC LIMIT 1
            ))
        END AS latest
    FROM patrols_patrolsession WHERE id = %(session)s AND worker_id = %(worker)s FOR NO KEY UPDATE"""
_OWN_TAKES: Final = {"session": "uuid", "worker": "uuid", "purpose": "text", "now": "timestamptz"}
_LOCK = Prepared("own_session", f"SELECT day, area_path, earliest, latest FROM ({_OWN}) AS own", takes=_OWN_TAKES)

# PostgreSQL runs every part of it once, and the last SELECT says what came of it.
_TAKE = Prepared(
    "take_positions",
    f"""
WITH own AS MATERIALIZED ({_OWN}
), open AS (
    SELECT day, ended_at FROM own WHERE %(since)s >= earliest AND %(until)s <= latest
), fix AS MATERIALIZED (
    SELECT seq, to_timestamp(at_s) AS at, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS location,
        accuracy_m, speed_mps, bearing_deg, battery,
        coalesce(raw_lon, lon) AS raw_lon, coalesce(raw_lat, lat) AS raw_lat,
        ('{{{",".join(CRS_NAMES)}}}'::text[])[raw_crs + 1] AS raw_crs, coalesce(flags, 0) AS flags
    FROM unnest(%(seq)s, %(at_s)s, %(lons)s, %(lats)s, %(accuracy_m)s, %(speed_mps)s, %(bearing_deg)s, %(battery)s,
            %(raw_lons)s, %(raw_lats)s, %(raw_crs)s, %(flags)s)
        AS f (seq, at_s, lon, lat, accuracy_m, speed_mps, bearing_deg, battery, raw_lon, raw_lat, raw_crs, flags)
), stored AS (
    INSERT INTO patrols_trackpoint (session_day, session_id, seq, recorded_at, received_at, location, accuracy_m,
        speed_mps, bearing_deg, battery, raw_lon, raw_lat, raw_crs, flags)
    SELECT day, %(session)s, seq, at, %(now)s, location, accuracy_m, speed_mps, bearing_deg, battery, raw_lon, raw_lat,
        raw_crs, flags
    FROM fix, open
    ON CONFLICT DO NOTHING
    RETURNING 1
), counted AS (
    SELECT count(*)::integer AS n FROM stored
), noted AS (
    UPDATE patrols_patrolsession
    SET point_count = point_count + n, last_point_at = greatest(last_point_at, %(until)s)
    FROM counted WHERE id = %(session)s AND n > 0
), shown AS (
    INSERT INTO patrols_liveposition AS held (worker_id, session_id, location, recorded_at, accuracy_m, speed_mps,
        battery)
    SELECT %(worker)s, %(session)s, location, at, accuracy_m, speed_mps, battery
    FROM fix, open WHERE seq = %(newest)s AND ended_at IS NULL
    ON CONFLICT (worker_id) DO UPDATE SET session_id = excluded.session_id, location = excluded.location,
        recorded_at = excluded.recorded_at, accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps,
        battery = excluded.battery
    WHERE held.recorded_at < excluded.recorded_at
    RETURNING 1
)
SELECT day, area_path, n, EXISTS (SELECT FROM shown) FROM own, counted WHERE EXISTS (SELECT FROM open)""",
    takes=_OWN_TAKES
    | {"since": "timestamptz", "until": "timestamptz", "newest": "integer", "flags": "integer[]"}
    | {"seq": "integer[]", "raw_crs": "integer[]"}
    | dict.fromkeys(
        ("at_s", "lons", "lats", "accuracy_m", "speed_mps", "bearing_deg", "battery", "raw_lons", "raw_lats"),
        "float8[]",
    ),
)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """The session of the worker who sends."""

    id: UUID
    worker_id: UUID
    day: date
    area_path: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch came to: `accepted` rows are new. The row `newest` is now on the map if `is_shown`."""

    session: OwnSession
    accepted: int
    newest: int
    since: datetime
    until: datetime
    is_shown: bool


def lock_session(session_id: UUID, *, worker_id: UUID, now: datetime) -> tuple[OwnSession, Span | None] | None:
    """The worker's own session, locked until the transaction ends, and its span; without one it takes no more."""
    rows = _LOCK.rows(session=session_id, worker=worker_id, purpose=CONSENT_PURPOSE, now=now)
    if not rows:
        return None
    day, area_path, earliest, latest = rows[0]
    return OwnSession(session_id, worker_id, day, area_path), Span(earliest, latest) if latest else None


def store(columns: Columns, *, session_id: UUID, worker_id: UUID, now: datetime) -> Stored | None:
    """Stores what is new of at least one fix in the worker's own session, counts it and moves the live position.

    None, with nothing stored, when there is no such session or one of the fixes lies outside its span.
    """
    newest = int(np.argmax(columns.at_s))
    since, until = (datetime.fromtimestamp(float(at_s), UTC) for at_s in (columns.at_s.min(), columns.at_s[newest]))
    rows = _TAKE.rows(
        session=session_id, worker=worker_id, purpose=CONSENT_PURPOSE, now=now, since=since, until=until,
        newest=int(columns.seq[newest]), flags=_hints(columns, now), **array_texts(columns),
    )  # fmt: skip
    if not rows:
        return None
    day, area_path, accepted, is_shown = rows[0]
    return Stored(OwnSession(session_id, worker_id, day, area_path), accepted, newest, since, until, is_shown)


def _hints(columns: Columns, now: datetime) -> list[int] | None:
    """What looks odd within the batch, as bits in the order of FlagKind: for a person to look at, never a refusal."""
    found = flag_columns(columns.at_s, columns.lons, columns.lats, columns.accuracy_m, now_s=now.timestamp())
    if not found:
        return None
    flags: IntArray = np.zeros(columns.seq.size, dtype=np.int64)
    for flag in found:
        flags[list(flag.fixes)] |= 1 << _KINDS.index(flag.kind)
    listed: list[int] = flags.tolist()
    return listed
