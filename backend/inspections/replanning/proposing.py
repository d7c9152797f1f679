"""Makes a proposal: what happened is tried out, the week is mended around it, and the answer is stored to be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import process_time
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from backend.accounts.actor import Actor
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.inspections import access, laying, planning
from backend.inspections.errors import MayNotPlan, NothingToReplan, PlanningUnderWay, PlanNotInForce
from backend.inspections.models import Replan, Route, Stop, StopDuty, WeeklyPlan
from backend.inspections.moments import second_of
from backend.inspections.planning import Collected, Solved
from backend.inspections.plans import PLANNERS
from backend.inspections.replanning import disturbances
from backend.inspections.replanning.cutting import cut_week
from backend.inspections.replanning.disturbances import Asked, Disturbance
from backend.inspections.shifts import HOUSEHOLD_CALLS_A_DAY
from backend.inspections.subjects import Subject, subject_key
from backend.places import queries as places
from backend.places.models import Place
from gis import rounds
from gis.rounds import Job, Problem, Shift, Weights, Window

# How long a proposal may be accepted: its times count on a half day that goes on.
GOOD_FOR: Final = timedelta(minutes=10)
_DAY_S: Final = 86_400


def propose(
    *, actor: Actor, plan_id: UUID, disturbance: Disturbance, now: datetime, stability_s: int | None = None
) -> Replan:
    """The week in force mended around what happened; nothing of it counts before `accepting.accept`.

    `stability_s`: seconds of walking that one moved visit must save (REPLAN_STABILITY_S when left out). What finds no
    place is in `left_out` with its reason. Raises MayNotPlan, PlanNotFound, PlanNotInForce, NothingToReplan,
    PlanningUnderWay, NoNetwork, and what `disturbances.look` and `disturbances.carry_out` raise.
    """
    if actor.role not in PLANNERS:
        raise MayNotPlan("plans are changed by grid leaders, communities and streets")
    began_s = process_time()
    base = access.get_plan(actor, plan_id)
    if base.state != WeeklyPlan.State.PUBLISHED:
        raise PlanNotInForce("only the plan in force can be mended", state=base.state)
    replan_id = uuid7()
    asked = disturbances.look(actor=actor, disturbance=disturbance, plan=base, now=now)
    collected, standing, version = _tried_out(actor, base, disturbance, asked, replan_id=replan_id, now=now)
    weight = settings.REPLAN_STABILITY_S if stability_s is None else stability_s
    solved = solve(collected, standing, stability_s=weight, seed=base.seed, steps=settings.REPLAN_STEPS)
    plan = WeeklyPlan(
        id=uuid7(),
        grid=base.grid,
        week_start=base.week_start,
        seed=base.seed,
        state=WeeklyPlan.State.PROPOSED,
        created_at=now,
    )
    rows = laying.rows_of(plan.pk, collected, solved)
    left_out = list(rows.unserved)
    plan.cost, plan.unserved = rows.cost, [*_still_left_out(base, asked, left_out), *left_out]
    return _stored(
        plan,
        rows,
        Replan(
            id=replan_id,
            base=base,
            plan=plan,
            kind=disturbance.kind,
            facts={"version": version, "said": disturbances.facts_of(disturbance)},
            target=asked.target,
            is_met=_is_met(asked, solved),
            left_out=left_out,
            stability_s=weight,
            cpu_ms=round(1000 * (process_time() - began_s)),
            asked_by_id=actor.user_id,
            asked_at=now,
            expires_at=now + GOOD_FOR,
        ),
    )


def _tried_out(
    actor: Actor, base: WeeklyPlan, disturbance: Disturbance, asked: Asked, *, replan_id: UUID, now: datetime
) -> tuple[Collected, list[list[str]], str]:
    """The week as it would be asked for, had it happened: written, read, and rolled back."""
    with transaction.atomic():
        version = disturbances.carry_out(
            actor=actor, disturbance=disturbance, change_id=replan_id, version=None, asked_at=now, now=now
        )
        cases = frozenset([asked.case.pk] if asked.case else [])
        cut_of = partial(cut_week, cases=cases)
        collected = planning.collect(base.grid, base.week_start, now=now, seed=base.seed, cut_of=cut_of)
        transaction.set_rollback(True)
    narrowed = _narrowed(collected, asked)
    return narrowed, _standing(narrowed), version


def _narrowed(collected: Collected, asked: Asked) -> Collected:
    """Only what the plan in force has, what is booked, and what happened: a mended week takes up nothing else."""
    planned = {job_id for stop in collected.movable for job_id in _jobs_of(collected, stop)}
    jobs = []
    for job in collected.jobs:
        subject = collected.subjects[job.id]
        if _is_target(job.id, subject, asked):
            jobs.append(_as_asked(job, subject, asked, collected))
        elif job.id in planned or job.appointment:
            jobs.append(job)
    known = any(_is_target(job.id, collected.subjects[job.id], asked) for job in jobs)
    is_late = any(asked.target == f"appointment:{one.pk}" for one in collected.late)
    if asked.target and not known and not is_late:
        raise NothingToReplan("this visit is not due any more, or is planned again already")
    numbered = tuple(replace(job, point=row + 1) for row, job in enumerate(jobs))
    return replace(collected, jobs=numbered, refused=())


def _is_target(job_id: str, subject: Subject, asked: Asked) -> bool:
    if not asked.target or not (job_id == asked.target or job_id.startswith(f"{asked.target}:")):
        return False
    return subject.need is None or bool(asked.duty_ids & {duty.pk for duty in subject.need.duties})


def _as_asked(job: Job, subject: Subject, asked: Asked, collected: Collected) -> Job:
    """The job of what happened: an urgent case within its time, a missed visit not before its half day is over."""
    if asked.case is not None and asked.until is not None:
        until = asked.until.astimezone(LOCAL)
        last = (until.date() - collected.week_start).days
        windows = [Window(day, 0, _DAY_S) for day in range(min(7, last))]
        if last < 7 and second_of(until) > 0:
            windows.append(Window(last, 0, second_of(until)))
        return replace(job, windows=tuple(windows), required=True, previous=(), previous_starts_s=(), locked=())
    if asked.after is not None:
        after = asked.after.astimezone(LOCAL)
        day, from_s = (after.date() - collected.week_start).days, second_of(after)
        open_at = job.windows or tuple(Window(one, 0, _DAY_S) for one in range(7))
        later = tuple(
            Window(window.day, max(window.start_s, from_s) if window.day == day else window.start_s, window.end_s)
            for window in open_at
            if window.day > day or (window.day == day and window.end_s > from_s)
        )
        # Without any later window the job keeps an empty moment, so that the planner can say why it finds no place.
        return replace(job, windows=later or (Window(day, _DAY_S - 1, _DAY_S),), required=True)
    return job


def _jobs_of(collected: Collected, stop: Stop) -> list[str]:
    """Jobs that stand for a stop: one, or two where needs of one place were laid together."""
    key, duties = subject_key(stop), {link.duty_id for link in stop.duties.all()}
    found = []
    for job_id, subject in collected.subjects.items():
        is_same = job_id == key or job_id.startswith(f"{key}:")
        if is_same and (subject.need is None or duties & {duty.pk for duty in subject.need.duties}):
            found.append(job_id)
    return found


def _standing(collected: Collected) -> list[list[str]]:
    """Job ids per free half day as the plan in force has them."""
    orders: list[list[str]] = []
    ordered = sorted(collected.movable, key=lambda stop: (stop.route.shift.lower, stop.seq))
    for shift in collected.free_shifts:
        mine = [
            stop
            for stop in ordered
            if stop.route.worker_id == shift.worker_id
            and stop.route.shift.lower < shift.end
            and shift.start < stop.route.shift.upper
        ]
        orders.append([job_id for stop in mine for job_id in _jobs_of(collected, stop)])
    return orders


def solve(
    collected: Collected, standing: Sequence[Sequence[str]], *, stability_s: int, seed: int, steps: int
) -> Solved:
    """The week mended. Points: 0 the base, then the jobs, then what the heads of running half days keep."""
    network = places.walking_network()
    problem, snapped = problem_of(collected, stability_s=stability_s)
    plan = rounds.replan(problem, standing, seed=seed, iterations=steps)
    return Solved(plan, problem, snapped, network)


def problem_of(collected: Collected, *, stability_s: int) -> tuple[Problem, Any]:
    """The problem with its snapped points, as `solve` states it."""
    network = places.walking_network()
    lons, lats = planning.points_of(collected.base, [collected.subjects[job.id] for job in collected.jobs])
    kept = [stop.location for head in collected.heads for stop in head.kept]
    lons = np.concatenate([lons, [at.x for at in kept]])
    lats = np.concatenate([lats, [at.y for at in kept]])
    snapped = network.snap(lons, lats)
    costs = network.matrix(snapped)
    if costs.metres is None:
        raise ValueError("a matrix without metres")
    problem = Problem(
        jobs=collected.jobs,
        shifts=_shifts(collected),
        travel_s=costs.seconds,
        travel_m=costs.metres,
        weights=Weights(stability_s=stability_s),
    )
    return problem, snapped


def _shifts(collected: Collected) -> tuple[Shift, ...]:
    """Half days that run begin where their last kept stop is; calls made this day are off its number of calls."""
    shifts = list(planning.solver_shifts(collected.free_shifts, collected.week_start))
    point = len(collected.jobs) + 1
    for head in collected.heads:
        point += len(head.kept)
        if head.row is not None and head.kept:
            shifts[head.row] = replace(shifts[head.row], start_point=point - 1)
    for row, shift in enumerate(shifts):
        calls = _calls_made(collected, shift)
        shifts[row] = replace(shift, max_household_calls=max(0, HOUSEHOLD_CALLS_A_DAY - calls))
    return tuple(shifts)


def _calls_made(collected: Collected, shift: Shift) -> int:
    begun = [(head.worker_id, head.start, head.kept) for head in collected.heads]
    begun += [(one.worker_id, one.shift.lower, tuple(one.stops.all())) for one in collected.frozen]
    return sum(
        stop.kind == Stop.Kind.APPOINTMENT or (stop.place is not None and stop.place.kind == Place.Kind.RESIDENCE)
        for worker_id, start, stops in begun
        if str(worker_id) == shift.worker and (start.astimezone(LOCAL).date() - collected.week_start).days == shift.day
        for stop in stops
    )


def _is_met(asked: Asked, solved: Solved) -> bool:
    if not asked.target:
        return True
    stops = {stop.job_id for route in solved.plan.routes for stop in route.stops}
    return any(job_id == asked.target or job_id.startswith(f"{asked.target}:") for job_id in stops)


def _still_left_out(base: WeeklyPlan, asked: Asked, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the plan in force leaves out stays named, but for what the proposal has an answer to."""
    answered = {_name_of(row) for row in found} | {asked.target}
    return [row for row in base.unserved if _name_of(row) not in answered]


def _name_of(row: dict[str, Any]) -> str:
    for kind in ("appointment", "case", "place"):
        if row.get(f"{kind}_id"):
            return f"{kind}:{row[f'{kind}_id']}"
    return ""


@transaction.atomic
def _stored(plan: WeeklyPlan, rows: laying.Rows, replan: Replan) -> Replan:
    of_week = WeeklyPlan.objects.filter(grid=plan.grid, week_start=plan.week_start)
    plan.version = (of_week.aggregate(newest=Max("version"))["newest"] or 0) + 1
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as error:
        raise PlanningUnderWay("somebody plans this grid and week just now", grid_code=plan.grid.code) from error
    Route.objects.bulk_create(rows.routes)
    Stop.objects.bulk_create(rows.stops)
    StopDuty.objects.bulk_create(rows.links)
    replan.save(force_insert=True)
    return replan
