"""The track meets the plan: stops that the worker reached, and planned against walked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import shapely
from django.conf import settings
from django.db import connection

from backend.accounts.actor import Actor
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.visits import mark_arrived
from backend.patrols import queries as patrols
from backend.patrols import services as patrol_services
from backend.patrols.models import PatrolSession, Tracker
from backend.patrols.queries import Walk
from backend.patrols.services import Taken
from gis.tracks import CleanTrack, Target, coverage_share, stood_at

# Standing this long within reach makes a stop recognised; whoever walks by is not there.
VISITED_DWELL_S = 60.0
# A stay that began before a batch or goes on after it is seen whole.
AROUND_BATCH = timedelta(minutes=10)
# The planned way counts as walked where the track came this close.
ON_THE_WAY_M = 25.0
_OPEN = (Stop.State.PLANNED.value, Stop.State.ARRIVED.value)
# Asked for each batch of positions, so without the work of building it anew each time.
_DAY_STOPS = """
SELECT stop.id, ST_X(stop.location), ST_Y(stop.location), stop.arrived_at, stop.state = ANY(%(open)s)
FROM inspections_route route
JOIN inspections_weeklyplan plan ON plan.id = route.plan_id AND plan.state = %(in_force)s
JOIN inspections_stop stop ON stop.route_id = route.id
WHERE route.worker_id = %(worker)s AND route.day = %(day)s
ORDER BY stop.start_at"""
_REACHED = (Stop.State.ARRIVED, Stop.State.DONE)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of positions, and the stops that it shows to be reached."""

    taken: Taken
    visited: list[UUID]


def record_positions(*, actor: Actor, session_id: UUID, points: Sequence[Mapping[str, Any]], now: datetime) -> Recorded:
    """Stores positions of the actor's own session, then recognises stops from the track around them.

    The positions are stored and stay stored before anything is recognised: a batch that is sent again recognises again.
    Raises what `patrols.services.take_positions` raises.
    """
    taken = patrol_services.take_positions(actor=actor, session_id=session_id, points=points, now=now)
    return Recorded(taken, recognise_visited(taken, now=now))


def record_plain(*, user_id: UUID, session_id: UUID, body: bytes, now: datetime) -> Recorded | None:
    """`record_positions` for the JSON body of a batch in which nothing is wrong; None, with nothing stored, else."""
    taken = patrol_services.take_plain(user_id=user_id, session_id=session_id, body=body, now=now)
    return Recorded(taken, recognise_visited(taken, now=now)) if taken else None


def record_tracker_fixes(*, tracker: Tracker, fixes: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Stores what a stock tracker app recorded in its worker's patrols, then recognises stops from it."""
    for taken in patrol_services.take_fixes(tracker=tracker, fixes=fixes, now=now):
        recognise_visited(taken, now=now)


def recognise_visited(taken: Taken, *, now: datetime) -> list[UUID]:
    """Marks planned stops of the session's worker and day as arrived where the cleaned track stood at them.

    Stood within VISITED_RADIUS_M plus the accuracy of the fix, nearer than at any other stop of the day, for
    VISITED_DWELL_S in all. Ids of the stops that changed.
    """
    if taken.since is None or taken.until is None:
        return []
    session = taken.session
    stops = _stops_of_day(session.worker_id, session.day)
    open_stops = {stop.id for stop in stops if stop.is_open}
    if not open_stops:
        return []
    targets = [Target(stop.id, stop.lon, stop.lat) for stop in stops]
    tracks = patrols.own_tracks_of_day(
        session.worker_id, session.day, now=now, since=taken.since - AROUND_BATCH, until=taken.until + AROUND_BATCH
    )
    found = [
        visit
        for track in tracks
        for visit in stood_at(track, targets, radius_m=settings.VISITED_RADIUS_M, dwell_s=VISITED_DWELL_S)
        if visit.id in open_stops
    ]
    arrivals = {UUID(str(visit.id)): visit.first_at for visit in found}
    known = {stop.id: stop.arrived_at for stop in stops if stop.arrived_at is not None}
    news = {stop_id: at for stop_id, at in arrivals.items() if stop_id not in known or at < known[stop_id]}
    return [stop_id for stop_id, at in news.items() if mark_arrived(stop_id=stop_id, at=at, now=now)]


class _DayStop(NamedTuple):
    id: UUID
    lon: float
    lat: float
    arrived_at: datetime | None
    is_open: bool


def _stops_of_day(worker_id: UUID, day: date) -> list[_DayStop]:
    """Stops of the worker's rounds in force in the order of their times; `is_open`: may still be reached."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DAY_STOPS,
            {"worker": worker_id, "day": day, "in_force": WeeklyPlan.State.PUBLISHED.value, "open": list(_OPEN)},
        )
        return [_DayStop(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, eq=False, slots=True)
class DayFigures:
    """Planned against walked for one worker and local day. Shares are None where there is nothing to divide by."""

    worker_id: UUID
    day: date
    routes: list[Route]
    walk: Walk
    planned_m: int
    stops_planned: int
    stops_reached: int
    stops_done: int
    share_of_way_walked: float | None


def planned_and_walked(actor: Actor, worker_id: UUID, day: date, *, now: datetime) -> DayFigures:
    """Routes of the plans in force and the cleaned walk of the day, as far as the actor may see each."""
    routes = list(
        Route.objects.filter(
            plan__in=WeeklyPlan.objects.visible_to(actor).filter(state=WeeklyPlan.State.PUBLISHED),
            worker_id=worker_id,
            day=day,
        )
        .prefetch_related("stops")
        .order_by("shift")
    )
    walk = patrols.walked(actor, worker_id, day, now=now)
    states = [stop.state for route in routes for stop in route.stops.all()]
    return DayFigures(
        worker_id=worker_id,
        day=day,
        routes=routes,
        walk=walk,
        planned_m=sum(route.travel_m for route in routes),
        stops_planned=len(states),
        stops_reached=sum(state in _REACHED for state in states),
        stops_done=states.count(Stop.State.DONE),
        share_of_way_walked=_share_walked(routes, patrols.sessions_of_day(actor, worker_id, day), now),
    )


def _as_lines(wkb: bytes) -> shapely.MultiLineString:
    shape = shapely.from_wkb(wkb)
    return shape if isinstance(shape, shapely.MultiLineString) else shapely.MultiLineString()


def _share_walked(routes: Sequence[Route], sessions: Sequence[PatrolSession], now: datetime) -> float | None:
    """Share of the planned way with the cleaned track beside it; None without a planned way or without a track."""
    ways = [_as_lines(bytes(route.path.wkb)) for route in routes if route.path is not None]
    tracks = patrols.clean_tracks(sessions, now=now)
    if not ways or not tracks:
        return None
    whole = CleanTrack(tuple(segment for track in tracks for segment in track.segments), (), {})
    return round(coverage_share(ways, whole, sight_m=ON_THE_WAY_M), 4)
