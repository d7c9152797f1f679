"""Plain plans to measure against: what a team gets without a solver. Same problem, same rules, same times.

Both spread the work over days first (least-loaded day), then order each shift by a rule of thumb.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from gis.rounds import tables
from gis.rounds.fitting import fits_alone
from gis.rounds.model import Job, Plan, Problem, ProblemError
from gis.rounds.planning import finish_plan
from gis.rounds.timing import start_in_window, time_route

Orderer = Callable[[int, Sequence[Job]], list[Job]]


def nearest_neighbour(problem: Problem) -> Plan:
    """Every day's jobs in the order in which the nearest one that still can be done comes next."""

    def order(row: int, jobs: Sequence[Job]) -> list[Job]:
        shift = problem.shifts[row]
        left, chosen = list(jobs), list[Job]()
        here, clock_s = shift.start_point, shift.start_s
        while left:
            reachable = [
                (_begin(problem, here, clock_s, shift.day, job), int(problem.travel_s[here, job.point]), k)
                for k, job in enumerate(left)
            ]
            possible = [(travel_s, start_s, k) for start_s, travel_s, k in reachable if start_s is not None]
            if not possible:
                break
            _, start_s, k = min(possible)
            job = left.pop(k)
            if time_route(problem, row, [*chosen, job]) is not None:
                chosen.append(job)
                here, clock_s = job.point, start_s + job.dwell_s
        return chosen

    return _plan(problem, order)


def sweep(problem: Problem, *, xy: npt.NDArray[np.float64]) -> Plan:
    """Every day's jobs in the order of their direction from the start point; `xy` has metric coordinates of all matrix
    rows, (n, 2).
    """
    if xy.shape != (len(problem.travel_s), 2):
        raise ProblemError("bad_coordinates", f"coordinates {xy.shape} for {len(problem.travel_s)} points")

    def order(row: int, jobs: Sequence[Job]) -> list[Job]:
        away = xy - xy[problem.shifts[row].start_point]
        angle = np.arctan2(away[:, 1], away[:, 0])
        chosen: list[Job] = []
        for job in sorted(jobs, key=lambda job: (angle[job.point], job.id)):
            if time_route(problem, row, [*chosen, job]) is not None:
                chosen.append(job)
        return chosen

    return _plan(problem, order)


def _begin(problem: Problem, here: int, clock_s: int, day: int, job: Job) -> int | None:
    travel_s = int(problem.travel_s[here, job.point])
    return None if travel_s < 0 else start_in_window(job, day, clock_s + travel_s)


def _plan(problem: Problem, order: Orderer) -> Plan:
    """Appointments first, then required, then optional jobs: to the least-loaded days, there to the shift with most
    time left; what the
    order of a shift cannot hold is offered to the other shifts at their end, and is then left out."""
    made = tables.build(problem)
    given: list[list[Job]] = [[] for _ in problem.shifts]
    for job in sorted(made.served, key=lambda job: (not job.appointment, not job.required, job.id)):
        for row in _least_loaded(problem, given, job):
            given[row].append(job)
    orders = [order(row, jobs) for row, jobs in enumerate(given)]
    for row, jobs in enumerate(given):
        for job in jobs:
            if job not in orders[row]:
                _offer_elsewhere(problem, orders, job, row)
    _drop_partial(made.served, orders, {job_id: missing for job_id, (missing, _) in made.reduced.items()})
    return finish_plan(problem, orders, made=made, iterations=0)


def _least_loaded(problem: Problem, given: list[list[Job]], job: Job) -> list[int]:
    """Shifts for all visits of a job on its least-loaded set of days; none when the caps leave no such set."""
    load_s = [
        sum(one.dwell_s for one in jobs) / (shift.end_s - shift.start_s)
        for jobs, shift in zip(given, problem.shifts, strict=True)
    ]
    best_of: dict[int, int] = {}
    for row, shift in enumerate(problem.shifts):
        if not fits_alone(problem, job, shift) or (job.household_call and _calls_full(problem, given, row)):
            continue
        if shift.day not in best_of or load_s[row] < load_s[best_of[shift.day]]:
            best_of[shift.day] = row
    choices = {days.intersection(best_of) for days in job.day_sets()}
    best = max(
        choices,
        key=lambda days: (len(days), -sum(load_s[best_of[day]] for day in days), sorted(days)),
        default=frozenset(),
    )
    return [best_of[day] for day in sorted(best)]


def _calls_full(problem: Problem, given: list[list[Job]], row: int) -> bool:
    shift = problem.shifts[row]
    cap = next(
        (cap for key, cap in problem.call_caps.items() if (key.worker, key.day) == (shift.worker, shift.day)), None
    )
    if cap is None:
        return False
    same_day = [k for k, other in enumerate(problem.shifts) if (other.worker, other.day) == (shift.worker, shift.day)]
    return sum(job.household_call for k in same_day for job in given[k]) >= cap


def _offer_elsewhere(problem: Problem, orders: list[list[Job]], job: Job, refused_by: int) -> None:
    for row, shift in enumerate(problem.shifts):
        same_day = shift.day == problem.shifts[refused_by].day
        if row == refused_by or not fits_alone(problem, job, shift) or (job.visits > 1 and not same_day):
            continue
        if job.household_call and _calls_full(problem, orders, row):
            continue
        if any(job in orders[other] for other, one in enumerate(problem.shifts) if one.day == shift.day):
            continue
        if time_route(problem, row, [*orders[row], job]) is not None:
            orders[row].append(job)
            return


def _drop_partial(served: tuple[Job, ...], orders: list[list[Job]], missing: dict[str, int]) -> None:
    """A job of several visits counts only when all that are possible are planned."""
    for job in served:
        planned = sum(job in jobs for jobs in orders)
        if 0 < planned < job.visits - missing.get(job.id, 0):
            for jobs in orders:
                if job in jobs:
                    jobs.remove(job)
