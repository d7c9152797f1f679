"""How many more home visits a team can take: probed in the routes of a published plan, counted where none is yet.

In a published week a window is free when the real route can take one more call of that length there. Only what must
stay counts as taken: appointments, cases, what is due, what somebody has locked; optional visits give way. In a week
without a plan the team's minutes are counted, less what is booked, less a reserve for what falls due.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np

from backend.areas.models import Area
from backend.core.clock import LOCAL
from backend.inspections import access, demand, planning
from backend.inspections.models import Appointment, Stop, WeeklyPlan
from backend.inspections.moments import local_midnight, second_of, window_of
from backend.inspections.planning import solver_shifts
from backend.inspections.shifts import BOOKABLE, WorkerShift, team_shifts
from backend.places import queries as places
from gis.rounds import Insertion, Job, Plan, PlannedStop, Problem, Route, Window, probe
from gis.rounds.model import CostParts
from gis.rounds.timing import time_route

# Two weeks ahead; a half day closes for booking two hours before it begins.
BOOK_AHEAD_DAYS = 14
BOOK_BEFORE = timedelta(hours=2)
# Minutes of walking that one more stop costs, where no route exists yet to measure it.
TRAVEL_ALLOWANCE_MIN = 8
_NOTHING = CostParts(0, 0, 0, 0, 0, 0, 0, 0)
_ASKED = "asked"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """An arrival window, in local time, and how many more visits the team can take in it (0: full)."""

    start: datetime
    end: datetime
    left: int


@dataclass(frozen=True)
class Wish:
    """A home visit that somebody would like: where, for how long, and which appointment it would replace."""

    lon: float
    lat: float
    dwell_minutes: int
    instead_of: UUID | None = None

    @property
    def minutes(self) -> int:
        return self.dwell_minutes + TRAVEL_ALLOWANCE_MIN


def slots(grid: Area, wish: Wish, *, now: datetime) -> list[Slot]:
    """Every window of the next two weeks in which the team works, with what is left of it, by time."""
    today = now.astimezone(LOCAL).date()
    last = today + timedelta(days=BOOK_AHEAD_DAYS)
    found: list[Slot] = []
    week_start = today - timedelta(days=today.weekday())
    while week_start <= last:
        found += [slot for slot in week_slots(grid, wish, week_start, now=now) if slot.start.date() <= last]
        week_start += timedelta(days=7)
    return found


def week_slots(grid: Area, wish: Wish, week_start: date, *, now: datetime) -> list[Slot]:
    """The windows of one week that may still be booked."""
    shifts = [shift for shift in team_shifts(grid.pk, week_start) if shift.start > now + BOOK_BEFORE]
    windows = _windows(shifts)
    if not windows:
        return []
    plan = access.published_plan(grid.pk, week_start)
    if plan is None:
        left = _counted(grid, wish, week_start, shifts, windows)
    else:
        left = _probed(plan, wish, shifts=shifts, windows=windows, now=now)
    return [Slot(start, end, left[start]) for start, end in windows]


def _windows(shifts: Iterable[WorkerShift]) -> list[tuple[datetime, datetime]]:
    """Bookable windows in which somebody works to the end."""
    found = set()
    for shift in shifts:
        day = shift.start.astimezone(LOCAL).date()
        for begins, ends in BOOKABLE:
            window = (datetime.combine(day, begins, LOCAL), datetime.combine(day, ends, LOCAL))
            if shift.start <= window[0] and window[1] <= shift.end:
                found.add(window)
    return sorted(found)


def _counted(
    grid: Area,
    wish: Wish,
    week_start: date,
    shifts: list[WorkerShift],
    windows: list[tuple[datetime, datetime]],
) -> dict[datetime, int]:
    """Remaining visits per window by minutes: of the half day it lies in, and of its own two hours."""
    reserve = _reserve_minutes(grid, week_start, shifts)
    booked = [one for one in planning.live_appointments(grid.pk, week_start) if one.pk != wish.instead_of]
    left = {}
    for start, end in windows:
        half = [shift for shift in shifts if shift.start < end and start < shift.end]
        taken = _booked_minutes(booked, min(shift.start for shift in half), max(shift.end for shift in half))
        in_half = sum(shift.minutes - reserve for shift in half) - taken
        in_window = len(half) * (end - start).total_seconds() / 60 - _booked_minutes(booked, start, end)
        left[start] = max(0, int(min(in_half, in_window) // wish.minutes))
    return left


def _booked_minutes(booked: Iterable[Appointment], start: datetime, end: datetime) -> float:
    return sum(
        one.dwell_minutes + TRAVEL_ALLOWANCE_MIN
        for one in booked
        if one.window.lower < end and start < one.window.upper
    )


def _reserve_minutes(grid: Area, week_start: date, shifts: list[WorkerShift]) -> float:
    """Minutes of each half day that the visits due in that week will take, at most two thirds of it."""
    open_days = tuple(sorted({(shift.start.astimezone(LOCAL).date() - week_start).days for shift in shifts}))
    week = demand.Week(week_start, open_days, {})
    duties = places.duties_in_week(grid.pk, week_start)
    needs, _ = demand.needs_of(duties, targets=places.visit_targets(), week=week)
    due = sum(need.visits * (need.dwell_s / 60 + TRAVEL_ALLOWANCE_MIN) for need in needs if need.required)
    return min(due / len(shifts), 2 / 3 * min(shift.minutes for shift in shifts))


@dataclass(frozen=True)
class Standing:
    """The routes of a published week with what must stay in them, ready to be probed."""

    problem: Problem
    plan: Plan


def _probed(
    published: WeeklyPlan,
    wish: Wish,
    *,
    shifts: list[WorkerShift],
    windows: list[tuple[datetime, datetime]],
    now: datetime,
) -> dict[datetime, int]:
    """Routes that could take the visit, per window; appointments booked since the plan was made are put in first."""
    week_start = published.week_start
    stops = [
        stop
        for stop in Stop.objects.filter(route__plan=published).select_related("route", "appointment").order_by("seq")
        if _must_stay(stop, wish)
    ]
    planned = {stop.appointment_id for stop in stops if stop.appointment_id}
    aside = {*planned, wish.instead_of}
    pending = [one for one in planning.live_appointments(published.grid_id, week_start) if one.pk not in aside]
    standing = _standing(published, wish, shifts=shifts, stops=stops, pending=pending, now=now)
    full: list[Window] = []
    for number, appointment in enumerate(pending):
        job = replace(_visit(wish, 2 + len(stops) + number), dwell_s=60 * appointment.dwell_minutes)
        job = replace(job, id=f"pending:{appointment.pk}", windows=(window_of(appointment, week_start),))
        placed = _placed(standing, job)
        if placed is None:
            full.append(job.windows[0])
        else:
            standing = placed
    asked = [Window((s.date() - week_start).days, second_of(s), second_of(e)) for s, e in windows]
    found = probe(standing.problem, standing.plan, replace(_visit(wish, 1), windows=tuple(asked)))
    left = {}
    for row, (start, _) in enumerate(windows):
        here = asked[row]
        blocked = any(f.day == here.day and f.start_s < here.end_s and here.start_s < f.end_s for f in full)
        left[start] = 0 if blocked else len({place.shift for place in found if place.window == row})
    return left


def _must_stay(stop: Stop, wish: Wish) -> bool:
    """An appointment that was moved since is no longer where the plan has it: it is taken in at its new time."""
    if stop.state in (Stop.State.MISSED, Stop.State.SKIPPED):
        return False
    if stop.kind == Stop.Kind.APPOINTMENT:
        booked = stop.appointment
        if booked is None or booked.pk == wish.instead_of or booked.state == Appointment.State.CANCELLED:
            return False
        return booked.state != Appointment.State.BOOKED or booked.window == stop.window
    return bool(stop.locked or stop.kind == Stop.Kind.CASE or stop.reason_facts.get("required"))


def _visit(wish: Wish, point: int) -> Job:
    return Job(
        id=_ASKED,
        point=point,
        dwell_s=60 * wish.dwell_minutes,
        appointment=True,
        household_call=True,
    )


def _standing(
    published: WeeklyPlan,
    wish: Wish,
    *,
    shifts: list[WorkerShift],
    stops: list[Stop],
    pending: list[Appointment],
    now: datetime,
) -> Standing:
    """Points: 0 the base, 1 the wish, then the stops, then the pending appointments."""
    network = places.walking_network()
    week_start = published.week_start
    at = [planning.base_of(published.grid, now), (wish.lon, wish.lat)]
    at += [(stop.location.x, stop.location.y) for stop in stops]
    at += [(one.case.location.x, one.case.location.y) for one in pending]
    snapped = network.snap(np.array([lon for lon, _ in at]), np.array([lat for _, lat in at]))
    seconds = network.matrix(snapped, with_metres=False).seconds
    jobs = tuple(_standing_job(stop, row + 2, week_start) for row, stop in enumerate(stops))
    # Probing asks for times only; metres are not looked at.
    problem = Problem(jobs=jobs, shifts=solver_shifts(shifts, week_start), travel_s=seconds, travel_m=seconds)
    routes = [
        _standing_route(row, shift, problem, [stop for stop in stops if _walks(stop, shift)])
        for row, shift in enumerate(shifts)
    ]
    return Standing(problem, Plan(tuple(routes), (), _NOTHING, 0))


def _walks(stop: Stop, shift: WorkerShift) -> bool:
    return stop.route.worker_id == shift.worker_id and shift.start <= stop.start_at < shift.end


def _standing_job(stop: Stop, point: int, week_start: date) -> Job:
    day = (stop.start_at.astimezone(LOCAL).date() - week_start).days
    windows: tuple[Window, ...] = ()
    if stop.window is not None:
        windows = (Window(day, second_of(stop.window.lower), second_of(stop.window.upper) or 86_400),)
    return Job(
        id=str(stop.pk),
        point=point,
        dwell_s=int((stop.leave_at - stop.start_at).total_seconds()),
        windows=windows,
        household_call=stop.kind == Stop.Kind.APPOINTMENT,
    )


def _standing_route(row: int, shift: WorkerShift, problem: Problem, stops: list[Stop]) -> Route:
    """The route with its stops as early as they can be; its stored times where that is not possible any more."""
    timed = time_route(problem, row, [problem.job_of[str(stop.pk)] for stop in stops])
    if timed is not None:
        return timed
    midnight = local_midnight(shift.start.astimezone(LOCAL).date())

    def since(moment: datetime) -> int:
        return int((moment - midnight).total_seconds())

    steps = tuple(
        PlannedStop(
            str(stop.pk),
            since(stop.arrive_at),
            since(stop.start_at) - since(stop.arrive_at),
            since(stop.start_at),
            since(stop.leave_at),
        )
        for stop in stops
    )
    begin, end = second_of(shift.start), second_of(shift.end)
    return Route(str(shift.worker_id), problem.shifts[row].day, row, begin, end, steps, 0, 0)


def _placed(standing: Standing, job: Job) -> Standing | None:
    """The routes with the job put in at its cheapest place; None when it fits nowhere."""
    places_for_it = probe(standing.problem, standing.plan, job)
    if not places_for_it:
        return None
    chosen: Insertion = min(places_for_it, key=lambda place: (place.added_s, place.shift))
    problem = replace(standing.problem, jobs=(*standing.problem.jobs, job))
    routes = list(standing.plan.routes)
    order = [problem.job_of[stop.job_id] for stop in routes[chosen.shift].stops]
    order.insert(chosen.position, job)
    timed = time_route(problem, chosen.shift, order)
    if timed is None:
        return None
    routes[chosen.shift] = timed
    return Standing(problem, replace(standing.plan, routes=tuple(routes)))
