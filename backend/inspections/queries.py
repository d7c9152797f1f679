"""What a worker's phone and a resident read of rounds and appointments; the console's reads are in `overview`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from backend.accounts.actor import Actor
from backend.core.clock import LOCAL
from backend.inspections import access
from backend.inspections.models import Appointment, Route, Stop, StopDuty, WeeklyPlan
from backend.inspections.shifts import half_days
from backend.patrols import queries as patrols
from backend.patrols.models import PatrolSession
from backend.places import queries as places
from backend.places.models import Place, VisitTarget
from gis.tracks import Target, houses_of

NEXT_DAY_WITHIN: Final = 14


@dataclass(frozen=True, slots=True)
class Day:
    """One worker's local day under the plans in force: routes by time, stops in walking order."""

    day: date
    shifts: list[tuple[datetime, datetime]]
    routes: list[Route]
    stops: list[Stop]

    @property
    def travel_s(self) -> int:
        return sum(route.travel_s for route in self.routes)

    @property
    def travel_m(self) -> int:
        return sum(route.travel_m for route in self.routes)


@dataclass(frozen=True, slots=True)
class Today:
    """What a worker's phone shows first. `targets` explains the duty codes of the stops.

    `next_day`: on a day without stops, the next one that has some.
    """

    day: Day
    next_day: Day | None
    session: PatrolSession | None
    targets: dict[str, VisitTarget]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the plan doesn't serve; `place` only for whoever may see it."""

    kind: str
    reason: dict[str, Any]
    visits: int
    required: bool
    place: Place | None
    case_id: UUID | None
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Week:
    """A worker's week under the plans in force of the grids that they serve."""

    week_start: date
    plans: list[WeeklyPlan]
    days: list[Day]
    unserved: list[LeftOut]
    targets: dict[str, VisitTarget]


def with_subjects(stops: QuerySet[Stop]) -> QuerySet[Stop]:
    links = Prefetch("duties", StopDuty.objects.select_related("duty").order_by("duty__target"))
    return stops.select_related(
        "route__plan__grid", "place__address", "appointment", "case__matter", "case__grid"
    ).prefetch_related(links)


def today(actor: Actor, day: date) -> Today:
    """The actor's own rounds of a local day and the running patrol session."""
    present = _days(actor, [day])[0]
    coming = None if present.stops else _next_day(actor, day)
    return Today(present, coming, patrols.open_session(actor), places.visit_targets())


def asked_about(stops: Sequence[Stop], *, now: datetime) -> frozenset[UUID]:
    """Stops of a worker's day that only the worker can tell about, since the track can't.

    Open, their planned time is over, and at another stop of the same house somebody was: the track shows the house,
    not the door.
    """
    houses = houses_of([Target(stop.pk, stop.location.x, stop.location.y) for stop in stops])
    been = (Stop.State.ARRIVED, Stop.State.DONE)
    walked = {house for house, stop in zip(houses, stops, strict=True) if stop.state in been}
    shared = {house for house in walked if houses.count(house) > 1}
    return frozenset(
        stop.pk
        for house, stop in zip(houses, stops, strict=True)
        if house in shared and stop.state in (Stop.State.PLANNED, Stop.State.ARRIVED) and stop.leave_at <= now
    )


def _next_day(actor: Actor, day: date) -> Day | None:
    """The first day after `day` on which the actor has stops under a plan in force, within two weeks."""
    ahead = (day + timedelta(days=1), day + timedelta(days=NEXT_DAY_WITHIN))
    found = (
        Stop.objects.published()
        .filter(route__worker_id=actor.user_id, route__day__range=ahead)
        .order_by("route__day")
        .values_list("route__day", flat=True)
        .first()
    )
    return _days(actor, [found])[0] if found else None


def week(actor: Actor, week_start: date) -> Week:
    """The actor's own rounds of a week, Monday to Sunday, and what the plans leave out."""
    days = _days(actor, [week_start + timedelta(days=offset) for offset in range(7)])
    plans = list(
        WeeklyPlan.objects.visible_to(actor)
        .filter(week_start=week_start, state=WeeklyPlan.State.PUBLISHED)
        .select_related("grid")
        .order_by("grid__code")
    )
    unserved = [row for plan in plans for row in left_out(actor, plan)]
    return Week(week_start, plans, days, unserved, places.visit_targets())


def _days(actor: Actor, days: Sequence[date]) -> list[Day]:
    routes = list(
        Route.objects.filter(worker_id=actor.user_id, day__in=days, plan__state=WeeklyPlan.State.PUBLISHED)
        .select_related("plan__grid")
        .order_by("day", "shift", "id")
    )
    stops = list(with_subjects(Stop.objects.filter(route__in=routes)).order_by("route__day", "arrive_at", "seq"))
    return [
        Day(
            day=day,
            shifts=_halves(day),
            routes=[route for route in routes if route.day == day],
            stops=[stop for stop in stops if stop.route.day == day],
        )
        for day in days
    ]


