"""The weekly round of every grid of the town: the planner against plans that follow a rule of thumb."""

import multiprocessing
import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connections
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.cases.services import PointIn
from backend.core.clock import LOCAL, week_start_of
from backend.core.ids import uuid7
from backend.inspections import planning, plans
from backend.inspections import services as inspections
from backend.inspections.errors import NobodyServes, SlotTaken
from backend.inspections.planning import Collected
from backend.inspections.services import NewBooking
from backend.inspections.shifts import half_days
from backend.matters.models import Matter
from backend.places import queries as places
from backend.places.models import Address
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import Stage, say
from gis.coordinates import MetricZone
from gis.rounds import Plan, Problem, baselines, check_plan, warm_up
from gis.rounds import plan_week as solve_week

SEED = 1
PLANNER, NEAREST, SWEEP = "planner", "nearest neighbour", "sweep"
BOOKINGS_A_GRID = 2
WEEKS_AHEAD = 8

_COLUMNS = (
    Column("plan", "plan"),
    Column("cpu_s", "CPU s", 1),
    Column("walk_min", "walking min"),
    Column("times_walk", "× planner", 2),
    Column("planned", "visits"),
    Column("dropped", "dropped"),
    Column("dropped_required", "of them required"),
    Column("appointments", "appointments met"),
    Column("walk_min_a_visit", "walking min a visit", 2),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One plan of one grid's week: visits that are in and left out, and what the independent checker objects to."""

    cpu_s: float
    travel_s: int
    planned: int
    dropped: int
    dropped_required: int
    appointments_met: int
    violations: int


@dataclass(frozen=True, slots=True)
class GridWeek:
    """The outcomes for one grid, by kind of plan, and the CPU seconds of the cost matrix that they share."""

    outcomes: dict[str, Outcome]
    appointments: int
    matrix_cpu_s: float


def run(stage: Stage) -> Table:
    """Raises CheckFailed when the checker objects to a plan of the planner, or an appointment is missed."""
    stage.town  # noqa: B018 - the grids to plan
    grids = list(Area.objects.filter(level=Area.Level.GRID, closed_at=None).order_by("code"))
    week_start = working_week(timezone.now())
    before = datetime(week_start.year, week_start.month, week_start.day, tzinfo=LOCAL)
    booked = book(grids, week_start, timezone.now())
    say(f"plan: {len(grids)} grids, week of {week_start}, {booked} visits booked")
    warm_up()
    places.walking_network()
    weeks = [_compare(grid, week_start, before) for grid in grids]
    say("plan: compared; now the service for all grids in parallel")
    wall_s, cpu_s = _plan_all(grids, week_start, before)
    facts = {
        "grids": len(grids),
        "steps": settings.PLAN_STEPS,
        "matrices_cpu_s": sum(week.matrix_cpu_s for week in weeks),
        "all_grids_collected_solved_stored_wall_s": wall_s,
        "all_grids_collected_solved_stored_cpu_s": cpu_s,
        "processes": _processes(),
    }
    return Table("plan", f"the week of {len(grids)} grids", _COLUMNS, _rows(weeks), facts)


def _rows(weeks: Sequence[GridWeek]) -> list[dict[str, Any]]:
    asked = sum(week.appointments for week in weeks)
    walked_s = sum(week.outcomes[PLANNER].travel_s for week in weeks)
    rows = []
    for name in (PLANNER, NEAREST, SWEEP):
        found = [week.outcomes[name] for week in weeks]
        travel_s, planned = sum(one.travel_s for one in found), sum(one.planned for one in found)
        met, violations = sum(one.appointments_met for one in found), sum(one.violations for one in found)
        if name == PLANNER and (met < asked or violations):
            raise CheckFailed(f"the planner met {met} of {asked} appointments and broke {violations} rules")
        rows.append(
            {
                "plan": name, "cpu_s": sum(one.cpu_s for one in found), "walk_min": travel_s / 60,
                "times_walk": travel_s / walked_s, "planned": planned, "dropped": sum(one.dropped for one in found),
                "dropped_required": sum(one.dropped_required for one in found), "appointments": f"{met} of {asked}",
                "walk_min_a_visit": travel_s / 60 / planned,
            }
        )  # fmt: skip
    return rows


def working_week(now: datetime) -> date:
    """The next week with five working days: a holiday week would say little."""
    ahead = [week_start_of(now) + timedelta(weeks=n) for n in range(1, WEEKS_AHEAD)]
    return next((week for week in ahead if len(half_days(week)) >= 10), ahead[0])


def book(grids: Sequence[Area], week_start: date, now: datetime) -> int:
    """Books home visits of the week through the service that residents use; how many."""
    rng = random.Random(5)
    matters = list(
        Matter.objects.filter(
            kind=Matter.Kind.HOME_SERVICE, handler=Matter.Handler.GRID, public=True, is_active=True
        ).order_by("code")
    )
    week = (week_start, week_start + timedelta(days=7))
    booked = 0
    for grid in grids:
        homes = list(Address.objects.filter(grid=grid, households__gt=0).order_by("code"))
        for home in rng.sample(homes, min(BOOKINGS_A_GRID, len(homes))):
            booked += _book_one(home, rng.choice(matters), week, rng, now)
    return booked


def _book_one(home: Address, matter: Matter, week: tuple[date, date], rng: random.Random, now: datetime) -> bool:
    point = PointIn(home.location.x, home.location.y, "wgs84", 8.0)
    try:
        offer = inspections.offer_slots(matter_id=matter.pk, point=point, public_only=True, now=now)
        free = [one for one in offer.slots if one.left > 0 and week[0] <= one.start.astimezone(LOCAL).date() < week[1]]
        if not free:
            return False
        slot = rng.choice(free)
        booking = NewBooking(
            id=uuid7(), matter_id=matter.pk, point=point, start=slot.start, end=slot.end, address_text=home.text,
            contact_name="陈女士", contact_phone="19900010001",
        )  # fmt: skip
        inspections.book(actor=Actor(user_id=None, role=Role.RESIDENT), booking=booking, now=now)
    except (NobodyServes, SlotTaken):
        return False
    return True


def _compare(grid: Area, week_start: date, now: datetime) -> GridWeek:
    """Three plans for the same problem of one grid."""
    collected = planning.collect(grid, week_start, now=now, seed=SEED)
    begun = process_time()
    problem, xy = problem_of(collected)
    matrix_cpu_s = process_time() - begun
    makers: dict[str, Callable[[], Plan]] = {
        PLANNER: lambda: solve_week(problem, seed=SEED, iterations=settings.PLAN_STEPS),
        NEAREST: lambda: baselines.nearest_neighbour(problem),
        SWEEP: lambda: baselines.sweep(problem, xy=xy),
    }
    outcomes = {name: _outcome(problem, make) for name, make in makers.items()}
    return GridWeek(outcomes, sum(job.appointment for job in problem.jobs), matrix_cpu_s)


def problem_of(collected: Collected) -> tuple[Problem, npt.NDArray[np.float64]]:
    """The problem as `planning.solve` states it, and the metric coordinates of its points."""
    lons, lats = planning.points_of(collected.base, [collected.subjects[job.id] for job in collected.jobs])
    network = places.walking_network()
    costs = network.matrix(network.snap(lons, lats))
    if costs.metres is None:
        raise CheckFailed("the network gives no metres")
    shifts = planning.solver_shifts(collected.free_shifts, collected.week_start)
    problem = Problem(jobs=collected.jobs, shifts=shifts, travel_s=costs.seconds, travel_m=costs.metres)
    zone = MetricZone.at(float(lons[0]), float(lats[0]))
    return problem, np.column_stack(zone.project_points(lons, lats))


def _outcome(problem: Problem, make: Callable[[], Plan]) -> Outcome:
    begun = process_time()
    plan = make()
    cpu_s = process_time() - begun
    stops = [stop.job_id for route in plan.routes for stop in route.stops]
    appointments = {job.id for job in problem.jobs if job.appointment}
    required = {job.id for job in problem.jobs if job.required or job.appointment}
    broken = [one for one in check_plan(problem, plan) if one.code != "appointment_missed"]
    return Outcome(
        cpu_s=cpu_s,
        travel_s=sum(route.travel_s for route in plan.routes),
        planned=len(stops),
        dropped=sum(gap.visits for gap in plan.unserved),
        dropped_required=sum(gap.visits for gap in plan.unserved if gap.job_id in required),
        appointments_met=len(appointments & set(stops)),
        violations=len(broken),
    )


def _processes() -> int:
    return len(os.sched_getaffinity(0))


def _plan_all(grids: Sequence[Area], week_start: date, now: datetime) -> tuple[float, float]:
    """Wall and CPU seconds of the service for all grids in as many processes as there are cores, as Celery runs it."""
    connections.close_all()
    with ProcessPoolExecutor(_processes(), mp_context=multiprocessing.get_context("fork")) as pool:
        begun = perf_counter()
        cpu_s = sum(pool.map(partial(_plan_one, week_start=week_start, now=now), [grid.pk for grid in grids]))
        return perf_counter() - begun, cpu_s


def _plan_one(grid_id: UUID, *, week_start: date, now: datetime) -> float:
    begun = process_time()
    plans.plan_week(grid_id=grid_id, week_start=week_start, now=now, seed=SEED)
    return process_time() - begun
