"""Reads of patrols: cleaned tracks with their figures, and who is on patrol now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from django.db import connection

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.accounts.roles import Role
from backend.areas.models import Duty
from backend.core import audit
from backend.patrols import access
from backend.patrols.models import LivePosition, PatrolSession
from gis.tracks import CleanTrack, clean_columns

# Who may look at the way itself (reliability.md, authorisation matrix); the others see figures.
TRACK_ROLES = frozenset({Role.COMMUNITY, Role.STREET})
_COLUMNS = (
    "SELECT EXTRACT(EPOCH FROM recorded_at)::float8, ST_X(location), ST_Y(location), "
    "coalesce(accuracy_m, 'NaN'::float8) FROM patrols_trackpoint "
    "WHERE session_day = ANY(%(days)s) AND session_id = ANY(%(sessions)s) "
    "AND recorded_at >= %(since)s AND recorded_at <= %(until)s ORDER BY recorded_at, seq"
)
_EVER = (datetime.fromisoformat("1970-01-01T00:00:00+00:00"), datetime.fromisoformat("9000-01-01T00:00:00+00:00"))


@dataclass(frozen=True, eq=False, slots=True)
class Walk:
    """What is known of a walk after cleaning. `kept_m` walked metres, gaps left out; `hints` for a person to look at.

    `lines` is empty for whoever sees figures only, and when the raw track is deleted: then `kept_m` is what was stored.
    """

    points: int
    kept_m: float
    duration_s: float
    gaps: int
    lines: shapely.MultiLineString
    hints: dict[str, int]


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session with its figures; `walk.lines` holds the cleaned track, a line per stretch without gap."""

    session: PatrolSession
    walk: Walk


def forgotten_sessions(*, now: datetime, longest: timedelta) -> list[UUID]:
    """Sessions that are open for longer than any duty lasts."""
    overdue = PatrolSession.objects.filter(ended_at=None, started_at__lte=now - longest)
    return list(overdue.order_by("started_at").values_list("pk", flat=True))


def open_session(actor: Actor) -> PatrolSession | None:
    """The actor's own running session."""
    return PatrolSession.objects.filter(worker_id=actor.user_id, ended_at=None).first() if actor.user_id else None


def clean_tracks(
    sessions: Sequence[PatrolSession], *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[CleanTrack]:
    """The cleaned track of each session that still has its raw points, in the order given."""
    tracks = []
    for session in sessions:
        if session.raw_dropped_at is not None:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                _COLUMNS,
                {
                    "days": [session.day],
                    "sessions": [session.pk],
                    "since": since or _EVER[0],
                    "until": until or _EVER[1],
                },
            )
            rows = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 4)
        tracks.append(clean_columns(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], now_s=now.timestamp()))
    return tracks


def walk_of(sessions: Sequence[PatrolSession], *, now: datetime) -> Walk:
    """Figures and cleaned lines over some sessions; a session without raw points counts with its stored distance."""
    tracks = clean_tracks(sessions, now=now)
    stored_m = sum(session.distance_m for session in sessions if session.raw_dropped_at is not None)
    hints: dict[str, int] = {}
    for track in tracks:
        for flag in track.flags:
            hints[flag.kind.value] = hints.get(flag.kind.value, 0) + len(flag.fixes)
    segments = [track.segments for track in tracks]
    return Walk(
        points=sum(session.point_count for session in sessions),
        kept_m=round(stored_m + sum(track.distance_m for track in tracks), 1),
        duration_s=round(sum(_lasted_s(session, now) for session in sessions)),
        gaps=sum(max(0, len(parts) - 1) for parts in segments),
        lines=shapely.MultiLineString([line for track in tracks for line in track.lines.geoms]),
        hints=hints,
    )


def _lasted_s(session: PatrolSession, now: datetime) -> float:
    """Seconds from start to end; a forgotten session ends with its last point."""
    ended = session.ended_at or now
    if session.ended_by == "forgotten":
        ended = session.last_point_at or session.started_at
    return max(0.0, (ended - session.started_at).total_seconds())


def session_summary(actor: Actor, session_id: UUID, *, now: datetime) -> SessionSummary:
    """One session with its figures; the way itself for its worker and whoever may look. Raises SessionNotFound."""
    session = access.get_session(actor, session_id)
    walk = walk_of([session], now=now)
    return SessionSummary(session, _shown(actor, session.worker_id, walk, now, subject=session.pk))


def walked(actor: Actor, worker_id: UUID, day: date, *, now: datetime) -> Walk:
    """What a worker walked on a local day, over the sessions that the actor may see.

    A look at another person's track is kept in the audit trail; roles that see figures only get no lines.
    """
    sessions = sessions_of_day(actor, worker_id, day)
    return _shown(actor, worker_id, walk_of(sessions, now=now), now, subject=worker_id, day=str(day))


def sessions_of_day(actor: Actor, worker_id: UUID, day: date) -> list[PatrolSession]:
    return list(PatrolSession.objects.visible_to(actor).filter(worker_id=worker_id, day=day).order_by("started_at"))


def own_tracks_of_day(
    worker_id: UUID, day: date, *, now: datetime, since: datetime | None, until: datetime | None
) -> list[CleanTrack]:
    """Cleaned tracks of a worker's day between two moments (None: all of it), for the room that recognises visits."""
    sessions = PatrolSession.objects.filter(worker_id=worker_id, day=day).order_by("started_at")
    return clean_tracks(list(sessions), now=now, since=since, until=until)


def _shown(actor: Actor, worker_id: UUID, walk: Walk, now: datetime, *, subject: UUID, **facts: Any) -> Walk:
    if actor.user_id == worker_id:
        return walk
    if actor.role not in TRACK_ROLES:
        return Walk(walk.points, walk.kept_m, walk.duration_s, walk.gaps, shapely.MultiLineString(), {})
    if not walk.lines.is_empty:
        audit.record(
            "view_track",
            actor_id=actor.user_id,
            role=actor.role.value,
            subject_kind="track",
            subject_id=subject,
            now=now,
            worker_id=str(worker_id),
            **facts,
        )
    return walk


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A worker of the actor's areas with the grid that they serve first; `position` while on patrol."""

    worker: User
    post: str
    grid_code: str
    grid_name: str
    position: LivePosition | None


def live_workers(actor: Actor, *, now: datetime) -> list[LiveWorker]:
    """Everybody on duty in the actor's areas, in the order of their grids, with where they are when on patrol."""
    duties = (
        Duty.objects.filter(valid__contains=now, worker__is_active=True, post__in=(Duty.Post.LEADER, Duty.Post.WORKER))
        .select_related("grid", "worker__live_position__session")
        .order_by("grid__code", "post", "worker__username")
    )
    first: dict[UUID, Duty] = {}
    for duty in duties:
        if actor.covers(duty.grid.path):
            first.setdefault(duty.worker_id, duty)
    return [_live_worker(duty) for duty in first.values()]


def _live_worker(duty: Duty) -> LiveWorker:
    position: LivePosition | None = getattr(duty.worker, "live_position", None)
    return LiveWorker(duty.worker, duty.post, duty.grid.code, duty.grid.name, position)


def count_live(actor: Actor) -> int:
    """How many of the actor's workers record a patrol now."""
    return LivePosition.objects.visible_to(actor).count()
