"""Plan a team's week."""

import time
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np

from gis.rounds import core, tables
from gis.rounds.explain import reasons_for, why_left_out
from gis.rounds.fitting import delay_s, moved_s
from gis.rounds.model import CostParts, Job, Plan, Problem, Route, Shift, Unserved
from gis.rounds.tables import UNITS_A_SECOND, Tables
from gis.rounds.timing import time_route

# Steps at one temperature, and between two looks at the clock.
ROUND_STEPS: Final = 250
DEFAULT_STEPS: Final = 20_000
MEAN_REMOVED: Final = 10
LONGEST_STRING: Final = 10
BLINK_PER_1024: Final = 10
# First and last temperature as shares of the mean way between neighbouring jobs, in 1/1000.
HOT: Final = 10_000
COLD: Final = 20


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
        search = Search(made, seed)
        if budget_cpu_s is None:
            search.run_steps(iterations or DEFAULT_STEPS)
        else:
            search.run_cpu(budget_cpu_s)
        orders, steps = search.best(), search.steps
    return finish_plan(problem, orders, made=made, iterations=steps)


class Search:
    """State of one search; more steps may follow."""

    def __init__(self, made: Tables, seed: int) -> None:
        jobs, shifts = len(made.served), len(made.problem.shifts)
        self._tables = made
        days = len(made.day_at) - 1
        left_out = int(made.job[:, core.PRIZE].sum())
        stops = np.zeros((shifts, jobs + 2, 3), np.int64)
        stops[:, 0, core.LATEST] = made.shift[:, core.END]
        self._state = core.State(
            stops=stops,
            route=np.zeros((shifts, 3), np.int64),
            where=np.full((jobs, days), -1, np.int64),
            mask=np.zeros(jobs, np.int64),
            used=np.zeros(len(made.cap), np.int64),
            tally=np.array([left_out, left_out + 1, 0], np.int64),
            best_stops=np.zeros((shifts, jobs + 1), np.int64),
            best_length=np.zeros(shifts, np.int64),
            rng=np.array([_scrambled(seed)], np.uint64),
        )
        balance = round(made.problem.weights.balance_s * UNITS_A_SECOND * (1 << core.BALANCE_SHIFT) / 3600**2)
        removed = max(2, min(MEAN_REMOVED, jobs // 4))
        setting = np.array([balance, removed, LONGEST_STRING, BLINK_PER_1024], np.int64)
        self._week = core.Week(
            made.job,
            made.shift,
            made.day_at,
            made.day_route,
            made.window_at,
            made.window,
            made.pattern,
            made.assign,
            made.leg,
            made.near,
            made.key,
            made.cap,
            setting,
            tables.log_table(),
        )
        near_s = made.leg[made.job[made.near[:, :6], core.POINT], made.job[:, core.POINT][:, None], core.PRICE]
        self._scale = max(1, int(np.minimum(near_s, 10**7).mean()))

    @property
    def steps(self) -> int:
        return int(self._state.tally[core.STEPS])

    def run_steps(self, steps: int) -> None:
        done = 0
        while done < steps:
            count = min(ROUND_STEPS, steps - done) if done else 1
            self._run(count, Decimal(done) / steps)
            done += count

    def run_cpu(self, budget_s: float) -> None:
        start_s = time.thread_time()
        spent_s = 0.0
        while spent_s < budget_s:
            self._run(ROUND_STEPS if self.steps else 1, Decimal(spent_s / budget_s))
            spent_s = time.thread_time() - start_s

    def _run(self, count: int, share: Decimal) -> None:
        # Decimal powers are the same everywhere, float powers are not.
        temperature = int(self._scale * Decimal(HOT) / 1000 * (Decimal(COLD) / HOT) ** share)
        core.search(count, temperature, self._week, self._state)

    def best(self) -> list[list[Job]]:
        """Jobs per shift, in order, of the best plan seen."""
        served = self._tables.served
        return [
            [served[j] for j in row[:length]]
            for row, length in zip(self._state.best_stops, self._state.best_length, strict=True)
        ]


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


def _scrambled(seed: int) -> int:
    """Start value of the random numbers, never 0 (splitmix64)."""
    z = (seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & (2**64 - 1)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (z ^ (z >> 31)) or 1


def warm_up() -> None:
    """Compile the search, or load it from the cache: call it once when a worker process starts."""
    shift = Shift(worker="w", day=0, start_s=0, end_s=3600, start_point=0, end_point=0)
    nowhere = np.zeros((1, 1), np.int32)
    plan_week(
        Problem(jobs=(Job(id="j", point=0, dwell_s=60),), shifts=(shift,), travel_s=nowhere, travel_m=nowhere),
        iterations=2,
    )
