"""Writes of patrols: sessions and the positions that a phone sends from them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import IntegrityError, connection, transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Consent, User
from backend.core import live
from backend.core.clock import LOCAL
from backend.core.errors import IdReused
from backend.core.ids import digest_of
from backend.patrols import access
from backend.patrols.errors import (
    BatchTooLarge,
    ConsentMissing,
    NotOnDuty,
    SessionOpen,
    SessionOver,
    TimeNotPlausible,
)
from backend.patrols.models import LivePosition, PatrolSession
from backend.patrols.points import CLOCK_SKEW, Fix, Sorted, Span, sort_points
from gis.tracks import FlagKind, flag_columns

CONSENT_PURPOSE = "patrol_track"
MOST_POINTS = 1000
# A phone that stood in a cellar, or whose owner was off for a long weekend, may still send.
LATE_LIMIT = timedelta(days=5)
# No duty lasts longer; what is still open then was forgotten.
LONGEST_SESSION = timedelta(hours=14)
_KINDS = tuple(FlagKind)

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS track_staging (
    seq integer, recorded_at timestamptz, lon float8, lat float8, accuracy_m float8, speed_mps float8,
    bearing_deg float8, battery float8, raw_lon float8, raw_lat float8, raw_crs text, flags integer
) ON COMMIT DELETE ROWS"""
_COPY = "COPY track_staging FROM STDIN"
_INSERT = """
INSERT INTO patrols_trackpoint (session_day, session_id, seq, recorded_at, received_at, location, accuracy_m, speed_mps,
    bearing_deg, battery, raw_lon, raw_lat, raw_crs, flags)
SELECT %(day)s, %(session)s, seq, recorded_at, %(now)s, ST_SetSRID(ST_MakePoint(lon, lat), 4326), accuracy_m, speed_mps,
    bearing_deg, battery, raw_lon, raw_lat, raw_crs, flags
FROM track_staging
ON CONFLICT DO NOTHING"""
_LIVE = """
INSERT INTO patrols_liveposition AS held (worker_id, session_id, location, recorded_at, accuracy_m, speed_mps, battery)
VALUES (%(worker)s, %(session)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), %(at)s, %(accuracy_m)s,
    %(speed_mps)s, %(battery)s)
ON CONFLICT (worker_id) DO UPDATE SET session_id = excluded.session_id, location = excluded.location,
    recorded_at = excluded.recorded_at, accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps,
    battery = excluded.battery
WHERE held.recorded_at < excluded.recorded_at"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `duplicates` were stored before, or came twice; `since` and `until` span its points."""

    session: PatrolSession
    accepted: int
    duplicates: int
    rejected: list[dict[str, Any]]
    since: datetime | None
    until: datetime | None


@transaction.atomic
def start_session(
    *, actor: Actor, session_id: UUID, started_at: datetime, purpose: str, now: datetime
) -> PatrolSession:
    """Opens a patrol session; the same id and content again gives the same session.

    Raises NotOnDuty, ConsentMissing, SessionOpen (another is open), TimeNotPlausible, IdReused.
    """
    if actor.user_id is None or not actor.is_field or not actor.area_paths:
        raise NotOnDuty("only a worker on duty in a grid records patrols")
    # Serialises the starts of one worker; the unique constraint is the last word.
    User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
    digest = digest_of([started_at.timestamp(), purpose])
    known = PatrolSession.objects.filter(pk=session_id).first()
    if known is not None:
        if known.worker_id != actor.user_id or bytes(known.payload_digest) != digest:
            raise IdReused("this session id was used before", id=str(session_id))
        return known
    _check_moment(started_at, now)
    consent = _newest_consent(actor.user_id)
    if consent is None or not consent.granted:
        raise ConsentMissing("agree to the recording of patrols first", purpose=CONSENT_PURPOSE)
    still_open = PatrolSession.objects.filter(worker_id=actor.user_id, ended_at=None).first()
    if still_open is not None:
        raise SessionOpen("end the open session first", session_id=str(still_open.pk))
    try:
        with transaction.atomic():
            return PatrolSession.objects.create(
                id=session_id,
                worker_id=actor.user_id,
                consent=consent,
                area_path=actor.area_paths[0],
                purpose=purpose,
                day=started_at.astimezone(LOCAL).date(),
                started_at=started_at,
                received_at=now,
                payload_digest=digest,
            )
    except IntegrityError as error:
        raise IdReused("this session id was used before", id=str(session_id)) from error


