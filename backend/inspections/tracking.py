"""The track meets the plan: stops that the worker reached, and planned against walked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import shapely
from django.conf import settings

from backend.accounts.actor import Actor
from backend.core.prepared import Prepared
from backend.inspections.models import Route, Stop, Visit, WeeklyPlan
from backend.inspections.visits import mark_arrived
from backend.patrols import queries as patrols
from backend.patrols import services as patrol_services
from backend.patrols import suspicions
from backend.patrols.models import Tracker, TrackLook
from backend.patrols.queries import Walk
from backend.patrols.services import Taken
from gis.tracks import CleanTrack, Target, coverage_share, stood_at, with_neighbours

# Standing this long within reach makes a stop recognised; whoever walks by is not there.
VISITED_DWELL_S = 60.0
# A stay that began before a batch or goes on after it is seen whole.
AROUND_BATCH = timedelta(minutes=10)
# The planned way counts as walked where the track came this close.
ON_THE_WAY_M = 25.0
_OPEN = (Stop.State.PLANNED.value, Stop.State.ARRIVED.value)
# A call at a door that nobody opens lasts no longer than this.
TRIED_S = 180.0
# Asked for each batch of positions, so without the work of building and planning it anew each time.
_DAY_STOPS = Prepared(
    "stops_of_day",
    """
SELECT stop.id, ST_X(stop.location), ST_Y(stop.location), stop.arrived_at, stop.state,
    extract(epoch FROM stop.leave_at - stop.start_at)::float8,
    (SELECT visit.outcome FROM inspections_visit visit WHERE visit.stop_id = stop.id
     ORDER BY visit.received_at DESC LIMIT 1)
FROM inspections_route route
JOIN inspections_weeklyplan plan ON plan.id = route.plan_id AND plan.state = %(in_force)s
JOIN inspections_stop stop ON stop.route_id = route.id
WHERE route.worker_id = %(worker)s AND route.day = %(day)s
ORDER BY stop.start_at""",
    takes={"worker": "uuid", "day": "date", "in_force": "text"},
)
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
    VISITED_DWELL_S in all; stops with others beside them as `stood_at` shares the time. Ids of the stops that changed.
    """
    if taken.since is None or taken.until is None:
        return []
    session = taken.session
    stops = _stops_of_day(session.worker_id, session.day)
    missing = {stop.id: stop.arrived_at for stop in stops if stop.state in _OPEN}
    if not missing:
        return []
    around = taken.since - AROUND_BATCH, taken.until + AROUND_BATCH
    met = _met(
        session.worker_id,
        session.day,
        [Target(stop.id, stop.lon, stop.lat) for stop in stops],
        missing,
        around=around,
        now=now,
    )
    targets = [stop.as_target() for stop in stops]
    if met and set(met) & {target.id for target in with_neighbours(targets)}:
        # Doors beside one another share their time, so all of the day's time is looked at.
        met = _met(session.worker_id, session.day, targets, missing, around=None, now=now)
    return [stop_id for stop_id, at in met.items() if mark_arrived(stop_id=stop_id, at=at, now=now)]


def _met(
    worker_id: UUID,
    day: date,
    targets: Sequence[Target],
    missing: Mapping[UUID, datetime | None],
    *,
    around: tuple[datetime, datetime] | None,
    now: datetime,
) -> dict[UUID, datetime]:
    """The targets among `missing` that the day's track stood at, earlier than known so far, and since when."""
    since, until = around or (None, None)
    tracks = patrols.own_tracks_of_day(worker_id, day, now=now, since=since, until=until)
    visits = stood_at(_whole(tracks), targets, radius_m=settings.VISITED_RADIUS_M, dwell_s=VISITED_DWELL_S)
    moments = {UUID(str(visit.id)): visit.first_at for visit in visits}
    return {
        stop_id: at
        for stop_id, at in moments.items()
        if stop_id in missing and at < (missing[stop_id] or datetime.max.replace(tzinfo=UTC))
    }


