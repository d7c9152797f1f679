"""Walked ways to be taken along as a file: for the worker's own desks only, each one kept in the audit trail."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.core import audit
from backend.inspections.errors import TrackNotShown
from backend.patrols import queries as patrols
from gis.tracks import CleanTrack

_MAY_TAKE = patrols.TRACK_ROLES | {Role.SYSTEM}


@dataclass(frozen=True, eq=False, slots=True)
class WalkedSession:
    """One patrol that still has its positions, cleaned."""

    session_id: UUID
    started_at: datetime
    track: CleanTrack


@transaction.atomic
def take_walked(*, actor: Actor, worker_id: UUID, day: date, now: datetime) -> list[WalkedSession]:
    """Cleaned patrols of a worker's local day, in order, as far as the actor may see them.

    Patrols without positions, or whose raw positions are deleted, are left out. Raises TrackNotShown for a role that
    sees figures only.
    """
    if actor.role not in _MAY_TAKE:
        raise TrackNotShown("this role sees figures of a walk, not the way itself", role=actor.role.value)
    sessions = [session for session in patrols.sessions_of_day(actor, worker_id, day) if session.raw_dropped_at is None]
    found = [
        WalkedSession(session.pk, session.started_at, track)
        for session, track in zip(sessions, patrols.clean_tracks(sessions, now=now), strict=True)
        if track.segments
    ]
    if found:
        audit.record(
            "export_track",
            actor_id=actor.user_id,
            role=actor.role.value,
            subject_kind="track",
            subject_id=worker_id,
            now=now,
            worker_id=str(worker_id),
            day=str(day),
        )
    return found
