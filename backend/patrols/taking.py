"""Positions of a patrol are taken: point by point, or as a whole where a batch is plainly right. Both store alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from backend.accounts.actor import Actor
from backend.core import live
from backend.patrols.columns import Columns, columns_of, read_plain
from backend.patrols.errors import BatchTooLarge, SessionNotFound, SessionOver
from backend.patrols.points import sort_points
from backend.patrols.storing import OwnSession, Stored, lock_session, store

MOST_POINTS = 1000


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
        own = lock_session(session_id, worker_id=actor.user_id, now=now) if actor.user_id else None
        if own is None:
            raise SessionNotFound("no such patrol session")
        session, span = own
        if span is None:
            raise SessionOver("the session takes no more positions", session_id=str(session.id))
        found = sort_points(points, span=span)
        if not found.fixes:
            return Taken(session, 0, found.repeats, found.rejected, None, None)
        columns = columns_of(found.fixes)
        stored = store(columns, session_id=session_id, worker_id=session.worker_id, now=now)
        if stored is None:
            # The worker said no between the two statements: what was recorded before that still counts.
            return take_positions(actor=actor, session_id=session_id, points=points, now=now)
        return _taken(stored, columns, repeats=found.repeats, rejected=found.rejected)


def take_plain(*, user_id: UUID, session_id: UUID, body: bytes, now: datetime) -> Taken | None:
    """`take_positions` for the JSON body `{"points": […]}` of a batch in which nothing is wrong, much faster.

    None, with nothing stored, for everything else: then `take_positions` has the word, and says what is wrong.
    """
    plain = read_plain(body, most=MOST_POINTS)
    stored = store(plain.columns, session_id=session_id, worker_id=user_id, now=now) if plain else None
    if plain is None or stored is None:
        return None
    return _taken(stored, plain.columns, repeats=plain.repeats, rejected=[])


def _taken(stored: Stored, columns: Columns, *, repeats: int, rejected: list[dict[str, Any]]) -> Taken:
    if stored.is_shown:
        _tell_live(stored, columns)
    duplicates = columns.seq.size - stored.accepted + repeats
    return Taken(stored.session, stored.accepted, duplicates, rejected, stored.since, stored.until)


def _tell_live(stored: Stored, columns: Columns) -> None:
    row, session = stored.newest, stored.session

    def known(values: Any) -> float | None:
        return None if np.isnan(values[row]) else float(values[row])

    payload = {
        "worker_id": session.worker_id,
        "session_id": session.id,
        "at": stored.until,
        "lon": round(float(columns.lons[row]), 6),
        "lat": round(float(columns.lats[row]), 6),
        "accuracy_m": known(columns.accuracy_m),
        "speed_mps": known(columns.speed_mps),
        "battery": known(columns.battery),
    }

    def tell() -> None:
        live.publish("position", area_path=session.area_path, payload=payload)

    transaction.on_commit(tell, robust=True)