class _DayStop(NamedTuple):
    id: UUID
    lon: float
    lat: float
    arrived_at: datetime | None
    state: str
    planned_s: float
    outcome: str | None

    def as_target(self) -> Target:
        """What the track is to show: the worker's word about this stop counts."""
        planned_s = self.planned_s
        if self.state == Stop.State.SKIPPED:
            planned_s = math.inf  # they say that they were not there: no time is enough
        elif self.outcome is not None and self.outcome != Visit.Outcome.DONE:
            planned_s = min(planned_s, TRIED_S)
        return Target(self.id, self.lon, self.lat, planned_s, self.outcome is not None)


def _stops_of_day(worker_id: UUID, day: date) -> list[_DayStop]:
    """Stops of the worker's rounds in force in the order of their times."""
    rows = _DAY_STOPS.rows(worker=worker_id, day=day, in_force=WeeklyPlan.State.PUBLISHED.value)
    return [_DayStop(*row) for row in rows]


def _whole(tracks: Sequence[CleanTrack]) -> CleanTrack:
    return CleanTrack(tuple(segment for track in tracks for segment in track.segments), (), {})


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
    shown_by_track: frozenset[UUID]
    share_of_way_walked: float | None
    repeats: date | None
    look: TrackLook | None


def planned_and_walked(actor: Actor, worker_id: UUID, day: date, *, now: datetime) -> DayFigures:
    """Routes of the plans in force and the cleaned walk of the day, as far as the actor may see each.

    Whoever sees the way also sees which earlier day it repeats, and what somebody said who looked at it.
    """
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
    sees_way = actor.role in patrols.TRACK_ROLES or actor.user_id == worker_id
    states = {stop.pk: stop.state for route in routes for stop in route.stops.all()}
    tracks = patrols.clean_tracks(patrols.sessions_of_day(actor, worker_id, day), now=now)
    return DayFigures(
        worker_id=worker_id,
        day=day,
        routes=routes,
        walk=walk,
        planned_m=sum(route.travel_m for route in routes),
        stops_planned=len(states),
        stops_reached=sum(state in _REACHED for state in states.values()),
        stops_done=list(states.values()).count(Stop.State.DONE),
        shown_by_track=frozenset(states) & _shown(worker_id, day, tracks),
        share_of_way_walked=_share_walked(routes, tracks),
        repeats=suspicions.replayed_from(worker_id, day, tracks, now=now) if sees_way else None,
        look=suspicions.look_at(actor, worker_id, day) if sees_way else None,
    )


def _as_lines(wkb: bytes) -> shapely.MultiLineString:
    shape = shapely.from_wkb(wkb)
    return shape if isinstance(shape, shapely.MultiLineString) else shapely.MultiLineString()


def _shown(worker_id: UUID, day: date, tracks: Sequence[CleanTrack]) -> set[UUID]:
    """The stops of the day that its tracks show as reached, with all that was said about them since."""
    if not tracks:
        return set()
    stops = _stops_of_day(worker_id, day)
    skipped = {stop.id for stop in stops if stop.state == Stop.State.SKIPPED}
    targets = [stop.as_target() for stop in stops]
    visits = stood_at(_whole(tracks), targets, radius_m=settings.VISITED_RADIUS_M, dwell_s=VISITED_DWELL_S)
    return {UUID(str(visit.id)) for visit in visits} - skipped


def _share_walked(routes: Sequence[Route], tracks: Sequence[CleanTrack]) -> float | None:
    """Share of the planned way with the cleaned track beside it; None without a planned way or without a track."""
    ways = [_as_lines(bytes(route.path.wkb)) for route in routes if route.path is not None]
    if not ways or not tracks:
        return None
    return round(coverage_share(ways, _whole(tracks), sight_m=ON_THE_WAY_M), 4)