@transaction.atomic
def end_session(*, actor: Actor, session_id: UUID, ended_at: datetime, now: datetime) -> PatrolSession:
    """Ends the actor's own session. A repeat gives the first end; one that was closed as forgotten takes the true end.

    Raises SessionNotFound, TimeNotPlausible.
    """
    session = access.lock_own_session(actor, session_id)
    if session.ended_by == "worker":
        return session
    _check_moment(ended_at, now)
    if ended_at < session.started_at:
        raise TimeNotPlausible("the end lies before the start", field="ended_at")
    session.ended_at, session.ended_by = ended_at, "worker"
    session.save(update_fields=["ended_at", "ended_by"])
    _leave_map(session)
    return session


@transaction.atomic
def close_forgotten_session(*, session_id: UUID, now: datetime) -> bool:
    """Closes a session that is open for too long. False: another run was first, or the worker has ended it."""
    claimed = PatrolSession.objects.filter(
        pk=session_id, ended_at=None, started_at__lte=now - LONGEST_SESSION
    ).select_for_update(no_key=True)
    session = claimed.first()
    if session is None:
        return False
    session.ended_at, session.ended_by = session.started_at + LONGEST_SESSION, "forgotten"
    session.save(update_fields=["ended_at", "ended_by"])
    _leave_map(session)
    return True


def take_positions(*, actor: Actor, session_id: UUID, points: Sequence[Mapping[str, Any]], now: datetime) -> Taken:
    """Stores a batch of positions of the actor's own session: any order, repeats harmless, bad points named.

    Points are `{seq, at, lon, lat, crs, accuracy_m?, speed_mps?, bearing_deg?, battery?}`; `at` with its offset.
    A session that ended takes what was recorded in it for five more days. What was recorded after the worker withdrew
    the consent is refused. Raises SessionNotFound, SessionOver, BatchTooLarge.
    """
    if len(points) > MOST_POINTS:
        raise BatchTooLarge("send fewer points at once", most=MOST_POINTS)
    with transaction.atomic():
        session = access.lock_own_session(actor, session_id)
        sorted_points = sort_points(points, span=_open_span(session, now))
        fixes = sorted_points.fixes
        accepted = _store(session, fixes, now) if fixes else 0
        newest = max(fixes, key=lambda fix: fix.at, default=None)
        if newest is not None and accepted:
            _count(session, newest.at, accepted)
            if session.ended_at is None and _show_live(session, newest):
                _tell_live(session, newest)
    return _taken(session, sorted_points, accepted)


def _taken(session: PatrolSession, sorted_points: Sorted, accepted: int) -> Taken:
    moments = [fix.at for fix in sorted_points.fixes]
    return Taken(
        session=session,
        accepted=accepted,
        duplicates=len(sorted_points.fixes) - accepted + sorted_points.repeats,
        rejected=sorted_points.rejected,
        since=min(moments, default=None),
        until=max(moments, default=None),
    )


def _open_span(session: PatrolSession, now: datetime) -> Span:
    """When positions of the session may have been recorded. Raises SessionOver."""
    if session.raw_dropped_at or (session.ended_at and now > session.ended_at + LATE_LIMIT):
        raise SessionOver("the session takes no more positions", session_id=str(session.pk))
    latest = min(session.ended_at or now, now) + CLOCK_SKEW
    consent = _newest_consent(session.worker_id)
    if consent is not None and not consent.granted:
        latest = min(latest, consent.at)
    return Span(session.started_at - CLOCK_SKEW, latest)


