"""A planned week mended after a disturbance, for every grid: against planning anew and against insertion alone."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import mean
from time import thread_time
from typing import Final

from django.conf import settings
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.core.clock import LOCAL
from backend.inspections import planning, plans
from backend.inspections.models import Route
from backend.inspections.replanning.disturbances import REST_OF_WEEK, AbsentWorker
from backend.inspections.replanning.proposing import propose
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.plan import SEED, book, problem_of, working_week
from benchmarks.stage import Stage, say
from gis.rounds import Commitment, Job, Plan, Problem, Weights, Window, check_plan, plan_week, replan, warm_up
from gis.rounds.insertion import cheapest_insertion

MENDED, ANEW, INSERTED = "re-plan", "plan anew", "insertion only"
URGENT, DOOR, AWAY_DAY, AWAY_WEEK, MOVED = (
    "urgent case",
    "locked door",
    "absent a day",
    "absent the week",
    "moved window",
)
QUICK_GRIDS: Final = 3
_AFTERNOON: Final = (14 * 3600, 16 * 3600)

_COLUMNS = (
    Column("disturbance", "disturbance"),
    Column("way", "way"),
    Column("weeks", "weeks"),
    Column("cpu_s", "CPU s", 3),
    Column("worst_cpu_s", "worst", 3),
    Column("forced", "must move", 1),
    Column("changed", "others changed", 1),
    Column("walk_min", "min walked more", 1),
    Column("left_out", "left out"),
)
# Job → shifts (worker, day, begin) that hold it.
Spots = dict[str, frozenset[tuple[str, int, int]]]


@dataclass(frozen=True, slots=True)
class Task:
    """One week that something has come between. `forced`: visits that have to move, or are new."""

    disturbance: str
    problem: Problem
    standing: Sequence[Sequence[str]]
    forced: frozenset[str]


@dataclass
class Tally:
    """What one way of mending took and did, week by week."""

    cpu_s: list[float] = field(default_factory=list)
    forced: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    added_s: list[int] = field(default_factory=list)
    left_out: int = 0


def run(stage: Stage) -> Table:
    """Raises CheckFailed when the checker objects to a mended week."""
    stage.town  # noqa: B018 - the grids to plan
    grids = list(Area.objects.filter(level=Area.Level.GRID, closed_at=None).order_by("code"))
    grids = grids[:QUICK_GRIDS] if stage.quick else grids
    week_start = working_week(timezone.now())
    before = datetime(week_start.year, week_start.month, week_start.day, tzinfo=LOCAL)
    book(grids, week_start, timezone.now())
    warm_up()
    tallies: dict[tuple[str, str], Tally] = {}
    for grid in grids:
        problem, _ = problem_of(planning.collect(grid, week_start, now=before, seed=SEED))
        plan = plan_week(problem, seed=SEED, iterations=settings.PLAN_STEPS)
        for task in _tasks(_published(problem, plan), plan, random.Random(grid.code)):
            _measure(task, plan, tallies)
    say(f"replan: {len(grids)} weeks mended; now through the service")
    service = [_served(grid, before) for grid in grids]
    facts = {
        "grids": len(grids),
        "steps": settings.REPLAN_STEPS,
        "steps_anew": settings.PLAN_STEPS,
        "stability_s": settings.REPLAN_STABILITY_S,
        "service_absent_the_week_cpu_s_mean": mean(service) / 1000,
        "service_absent_the_week_cpu_s_worst": max(service) / 1000,
    }
    return Table("replan", f"the week of {len(grids)} grids, mended", _COLUMNS, _rows(tallies), facts)


def _rows(tallies: dict[tuple[str, str], Tally]) -> list[dict[str, str | float | int | None]]:
    return [
        {
            "disturbance": name,
            "way": way,
            "weeks": len(found.cpu_s),
            "cpu_s": mean(found.cpu_s),
            "worst_cpu_s": max(found.cpu_s),
            "forced": mean(found.forced),
            "changed": mean(found.changed),
            "walk_min": mean(found.added_s) / 60,
            "left_out": found.left_out,
        }
        for (name, way), found in tallies.items()
    ]


def _published(problem: Problem, plan: Plan) -> Problem:
    """The week with each job told where the plan has it; what the plan leaves out is not asked for again."""
    spots: dict[str, list[tuple[Commitment, int]]] = {}
    for route in plan.routes:
        for stop in route.stops:
            spots.setdefault(stop.job_id, []).append((Commitment(route.worker, route.day), stop.start_s))
    jobs = tuple(
        replace(
            job,
            previous=tuple(spot for spot, _ in spots[job.id]),
            previous_starts_s=tuple(start_s for _, start_s in spots[job.id]),
        )
        for job in problem.jobs
        if job.id in spots
    )
    return replace(problem, jobs=jobs, weights=Weights(stability_s=settings.REPLAN_STABILITY_S))


def _tasks(problem: Problem, plan: Plan, rng: random.Random) -> Iterator[Task]:
    """The disturbances of one week, each by itself."""
    standing = plan.order()
    if not problem.jobs or not any(standing):
        return
    first = min(problem.shifts, key=lambda shift: (shift.day, shift.start_s)).day
    at = rng.choice(problem.jobs).point
    urgent = Job(id="urgent", point=at, dwell_s=1200, latest_day=first, prize_s=7200)
    yield Task(URGENT, replace(problem, jobs=(*problem.jobs, urgent)), standing, frozenset(["urgent"]))
    simple = [job for job in problem.jobs if job.visits == 1 and not job.appointment]
    if simple:
        yield _locked_door(problem, standing, rng.choice(simple))
    booked = [job for job in problem.jobs if job.appointment]
    if booked:
        yield _moved_window(problem, standing, rng.choice(booked))
    workers = sorted({shift.worker for shift in problem.shifts})
    if len(workers) > 1:
        away = max(workers, key=lambda name: (sum(len(one.stops) for one in plan.routes if one.worker == name), name))
        days = sorted({route.day for route in plan.routes if route.worker == away and route.stops})
        yield _absent(AWAY_DAY, problem, standing, away, set(days[:1]))
        yield _absent(AWAY_WEEK, problem, standing, away, set(range(7)))


def _locked_door(problem: Problem, standing: Sequence[Sequence[str]], job: Job) -> Task:
    """Nobody was met: the visit is made in a later half day, where its place is open."""
    row = next(row for row, ids in enumerate(standing) if job.id in ids)
    shift = problem.shifts[row]
    spans = job.windows or tuple(Window(day, 0, 86_400) for day in range(7))
    later = tuple(
        Window(one.day, max(one.start_s, shift.end_s) if one.day == shift.day else one.start_s, one.end_s)
        for one in spans
        if (one.day, one.end_s) > (shift.day, shift.end_s)
    )
    again = replace(job, windows=later or (Window(shift.day, 86_399, 86_400),), previous=(), previous_starts_s=())
    return Task(DOOR, _with(problem, again), standing, frozenset([job.id]))


def _moved_window(problem: Problem, standing: Sequence[Sequence[str]], job: Job) -> Task:
    """The resident takes an afternoon of another working day."""
    days = sorted({shift.day for shift in problem.shifts} - {window.day for window in job.windows})
    moved = replace(job, windows=(Window(days[len(days) // 2], *_AFTERNOON),), previous=(), previous_starts_s=())
    return Task(MOVED, _with(problem, moved), standing, frozenset([job.id]))


def _with(problem: Problem, job: Job) -> Problem:
    return replace(problem, jobs=tuple(job if one.id == job.id else one for one in problem.jobs))


def _absent(name: str, problem: Problem, standing: Sequence[Sequence[str]], worker: str, days: set[int]) -> Task:
    away = {row for row, one in enumerate(problem.shifts) if one.worker == worker and one.day in days}
    left = [row for row in range(len(problem.shifts)) if row not in away]
    forced = frozenset(job_id for row in away for job_id in standing[row])
    alone = replace(problem, shifts=tuple(problem.shifts[row] for row in left))
    return Task(name, alone, [standing[row] for row in left], forced)


def _measure(task: Task, before: Plan, tallies: dict[tuple[str, str], Tally]) -> None:
    forgotten = replace(
        task.problem, jobs=tuple(replace(job, previous=(), previous_starts_s=()) for job in task.problem.jobs)
    )
    ways: dict[str, Callable[[], Plan]] = {
        MENDED: lambda: replan(task.problem, task.standing, seed=SEED, iterations=settings.REPLAN_STEPS),
        ANEW: lambda: plan_week(forgotten, seed=SEED, iterations=settings.PLAN_STEPS),
        INSERTED: lambda: cheapest_insertion(task.problem, task.standing),
    }
    old = _spots(before)
    for way, make in ways.items():
        begun = thread_time()
        plan = make()
        tally = tallies.setdefault((task.disturbance, way), Tally())
        tally.cpu_s.append(thread_time() - begun)
        new = _spots(plan)
        others = (old.keys() | new.keys()) - task.forced
        tally.forced.append(len(task.forced))
        tally.changed.append(sum(old.get(one) != new.get(one) for one in others))
        tally.added_s.append(_walked(plan) - _walked(before))
        tally.left_out += sum(gap.visits for gap in plan.unserved)
        broken = [one for one in check_plan(task.problem, plan) if one.code != "appointment_missed"]
        if way == MENDED and broken:
            raise CheckFailed(f"a mended week breaks a rule: {broken[0]}")


def _spots(plan: Plan) -> Spots:
    found: dict[str, set[tuple[str, int, int]]] = {}
    for route in plan.routes:
        for stop in route.stops:
            found.setdefault(stop.job_id, set()).add((route.worker, route.day, stop.start_s // 43_200))
    return {job_id: frozenset(spots) for job_id, spots in found.items()}


def _walked(plan: Plan) -> int:
    return sum(route.travel_s for route in plan.routes)


def _served(grid: Area, before: datetime) -> int:
    """CPU milliseconds of a whole proposal through the service: reading, matrix, search, ways, storing."""
    plan = plans.plan_week(grid_id=grid.pk, week_start=before.date(), now=before, seed=SEED)
    plan = plans.publish_plan(actor=SYSTEM, plan_id=plan.pk, now=before)
    busiest = Route.objects.filter(plan=plan).order_by("worker_id").values_list("worker_id", flat=True).first()
    if busiest is None:
        return 0
    made = propose(actor=SYSTEM, plan_id=plan.pk, disturbance=AbsentWorker(busiest, REST_OF_WEEK), now=before)
    return int(made.cpu_ms)
