"""Plan a team's week."""

from dataclasses import replace
from typing import Final

import numpy as np

from gis.rounds import tables
from gis.rounds.explain import reasons_for, why_left_out
from gis.rounds.fitting import delay_s, moved_s
from gis.rounds.model import CostParts, Job, Plan, Problem, Route, Shift, Unserved
from gis.rounds.search import Search
from gis.rounds.tables import Tables
from gis.rounds.timing import time_route

DEFAULT_STEPS: Final = 20_000


def plan_week(
    problem: Problem, *, seed: int = 1, iterations: int | None = None, budget_cpu_s: float | None = None
) -> Plan:
    """Plan of the week: every appointment and required job that fits, then as much optional work as it is worth, with
    little walking.

    With `iterations` (default 20,000) the plan depends on problem, seed and iterations alone; `budget_cpu_s` stops by
    the CPU time of this thread instead. What is left out is in `unserved` with its reason. Raises ValueError for both
    budgets or none above 0.
    """
    if iterations is not None and budget_cpu_s is not None:
        raise ValueError("give iterations or budget_cpu_s, not both")
    if (iterations is not None and iterations < 1) or (budget_cpu_s is not None and budget_cpu_s <= 0):
        raise ValueError(f"budget of {iterations} iterations, {budget_cpu_s} s: must be above 0")
    made = tables.build(problem)
    orders: list[list[Job]] = [[] for _ in problem.shifts]
    steps = 0
    if made.served and problem.shifts:
        search = Search(made.ground, seed=seed, balance_s=problem.weights.balance_s)
        if budget_cpu_s is None:
            search.run_steps(iterations or DEFAULT_STEPS)
        else:
            search.run_cpu(budget_cpu_s)
        orders = [[made.served[row] for row in rows] for rows in search.best()]
        steps = search.steps
    return finish_plan(problem, orders, made=made, iterations=steps)


def finish_plan(problem: Problem, orders: list[list[Job]], *, made: Tables, iterations: int) -> Plan:
    """Plan with times, costs and reasons from the order of jobs in every shift (rows of `problem.shifts`)."""
    routes: list[Route] = []
    for row, jobs in enumerate(orders):
        route = time_route(problem, row, jobs)
        if route is None:
            raise AssertionError(f"search returned an order that cannot be walked in shift {row}")
        routes.append(route)
    bare = Plan(tuple(routes), (), _cost(problem, routes), iterations)
    unserved = [Unserved(job_id, problem.job_of[job_id].visits, reason) for job_id, reason in made.impossible.items()]
    visits = {job.id: 0 for job in problem.jobs}
    for route in routes:
        for stop in route.stops:
            visits[stop.job_id] += 1
    for job in made.served:
        if visits[job.id] == 0:
            unserved.append(Unserved(job.id, job.visits, why_left_out(problem, bare, job)))
        elif job.id in made.reduced:
            unserved.append(Unserved(job.id, *made.reduced[job.id]))
    return replace(bare, routes=reasons_for(problem, bare), unserved=tuple(unserved))


def _cost(problem: Problem, routes: list[Route]) -> CostParts:
    """Cost parts of timed routes, recomputed from the problem."""
    balance = delay = moved = 0.0
    done: set[str] = set()
    for route in routes:
        shift: Shift = problem.shifts[route.shift]
        jobs = [problem.job_of[stop.job_id] for stop in route.stops]
        work_h = (route.travel_s + sum(job.dwell_s for job in jobs)) / 3600
        balance += problem.weights.balance_s * work_h**2
        delay += sum(delay_s(job, route.day) for job in jobs)
        moved += sum(moved_s(problem, job, shift) for job in jobs)
        done.update(job.id for job in jobs)
    missed = [job for job in problem.jobs if job.id not in done]
    return CostParts(
        travel_s=float(sum(route.travel_s for route in routes)),
        balance_s=balance,
        delay_s=delay,
        stability_s=moved,
        prize_s=float(sum(job.prize_s for job in missed)),
        missed_appointments=sum(job.appointment for job in missed),
        missed_required=sum(job.required and not job.appointment for job in missed),
        missed_optional=sum(not job.required and not job.appointment for job in missed),
    )


def warm_up() -> None:
    """Compile the search, or load it from the cache: call it once when a worker process starts."""
    shift = Shift(worker="w", day=0, start_s=0, end_s=3600, start_point=0, end_point=0)
    nowhere = np.zeros((1, 1), np.int32)
    plan_week(
        Problem(jobs=(Job(id="j", point=0, dwell_s=60),), shifts=(shift,), travel_s=nowhere, travel_m=nowhere),
        iterations=2,
    )
