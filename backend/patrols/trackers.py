"""Stock tracker apps: a token for one worker's positions, and nothing else. Given and ended by the worker."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.access import digest_of_token
from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.accounts.roles import Role
from backend.core import audit
from backend.patrols.errors import NotOnDuty, SessionOver, TooManyTrackers, TrackerNotFound, TrackerUnknown
from backend.patrols.models import PatrolSession, Tracker
from backend.patrols.storing import LATE_LIMIT
from backend.patrols.taking import MOST_POINTS, Taken, take_positions

MOST_TRACKERS = 5
# Trackers count nothing: the moment within the session is the number, above all numbers of our own app.
FIRST_SEQ = 2**30
_USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Issued:
    """A tracker with its token, which exists nowhere else."""

    tracker: Tracker
    token: str


def trackers_of(actor: Actor) -> list[Tracker]:
    """The actor's own trackers that still work, newest first."""
    return list(Tracker.objects.filter(worker_id=actor.user_id, revoked_at=None).order_by("-created_at", "-id"))


@transaction.atomic
def issue_tracker(*, actor: Actor, name: str, now: datetime) -> Issued:
    """A token for one tracker app of the actor. Raises NotOnDuty, TooManyTrackers."""
    if actor.user_id is None or not actor.is_field:
        raise NotOnDuty("only workers let a tracker send for them")
    # Serialises the counting per worker.
    User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
    if Tracker.objects.filter(worker_id=actor.user_id, revoked_at=None).count() >= MOST_TRACKERS:
        raise TooManyTrackers("end one of your trackers first", most=MOST_TRACKERS)
    token = secrets.token_urlsafe(24)
    tracker = Tracker.objects.create(worker_id=actor.user_id, name=name, digest=digest_of_token(token), created_at=now)
    _record("tracker_issued", actor, tracker, now)
    return Issued(tracker, token)


@transaction.atomic
def revoke_tracker(*, actor: Actor, tracker_id: UUID, now: datetime) -> None:
    """Ends one of the actor's own trackers at once; a repeat changes nothing. Raises TrackerNotFound."""
    tracker = Tracker.objects.select_for_update().filter(pk=tracker_id, worker_id=actor.user_id).first()
    if tracker is None or actor.user_id is None:
        raise TrackerNotFound("no such tracker")
    if tracker.revoked_at is not None:
        return
    tracker.revoked_at = now
    tracker.save(update_fields=["revoked_at"])
    _record("tracker_revoked", actor, tracker, now)


def _record(action: str, actor: Actor, tracker: Tracker, now: datetime) -> None:
    audit.record(
        action, actor_id=actor.user_id, role=actor.role.value, subject_kind="tracker", subject_id=tracker.pk, now=now
    )


def tracker_of(token: str, *, now: datetime) -> Tracker:
    """The working tracker with this token, of an account that is open. Raises TrackerUnknown."""
    found = Tracker.objects.filter(digest=digest_of_token(token), revoked_at=None, worker__is_active=True).first()
    if found is None:
        raise TrackerUnknown("issue a token for this tracker in the field app")
    if found.last_used_at is None or now - found.last_used_at > _USED_EVERY:
        Tracker.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def take_fixes(*, tracker: Tracker, fixes: Sequence[Mapping[str, Any]], now: datetime) -> list[Taken]:
    """Stores what a tracker recorded within its worker's patrols; the rest is dropped: nobody is tracked then.

    Fixes are points as `take_positions` takes them, without `seq`; `at` is a datetime with offset. A fix of the same
    millisecond of a patrol is the same fix, so a repeat adds nothing.
    """
    taken = []
    for session_id, points in _by_session(tracker.worker_id, fixes, now):
        actor = Actor(user_id=tracker.worker_id, role=Role.GRID_WORKER)
        for first in range(0, len(points), MOST_POINTS):
            batch = points[first : first + MOST_POINTS]
            try:
                taken.append(take_positions(actor=actor, session_id=session_id, points=batch, now=now))
            except SessionOver:
                continue
    return taken


def _by_session(
    worker_id: UUID, fixes: Sequence[Mapping[str, Any]], now: datetime
) -> Iterator[tuple[UUID, list[dict[str, Any]]]]:
    """The fixes of each patrol of the worker, numbered; those of no patrol are left out."""
    if not fixes:
        return
    earliest, latest = min(fix["at"] for fix in fixes), max(fix["at"] for fix in fixes)
    sessions = PatrolSession.objects.filter(
        worker_id=worker_id, started_at__lte=latest, received_at__gte=now - 3 * LATE_LIMIT
    ).exclude(ended_at__lt=earliest)
    for session in sessions.order_by("started_at"):
        end = session.ended_at or now
        inside = [fix for fix in fixes if session.started_at <= fix["at"] <= end]
        points = [
            {**fix, "seq": FIRST_SEQ + (fix["at"] - session.started_at) // timedelta(milliseconds=1)} for fix in inside
        ]
        if points:
            yield session.pk, points
