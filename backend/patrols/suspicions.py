"""What looks odd about a worker's day, and what a person says who looked at it. A hint is no verdict, and no score.

Beside the hints of cleaning (`gis.tracks.Flag`) a day is held against the worker's own last days: a recording that was
played again (`gis.tracks.is_replayed`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.core import audit
from backend.core.clock import LOCAL
from backend.patrols import queries
from backend.patrols.errors import NothingToLookAt, SessionNotFound, TrackLookNotAllowed
from backend.patrols.models import PatrolSession, TrackLook
from gis.tracks import CleanTrack, is_replayed

REPLAYED: Final = "replayed"
# How far back a day is held against earlier ones.
DAYS_BACK: Final = 14
# The last days that a worker sees flagged without anybody having looked yet.
DAYS_SHOWN: Final = 7
VERDICTS: Final = [verdict.value for verdict in TrackLook.Verdict]


def replayed_from(worker_id: UUID, day: date, tracks: Sequence[CleanTrack], *, now: datetime) -> date | None:
    """The latest of the worker's last DAYS_BACK days whose track one of these repeats; None where none does."""
    if not any(track.segments for track in tracks):
        return None
    earlier = PatrolSession.objects.filter(
        worker_id=worker_id, day__lt=day, day__gte=day - timedelta(days=DAYS_BACK), raw_dropped_at=None
    )
    for session in earlier.order_by("-day", "-started_at"):
        [before] = queries.clean_tracks([session], now=now)
        if any(is_replayed(track, before) for track in tracks):
            return session.day
    return None


def hints_of(sessions: Sequence[PatrolSession], *, now: datetime) -> tuple[dict[str, int], date | None]:
    """How many fixes gave rise to each hint on one worker's day, and the day that it repeats."""
    tracks = queries.clean_tracks(sessions, now=now)
    hints: dict[str, int] = {}
    for track in tracks:
        for flag in track.flags:
            hints[flag.kind.value] = hints.get(flag.kind.value, 0) + len(flag.fixes)
    if not sessions:
        return hints, None
    from_day = replayed_from(sessions[0].worker_id, sessions[0].day, tracks, now=now)
    if from_day is not None:
        hints[REPLAYED] = 1
    return hints, from_day


@dataclass(frozen=True, slots=True)
class FlaggedDay:
    """One of a worker's own days with its hints, the day that it repeats, and what was said about it."""

    day: date
    hints: dict[str, int]
    repeats: date | None
    look: TrackLook | None


def own_flagged_days(actor: Actor, *, now: datetime) -> list[FlaggedDay]:
    """The actor's own last DAYS_SHOWN days that have hints, and all that somebody looked at; the newest first."""
    looks = {look.day: look for look in TrackLook.objects.filter(worker_id=actor.user_id).select_related("looked_by")}
    since = now.astimezone(LOCAL).date() - timedelta(days=DAYS_SHOWN)
    own = PatrolSession.objects.filter(worker_id=actor.user_id, day__gt=since).order_by("day", "started_at")
    found = []
    for day, sessions in groupby(own, key=lambda session: session.day):
        hints, repeats = hints_of(list(sessions), now=now)
        if hints or day in looks:
            found.append(FlaggedDay(day, hints, repeats, looks.pop(day, None)))
    found += [FlaggedDay(day, look.hints, None, look) for day, look in looks.items()]
    return sorted(found, key=lambda one: one.day, reverse=True)


def look_at(actor: Actor, worker_id: UUID, day: date) -> TrackLook | None:
    """What was said of a worker's day, as far as the actor may see it."""
    return TrackLook.objects.visible_to(actor).select_related("looked_by").filter(worker_id=worker_id, day=day).first()


@transaction.atomic
def judge(*, actor: Actor, worker_id: UUID, day: date, verdict: str, note: str, now: datetime) -> TrackLook:
    """Keeps what somebody says who looked at a flagged day: fine, or that they will talk to the worker.

    A later word takes the place of an earlier one; each goes into the audit trail. Raises TrackLookNotAllowed for a
    role that sees figures only, SessionNotFound without a patrol of that day in the actor's areas, NothingToLookAt.
    """
    if actor.role not in queries.TRACK_ROLES or actor.user_id is None:
        raise TrackLookNotAllowed("this role sees figures of a walk, not the way itself", role=actor.role.value)
    sessions = queries.sessions_of_day(actor, worker_id, day)
    if not sessions:
        raise SessionNotFound("no patrol of this worker and day in your areas")
    hints, _ = hints_of(sessions, now=now)
    if not hints:
        raise NothingToLookAt("nothing about this track asks for a look", day=str(day))
    said = {
        "area_path": sessions[0].area_path,
        "verdict": verdict,
        "note": note,
        "hints": hints,
        "looked_by_id": actor.user_id,
        "looked_at": now,
    }
    look, _ = TrackLook.objects.update_or_create(worker_id=worker_id, day=day, defaults=said)
    audit.record(
        "judge_track",
        actor_id=actor.user_id,
        role=actor.role.value,
        subject_kind="track",
        subject_id=worker_id,
        now=now,
        worker_id=str(worker_id),
        day=str(day),
        verdict=verdict,
        hints=hints,
    )
    return look