def _halves(day: date) -> list[tuple[datetime, datetime]]:
    monday = day - timedelta(days=day.weekday())
    return [half for half in half_days(monday) if half[0].date() == day]


def get_stop(actor: Actor, stop_id: UUID) -> Stop:
    """A stop with its subjects. Raises StopNotFound."""
    stop = access.get_stop(actor, stop_id)
    return with_subjects(Stop.objects.filter(pk=stop.pk)).get()


def get_own_plan(actor: Actor, plan_id: UUID) -> WeeklyPlan:
    """Raises PlanNotFound."""
    return access.get_own_plan(actor, plan_id)


def left_out(actor: Actor, plan: WeeklyPlan) -> list[LeftOut]:
    """The rows of `plan.unserved` with the places that the actor may see."""
    return left_out_rows(actor, plan.unserved)


def left_out_rows(actor: Actor, rows: Sequence[dict[str, Any]]) -> list[LeftOut]:
    """Rows such as `WeeklyPlan.unserved` holds, with the places that the actor may see."""
    ids = [row["place_id"] for row in rows if row.get("place_id")]
    visible = {place.pk: place for place in Place.objects.visible_to(actor).filter(pk__in=ids)}
    return [_left_out(row, visible) for row in rows]


def _left_out(row: dict[str, Any], visible: dict[UUID, Place]) -> LeftOut:
    def as_id(name: str) -> UUID | None:
        return UUID(row[name]) if row.get(name) else None

    place_id = as_id("place_id")
    return LeftOut(
        kind=row["kind"],
        reason=row["reason"],
        visits=row["visits"],
        required=row["required"],
        place=visible.get(place_id) if place_id else None,
        case_id=as_id("case_id"),
        appointment_id=as_id("appointment_id"),
    )


@dataclass(frozen=True, slots=True)
class ArrivalWindow:
    """When the resident may expect somebody, within what was booked; `is_narrowed`: it follows the round of the day."""

    start: datetime
    end: datetime
    is_narrowed: bool


# Half of the arrival window: before the round has begun, then what is never gone below, and more for each stop ahead.
_AROUND_PLANNED: Final = timedelta(minutes=30)
_AROUND_NEXT: Final = timedelta(minutes=10)
_AROUND_STOP: Final = timedelta(minutes=5)


def arrival_window(appointment: Appointment, *, now: datetime) -> ArrivalWindow:
    """The booked window; on the day itself narrowed by the round in force. Never a position.

    Before the half day's first stop half an hour around the planned time. Then the round as it is walked: the planned
    time moved by how late the last stop ended, and the nearer the visit, the narrower.
    """
    start, end = appointment.window.lower, appointment.window.upper
    stop = Stop.objects.published().filter(appointment=appointment).select_related("route").first()
    is_today = now.astimezone(LOCAL).date() == start.astimezone(LOCAL).date()
    if stop is None or stop.window != appointment.window or not is_today:
        return ArrivalWindow(start, end, is_narrowed=False)
    expected, around = _expected(stop, now)
    # Whoever is very late still comes: the end of what was booked stays open.
    earliest = min(max(start, expected - around), end - _AROUND_NEXT)
    return ArrivalWindow(earliest, max(min(end, expected + around), earliest + _AROUND_NEXT), is_narrowed=True)


def _expected(stop: Stop, now: datetime) -> tuple[datetime, timedelta]:
    """When the visit is to be expected as the half day goes, and how exactly that is known."""
    if stop.arrived_at is not None:
        return stop.arrived_at, _AROUND_NEXT
    before = list(Stop.objects.filter(route=stop.route_id, seq__lt=stop.seq).order_by("seq"))
    ended = [one for one in before if one.state == Stop.State.DONE and one.ended_at is not None]
    if not ended:
        return stop.start_at, _AROUND_PLANNED
    last = max(ended, key=lambda one: one.ended_at or one.leave_at)
    delay = (last.ended_at or last.leave_at) - last.leave_at
    ahead = sum(one.state in (Stop.State.PLANNED, Stop.State.ARRIVED) for one in before)
    around = min(_AROUND_PLANNED, _AROUND_NEXT + ahead * _AROUND_STOP)
    return max(stop.start_at + delay, now), around


@dataclass(frozen=True, slots=True)
class SessionVisits:
    """A session's figures and the stops of its day that were reached."""

    summary: patrols.SessionSummary
    reached: list[UUID]


def session_summary(actor: Actor, session_id: UUID, *, now: datetime) -> SessionVisits:
    """Raises SessionNotFound."""
    summary = patrols.session_summary(actor, session_id, now=now)
    session = summary.session
    reached = Stop.objects.published().filter(
        route__worker_id=session.worker_id, route__day=session.day, state__in=("arrived", "done")
    )
    return SessionVisits(summary, list(reached.order_by("arrived_at").values_list("pk", flat=True)))
