"""Positions of a patrol are taken: point by point, or as a whole where a batch is plainly right. Both store alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from backend.accounts.actor import Actor
from backend.core import live
from backend.patrols.columns import Columns, columns_of, read_plain
from backend.patrols.consent import CONSENT_PURPOSE
from backend.patrols.errors import BatchTooLarge, SessionNotFound, SessionOver
from backend.patrols.points import CLOCK_SKEW, Span, sort_points
from backend.patrols.storing import store

MOST_POINTS = 1000
# A phone that stood in a cellar, or whose owner was off for a long weekend, may still send.
LATE_LIMIT = timedelta(days=5)

# One statement for the session and the consent. Whoever waits for the lock reads the session's end as it is then.
_LOCK = """
SELECT day, area_path, started_at, ended_at, raw_dropped_at,
    (SELECT CASE WHEN word.granted THEN NULL ELSE word.at END FROM accounts_consent word
     WHERE word.user_id = %(worker)s AND word.purpose = %(purpose)s ORDER BY word.at DESC, word.id DESC LIMIT 1)
FROM patrols_patrolsession WHERE id = %(session)s AND worker_id = %(worker)s FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class OwnSession:
    """The locked session of the worker who sends. `withdrawn_at`: their newest word is a no, of that moment."""

    id: UUID
    worker_id: UUID
    day: date
    area_path: str
    started_at: datetime
    ended_at: datetime | None
    raw_dropped_at: datetime | None
    withdrawn_at: datetime | None

    def open_span(self, now: datetime) -> Span | None:
        """When its positions may have been recorded; None when it takes no more."""
        if self.raw_dropped_at or (self.ended_at and now > self.ended_at + LATE_LIMIT):
            return None
        latest = min(self.ended_at or now, now) + CLOCK_SKEW
        if self.withdrawn_at is not None:
            latest = min(latest, self.withdrawn_at)
        return Span(self.started_at - CLOCK_SKEW, latest)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `duplicates` were stored before, or came twice; `since` and `until` span its points."""

    session: OwnSession
    accepted: int
    duplicates: int
    rejected: list[dict[str, Any]]
    since: datetime | None
    until: datetime | None


def take_positions(*, actor: Actor, session_id: UUID, points: Sequence[Mapping[str, Any]], now: datetime) -> Taken:
    """Stores a batch of positions of the actor's own session: any order, repeats harmless, bad points named.

    Points are `{seq, at, lon, lat, crs, accuracy_m?, speed_mps?, bearing_deg?, battery?}`; `at` with its offset.
    A session that ended takes what was recorded in it for five more days. What was recorded after the worker withdrew
    the consent is refused. Raises SessionNotFound, SessionOver, BatchTooLarge.
    """
    if len(points) > MOST_POINTS:
        raise BatchTooLarge("send fewer points at once", most=MOST_POINTS)
    with transaction.atomic():
        session = _lock(actor.user_id, session_id)
        if session is None:
            raise SessionNotFound("no such patrol session")
        span = session.open_span(now)
        if span is None:
            raise SessionOver("the session takes no more positions", session_id=str(session.id))
        found = sort_points(points, span=span)
        return _stored(session, columns_of(found.fixes), repeats=found.repeats, rejected=found.rejected, now=now)


def take_plain(*, user_id: UUID, session_id: UUID, body: bytes, now: datetime) -> Taken | None:
    """`take_positions` for the JSON body `{"points": […]}` of a batch in which nothing is wrong, much faster.

    None, with nothing stored, for everything else: then `take_positions` has the word, and says what is wrong.
    """
    plain = read_plain(body, most=MOST_POINTS)
    if plain is None:
        return None
    with transaction.atomic():
        session = _lock(user_id, session_id)
        span = session.open_span(now) if session else None
        if session is None or span is None or not plain.lies_in(span):
            return None
        return _stored(session, plain.columns, repeats=plain.repeats, rejected=[], now=now)


def _lock(worker_id: UUID | None, session_id: UUID) -> OwnSession | None:
    """The worker's own session, locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"session": session_id, "worker": worker_id, "purpose": CONSENT_PURPOSE})
        row = cursor.fetchone()
    return OwnSession(session_id, worker_id, *row) if row and worker_id else None


def _stored(
    session: OwnSession, columns: Columns, *, repeats: int, rejected: list[dict[str, Any]], now: datetime
) -> Taken:
    count = columns.seq.size
    if not count:
        return Taken(session, 0, repeats, rejected, None, None)
    newest = int(np.argmax(columns.at_s))
    accepted, is_shown = store(
        columns, session_id=session.id, day=session.day, worker_id=session.worker_id, newest=newest,
        on_map=session.ended_at is None, now=now,
    )  # fmt: skip
    since, until = (datetime.fromtimestamp(float(at_s), UTC) for at_s in (columns.at_s.min(), columns.at_s[newest]))
    if is_shown:
        _tell_live(session, columns, newest, until)
    return Taken(session, accepted, count - accepted + repeats, rejected, since, until)


def _tell_live(session: OwnSession, columns: Columns, row: int, at: datetime) -> None:
    def known(values: Any) -> float | None:
        return None if np.isnan(values[row]) else float(values[row])

    payload = {
        "worker_id": session.worker_id,
        "session_id": session.id,
        "at": at,
        "lon": round(float(columns.lons[row]), 6),
        "lat": round(float(columns.lats[row]), 6),
        "accuracy_m": known(columns.accuracy_m),
        "speed_mps": known(columns.speed_mps),
        "battery": known(columns.battery),
    }

    def tell() -> None:
        live.publish("position", area_path=session.area_path, payload=payload)

    transaction.on_commit(tell, robust=True)
