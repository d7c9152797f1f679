"""Where one more job would fit into a plan whose stops keep their order: the source of bookable slots."""

from dataclasses import dataclass

from gis.rounds.fitting import may_serve
from gis.rounds.model import Commitment, Job, Plan, Problem, Route


@dataclass(frozen=True, slots=True)
class Insertion:
    """Place for a job: before stop `position` (0 = first) of a shift, starting at `start_s`, costing `added_s` of
    walking.

    `window`: row of `job.windows` that it uses, None for a job without windows.
    """

    worker: str
    day: int
    shift: int
    position: int
    start_s: int
    added_s: int
    window: int | None


def probe(problem: Problem, plan: Plan, job: Job) -> list[Insertion]:
    """For every shift and window the cheapest place for `job`, by day and time; empty when it fits nowhere.

    The job need not be part of the problem, but its point must be a row of the matrix. Every stop of the plan keeps
    its order and its windows; the caps on household calls hold.
    """
    found: list[Insertion] = []
    for route in plan.routes:
        shift = problem.shifts[route.shift]
        if may_serve(job, shift) and not (
            job.household_call and _calls_left(problem, plan, shift.worker, shift.day) <= 0
        ):
            found += _probe_route(problem, route, job)
    return sorted(found, key=lambda place: (place.day, place.start_s, place.added_s, place.shift))


def best_insertion(problem: Problem, plan: Plan, job: Job, *, heed_calls: bool = True) -> int | None:
    """Added walking in seconds of the cheapest set of days for all visits of `job`; None when there is no place for
    them.
    """
    by_day: dict[int, int] = {}
    for route in plan.routes:
        shift = problem.shifts[route.shift]
        full = heed_calls and job.household_call and _calls_left(problem, plan, shift.worker, shift.day) <= 0
        if may_serve(job, shift) and not full:
            for place in _probe_route(problem, route, job):
                by_day[route.day] = min(place.added_s, by_day.get(route.day, place.added_s))
    sums = [sum(by_day[day] for day in days) for days in job.day_sets() if days <= by_day.keys()]
    return min(sums, default=None)


def _calls_left(problem: Problem, plan: Plan, worker: str, day: int) -> int:
    cap = problem.call_caps.get(Commitment(worker, day))
    if cap is None:
        return 1
    routes = (route for route in plan.routes if (route.worker, route.day) == (worker, day))
    return cap - sum(problem.job_of[stop.job_id].household_call for route in routes for stop in route.stops)


def _probe_route(problem: Problem, route: Route, job: Job) -> list[Insertion]:
    shift = problem.shifts[route.shift]
    jobs = [problem.job_of[stop.job_id] for stop in route.stops]
    latest = _latest_arrivals(problem, route, jobs)
    windows = [(row, window) for row, window in enumerate(job.windows) if window.day == route.day]
    spent = job.dwell_s if job.finish_inside else 0
    slots: list[tuple[int | None, int, int]] = [(row, window.start_s, window.end_s - spent) for row, window in windows]
    if not job.windows:
        slots = [(None, 0, shift.end_s)]
    best: dict[int | None, Insertion] = {}
    for position in range(len(jobs) + 1):
        here = jobs[position - 1].point if position else shift.start_point
        there = jobs[position].point if position < len(jobs) else shift.end_point
        free_s = route.stops[position - 1].leave_s if position else shift.start_s
        out_s, on_s = int(problem.travel_s[here, job.point]), int(problem.travel_s[job.point, there])
        if out_s < 0 or on_s < 0:
            continue
        saved_s = int(problem.travel_s[here, there]) if jobs else 0
        for row, opens_s, closes_s in slots:
            start_s = max(opens_s, free_s + out_s)
            if start_s <= closes_s and start_s + job.dwell_s + on_s <= latest[position]:
                added_s = out_s + on_s - saved_s
                if row not in best or added_s < best[row].added_s:
                    best[row] = Insertion(route.worker, route.day, route.shift, position, start_s, added_s, row)
    return list(best.values())


def _latest_arrivals(problem: Problem, route: Route, jobs: list[Job]) -> list[int]:
    """Latest arrival at every stop, and at the end point, that keeps the rest of the route in time."""
    shift = problem.shifts[route.shift]
    latest = [shift.end_s]
    after = shift.end_point
    for job in reversed(jobs):
        limit = latest[-1] - int(problem.travel_s[job.point, after]) - job.dwell_s
        starts = [min(limit, closes_s) for opens_s, closes_s in job.starts(route.day) if opens_s <= limit]
        latest.append(max(starts, default=-1))
        after = job.point
    return latest[::-1]
