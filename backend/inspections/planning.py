"""Collects one grid's week into a planning problem and solves it. Reads only; `plans` says what is stored when."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q

from backend.areas.models import Area, Boundary
from backend.cases.models import Case
from backend.cases.workflow import RUNNING
from backend.core.ids import digest_of
from backend.inspections import access, demand
from backend.inspections.demand import Refused, Week
from backend.inspections.errors import NobodyServes
from backend.inspections.models import Appointment, Route, Stop, WeeklyPlan
from backend.inspections.moments import day_of, local_midnight, second_of
from backend.inspections.shifts import HOUSEHOLD_CALLS_A_DAY, WorkerShift, team_shifts
from backend.inspections.subjects import Subject, jobs_of, previous_spots, subject_key
from backend.places import queries as places
from backend.places.models import VisitDuty
from gis import rounds
from gis.network import Snapped, WalkingNetwork
from gis.rounds import Job, Plan, Problem, Shift

# A half day that begins within this time is on the worker's phone already and is left as it is.
FREEZE_BEFORE = timedelta(minutes=30)
# A plan is made of places and times; whom to ask for is none of its business.
_UNREAD = ("case__contact_name", "case__contact_phone")
_CASE_STATES = tuple(state.value for state in RUNNING)


@dataclass(frozen=True)
class Collected:
    """Everything that the plan of a grid's week depends on. `frozen` routes of the published plan stay as they are."""

    grid: Area
    week_start: date
    shifts: tuple[WorkerShift, ...]
    free_shifts: tuple[WorkerShift, ...]
    frozen: tuple[Route, ...]
    jobs: tuple[Job, ...]
    subjects: Mapping[str, Subject]
    refused: tuple[Refused, ...]
    base: tuple[float, float]
    network_stamp: int
    digest: bytes = b""
    late: tuple[Appointment, ...] = field(default=())
    heads: tuple["Head", ...] = field(default=())
    movable: tuple[Stop, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Head:
    """What of a half day that runs is over or under way: `kept` stays, the rest of it begins where the last one stands.

    `row`: the free shift that is this rest; None when nobody walks on from here.
    """

    worker_id: UUID
    start: datetime
    end: datetime
    kept: tuple[Stop, ...]
    row: int | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the week is cut: what stays as it is, and the half days that may still be changed.

    `frozen` routes are copied, `kept` stops count as covered, `movable` ones are where the published plan has its
    visits. `cases`: also looked at, due or not.
    """

    free: tuple[WorkerShift, ...]
    frozen: tuple[Route, ...]
    kept: tuple[Stop, ...]
    movable: tuple[Stop, ...]
    heads: tuple[Head, ...] = ()
    cases: frozenset[UUID] = frozenset()


def collect(
    grid: Area,
    week_start: date,
    *,
    now: datetime,
    seed: int,
    cut_of: Callable[[WeeklyPlan | None, tuple[WorkerShift, ...], datetime], Cut] | None = None,
) -> Collected:
    """The week's needs, appointments and cases against the team's half days that are still free.

    Half days of a published plan that have begun (or begin within FREEZE_BEFORE) are frozen, unless `cut_of` cuts the
    week elsewhere: their stops count as covered and are carried over. Without a published plan, past half days are
    simply gone. Raises NobodyServes for a grid without a boundary, NoNetwork.
    """
    published = access.published_plan(grid.pk, week_start)
    shifts = tuple(team_shifts(grid.pk, week_start))
    cut = (cut_of or _cut_at_half_days)(published, shifts, now)
    free, kept = cut.free, cut.kept
    open_days = tuple(sorted({day_of(shift.start, week_start) for shift in free}))
    duties = places.duties_in_week(grid.pk, week_start)
    week = Week(week_start, open_days, _covered(duties, kept, week_start))
    needs, refused = demand.needs_of(duties, targets=places.visit_targets(), week=week)
    appointments = live_appointments(grid.pk, week_start)
    named = cut.cases | {stop.case_id for stop in cut.movable if stop.case_id and stop.kind == Stop.Kind.CASE}
    cases = _cases_due(grid, week_start, {shift.worker_id for shift in shifts}, named)
    previous = previous_spots(cut.movable, week_start)
    carried = {stop.appointment_id for stop in kept if stop.appointment_id}
    todo = [one for one in appointments if one.pk not in carried]
    movable = [one for one in todo if any(_holds_window(shift, one) for shift in free)]
    carried_cases = {stop.case_id for stop in kept if stop.case_id and stop.state != Stop.State.MISSED}
    jobs, subjects = jobs_of(
        needs,
        movable,
        [case for case in cases if case.pk not in carried_cases],
        previous=previous,
        week_start=week_start,
        open_days=open_days,
    )
    stamp = places.network_stamp()
    return Collected(
        grid=grid,
        week_start=week_start,
        shifts=shifts,
        free_shifts=free,
        frozen=cut.frozen,
        heads=cut.heads,
        movable=cut.movable,
        jobs=jobs,
        subjects=subjects,
        refused=tuple(refused),
        base=base_of(grid, now),
        network_stamp=stamp,
        digest=_digest(
            grid,
            week_start,
            seed=seed,
            stamp=stamp,
            shifts=shifts,
            duties=duties,
            appointments=appointments,
            cases=cases,
            published=published,
        ),
        late=tuple(one for one in todo if one not in movable),
    )


def base_of(grid: Area, now: datetime) -> tuple[float, float]:
    """Where the team's rounds begin and end: the label point of the grid. Raises NobodyServes without a boundary."""
    boundary = Boundary.objects.in_force(now).filter(area=grid).only("label_point").first()
    if boundary is None:
        raise NobodyServes("the grid has no boundary in force", grid_code=grid.code)
    return boundary.label_point.x, boundary.label_point.y


def live_appointments(grid_id: UUID, week_start: date) -> list[Appointment]:
    """Booked appointments of the week whose case is still open, by time."""
    begin = local_midnight(week_start)
    span = (begin, begin + timedelta(days=7))
    found = Appointment.objects.filter(grid_id=grid_id, state=Appointment.State.BOOKED, window__overlap=span)
    found = found.filter(case__in=Case.objects.open()).select_related("case").defer(*_UNREAD)
    return list(found.order_by("window", "id"))


def _holds_window(shift: WorkerShift, appointment: Appointment) -> bool:
    return bool(shift.start < appointment.window.upper and appointment.window.lower < shift.end)


def _cut_at_half_days(published: WeeklyPlan | None, shifts: tuple[WorkerShift, ...], now: datetime) -> Cut:
    """Half days that have begun or are about to stay as published, and whatever is done or under way."""
    free = tuple(shift for shift in shifts if shift.start > now + FREEZE_BEFORE)
    if published is None:
        return Cut(free, (), (), ())
    routes = published.routes.prefetch_related("stops__duties").order_by("shift", "worker_id")
    frozen = tuple(route for route in routes if route.shift.lower <= now + FREEZE_BEFORE)
    ended = (Stop.State.ARRIVED, Stop.State.DONE)
    stops = stops_of_plan(published)
    kept = [stop for stop in stops if stop.route.shift.lower <= now + FREEZE_BEFORE or stop.state in ended]
    return Cut(free, frozen, tuple(kept), tuple(stops))


def stops_of_plan(plan: WeeklyPlan) -> list[Stop]:
    """The stops of a plan with their routes, places and duties."""
    stops = Stop.objects.filter(route__plan=plan).select_related("route", "place").prefetch_related("duties")
    return list(stops.order_by("route", "seq"))


def _covered(duties: Sequence[VisitDuty], kept: Iterable[Stop], week_start: date) -> dict[UUID, frozenset[int]]:
    """Days on which each duty is met or about to be: kept stops that were not missed, and recorded visits."""
    days: dict[UUID, set[int]] = {}
    for stop in kept:
        if stop.state in (Stop.State.MISSED, Stop.State.SKIPPED):
            continue
        for link in stop.duties.all():
            days.setdefault(link.duty_id, set()).add(day_of(stop.start_at, week_start))
    for duty in duties:
        if duty.last_visit_on is not None and 0 <= (duty.last_visit_on - week_start).days < 7:
            days.setdefault(duty.pk, set()).add((duty.last_visit_on - week_start).days)
    return {duty_id: frozenset(found) for duty_id, found in days.items()}


def _cases_due(grid: Area, week_start: date, team: set[UUID], named: Set[UUID]) -> list[Case]:
    """Open cases of the team's people that are due by the end of the week, or are named or planned already, and have
    no appointment of their own.
    """
    week_end = local_midnight(week_start) + timedelta(days=7)
    return list(
        Case.objects.filter(grid=grid, state__in=_CASE_STATES, responsible_id__in=team)
        .filter(Q(due_at__lt=week_end) | Q(pk__in=named))
        .exclude(appointments__state=Appointment.State.BOOKED)
        .select_related("matter")
        .defer("contact_name", "contact_phone")
        .order_by("due_at", "id")
    )


def _digest(
    grid: Area,
    week_start: date,
    *,
    seed: int,
    stamp: int,
    shifts: Iterable[WorkerShift],
    duties: Iterable[VisitDuty],
    appointments: Iterable[Appointment],
    cases: Iterable[Case],
    published: WeeklyPlan | None,
) -> bytes:
    """Equal when a new plan would be asked the same question, whatever the hour."""
    ended = []
    if published is not None:
        stops = Stop.objects.filter(route__plan=published).exclude(state=Stop.State.PLANNED).select_related("route")
        ended = sorted([subject_key(stop), stop.state, str(stop.route.day)] for stop in stops)
    return digest_of(
        {
            "grid": str(grid.pk),
            "week": str(week_start),
            "seed": seed,
            "network": stamp,
            "ended": ended,
            "shifts": [[str(one.worker_id), one.start.isoformat(), one.end.isoformat()] for one in shifts],
            "duties": [_said_of(duty) for duty in duties],
            "appointments": [
                [
                    str(one.pk),
                    one.window.lower.isoformat(),
                    one.window.upper.isoformat(),
                    one.dwell_minutes,
                    *one.case.location.coords,
                ]
                for one in appointments
            ],
            "cases": [
                [str(case.pk), str(case.due_at), str(case.responsible_id), *case.location.coords] for case in cases
            ],
        }
    )


def _said_of(duty: VisitDuty) -> list[Any]:
    place = duty.place
    return [
        str(duty.pk),
        duty.target,
        duty.interval_days,
        duty.dwell_minutes,
        duty.windows,
        duty.weight,
        str(duty.starts_on),
        str(duty.last_visit_on),
        duty.failed_tries,
        place.opening_hours,
        place.location.x,
        place.location.y,
    ]


@dataclass(frozen=True)
class Solved:
    """The solver's answer with the points it was asked about: row 0 is the base, row n + 1 belongs to job n."""

    plan: Plan
    problem: Problem
    snapped: Snapped
    network: WalkingNetwork


def solve(collected: Collected, *, seed: int, steps: int) -> Solved:
    """Runs the planner; the same input, seed and steps give the same plan on every machine."""
    network = places.walking_network()
    lons, lats = points_of(collected.base, [collected.subjects[job.id] for job in collected.jobs])
    snapped = network.snap(lons, lats)
    costs = network.matrix(snapped)
    if costs.metres is None:
        raise ValueError("a matrix without metres")
    problem = Problem(
        jobs=collected.jobs,
        shifts=solver_shifts(collected.free_shifts, collected.week_start),
        travel_s=costs.seconds,
        travel_m=costs.metres,
    )
    return Solved(rounds.plan_week(problem, seed=seed, iterations=steps), problem, snapped, network)


def points_of(
    base: tuple[float, float], subjects: Iterable[Subject]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    places_at = [base, *((subject.lon, subject.lat) for subject in subjects)]
    return np.array([lon for lon, _ in places_at]), np.array([lat for _, lat in places_at])


def solver_shifts(shifts: Iterable[WorkerShift], week_start: date) -> tuple[Shift, ...]:
    """The half days as the planner takes them; every one begins and ends at the base (point 0)."""
    return tuple(
        Shift(
            worker=str(shift.worker_id),
            day=day_of(shift.start, week_start),
            start_s=second_of(shift.start),
            end_s=second_of(shift.end),
            start_point=0,
            end_point=0,
            max_household_calls=HOUSEHOLD_CALLS_A_DAY,
        )
        for shift in shifts
    )