def _store(session: PatrolSession, fixes: list[Fix], now: datetime) -> int:
    """Copies the fixes into the partition of the session's day; how many of them were new."""
    rows = io.StringIO()
    for fix, flags in zip(fixes, _hints(fixes, now), strict=True):
        rows.write(
            f"{fix.seq}\t{fix.at.isoformat()}\t{fix.lon!r}\t{fix.lat!r}\t{_null(fix.accuracy_m)}\t{_null(fix.speed_mps)}\t"
            f"{_null(fix.bearing_deg)}\t{_null(fix.battery)}\t{fix.raw_lon!r}\t{fix.raw_lat!r}\t{fix.raw_crs}\t{flags}\n"
        )
    rows.seek(0)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.copy_expert(_COPY, rows)
        cursor.execute(_INSERT, {"day": session.day, "session": session.pk, "now": now})
        stored = int(cursor.rowcount)
        cursor.execute("DELETE FROM track_staging")
    return stored


def _hints(fixes: list[Fix], now: datetime) -> list[int]:
    """What looks odd within the batch, as bits in the order of FlagKind: for a person to look at, never a refusal."""
    columns = np.array(
        [[fix.at.timestamp(), fix.lon, fix.lat, np.nan if fix.accuracy_m is None else fix.accuracy_m] for fix in fixes]
    )
    flags = [0] * len(fixes)
    for flag in flag_columns(*columns.T.copy(), now_s=now.timestamp()):
        for row in flag.fixes:
            flags[row] |= 1 << _KINDS.index(flag.kind)
    return flags


def _null(value: float | None) -> str:
    return r"\N" if value is None else repr(value)


def _count(session: PatrolSession, newest_at: datetime, accepted: int) -> None:
    session.point_count += accepted
    session.last_point_at = max(session.last_point_at or newest_at, newest_at)
    session.save(update_fields=["point_count", "last_point_at"])


def _show_live(session: PatrolSession, fix: Fix) -> bool:
    """Moves the worker's live position when the fix is the newest one; whether it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LIVE,
            {
                "worker": session.worker_id,
                "session": session.pk,
                "lon": fix.lon,
                "lat": fix.lat,
                "at": fix.at,
                "accuracy_m": fix.accuracy_m,
                "speed_mps": fix.speed_mps,
                "battery": fix.battery,
            },
        )
        return bool(cursor.rowcount)


def _tell_live(session: PatrolSession, fix: Fix) -> None:
    payload = {
        "worker_id": session.worker_id,
        "session_id": session.pk,
        "at": fix.at,
        "lon": round(fix.lon, 6),
        "lat": round(fix.lat, 6),
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "battery": fix.battery,
    }

    def tell() -> None:
        live.publish("position", area_path=session.area_path, payload=payload)

    transaction.on_commit(tell, robust=True)


def _leave_map(session: PatrolSession) -> None:
    """Takes the worker off the live map: nobody is shown outside a session."""
    LivePosition.objects.filter(session=session).delete()
    payload = {"worker_id": session.worker_id, "session_id": session.pk, "at": session.ended_at, "ended": True}

    def tell() -> None:
        live.publish("position", area_path=session.area_path, payload=payload)

    transaction.on_commit(tell, robust=True)


def _newest_consent(worker_id: UUID) -> Consent | None:
    return Consent.objects.filter(user_id=worker_id, purpose=CONSENT_PURPOSE).order_by("-at", "-id").first()


def _check_moment(moment: datetime, now: datetime) -> None:
    if moment > now + CLOCK_SKEW:
        raise TimeNotPlausible("the phone's clock is ahead; correct it", field="at")
    if moment < now - LATE_LIMIT:
        raise TimeNotPlausible("too long ago to be taken now", field="at")
