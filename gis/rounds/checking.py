"""Independent check of a plan against its problem: shares no code with the search, the timing or the tables."""

import itertools
from collections import defaultdict
from dataclasses import dataclass

from gis.rounds.model import Job, Plan, Problem, Route


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `code`: unknown_job, wrong_route, travel_time, time_order, outside_window, outside_shift,
    wrong_worker,
    wrong_day, lock_broken, days_not_allowed, twice_a_day, too_many_calls, visits_unaccounted, travel_sum,
    appointment_missed."""

    code: str
    job_id: str | None
    shift: int | None
    detail: str


def check_plan(problem: Problem, plan: Plan) -> list[Violation]:
    """Everything in `plan` that breaks a rule of `problem`; an appointment that is left out is named too. Empty: a
    sound plan.
    """
    found: list[Violation] = []
    if [route.shift for route in plan.routes] != list(range(len(problem.shifts))):
        return [Violation("wrong_route", None, None, "a plan has one route per shift, in their order")]
    visits: dict[str, list[tuple[int, str]]] = defaultdict(list)
    calls: dict[tuple[str, int], int] = defaultdict(int)
    jobs = {job.id: job for job in problem.jobs}
    for route in plan.routes:
        unknown = [stop.job_id for stop in route.stops if stop.job_id not in jobs]
        if unknown:
            found += [Violation("unknown_job", job_id, route.shift, "not in the problem") for job_id in unknown]
            continue
        found += _check_times(problem, route, jobs)
        for stop in route.stops:
            visits[stop.job_id].append((route.day, route.worker))
            calls[route.worker, route.day] += jobs[stop.job_id].household_call
    left_out = {gap.job_id: gap.visits for gap in plan.unserved}
    for job in problem.jobs:
        found += _check_visits(job, visits[job.id], left_out.get(job.id, 0))
    for shift in problem.shifts:
        cap = shift.max_household_calls
        if cap is not None and calls[shift.worker, shift.day] > cap:
            detail = f"{calls[shift.worker, shift.day]} calls of {shift.worker} on day {shift.day}, {cap} allowed"
            found.append(Violation("too_many_calls", None, None, detail))
    return found


def _check_times(problem: Problem, route: Route, jobs: dict[str, Job]) -> list[Violation]:
    shift = problem.shifts[route.shift]
    found: list[Violation] = []

    def blame(code: str, job_id: str | None, detail: str) -> None:
        found.append(Violation(code, job_id, route.shift, detail))

    if (route.worker, route.day) != (shift.worker, shift.day):
        blame(
            "wrong_route",
            None,
            f"route of {route.worker} on day {route.day} in a shift of {shift.worker} on day {shift.day}",
        )
    if not shift.start_s <= route.depart_s <= route.return_s <= shift.end_s:
        blame("outside_shift", None, f"out from {route.depart_s} to {route.return_s} s")
    point, clock_s, walked_s, walked_m = shift.start_point, route.depart_s, 0, 0
    for stop in route.stops:
        job = jobs[stop.job_id]
        leg_s = problem.travel_s[point, job.point]
        if leg_s < 0 or stop.arrive_s != clock_s + leg_s:
            blame("travel_time", job.id, f"arrives at {stop.arrive_s}, left at {clock_s}, way of {leg_s} s")
        if stop.start_s != stop.arrive_s + stop.wait_s or stop.wait_s < 0 or stop.leave_s != stop.start_s + job.dwell_s:
            blame("time_order", job.id, f"{stop}")
        if not _in_window(job, route.day, stop.start_s):
            blame("outside_window", job.id, f"starts at {stop.start_s} s on day {route.day}")
        if job.only_workers and route.worker not in job.only_workers:
            blame("wrong_worker", job.id, f"given to {route.worker}")
        walked_s, walked_m = walked_s + leg_s, walked_m + problem.travel_m[point, job.point]
        point, clock_s = job.point, stop.leave_s
    if route.stops:
        walked_s, walked_m = (
            walked_s + problem.travel_s[point, shift.end_point],
            walked_m + problem.travel_m[point, shift.end_point],
        )
        if route.return_s != clock_s + problem.travel_s[point, shift.end_point]:
            blame("travel_time", None, f"returns at {route.return_s}")
    if (route.travel_s, route.travel_m) != (walked_s, walked_m):
        blame("travel_sum", None, f"{route.travel_s} s, {route.travel_m} m; counted {walked_s} s, {walked_m} m")
    return found


def _in_window(job: Job, day: int, start_s: int) -> bool:
    if not job.windows:
        return True
    last_s = start_s + job.dwell_s if job.finish_inside else start_s
    return any(window.day == day and window.start_s <= start_s and last_s <= window.end_s for window in job.windows)


def _check_visits(job: Job, visits: list[tuple[int, str]], left_out: int) -> list[Violation]:
    found: list[Violation] = []
    days = sorted(day for day, _ in visits)
    if len(set(days)) < len(days):
        found.append(Violation("twice_a_day", job.id, None, f"days {days}"))
    if len(visits) + left_out != job.visits:
        found.append(
            Violation(
                "visits_unaccounted", job.id, None, f"{job.visits} due, {len(visits)} planned, {left_out} left out"
            )
        )
    if any(not job.earliest_day <= day <= job.latest_day for day in days):
        found.append(
            Violation("wrong_day", job.id, None, f"days {days}, allowed {job.earliest_day} to {job.latest_day}")
        )
    if job.patterns and visits and not any(set(days) <= set(pattern) for pattern in job.patterns):
        found.append(Violation("days_not_allowed", job.id, None, f"days {days}"))
    if not job.patterns and any(b - a < job.min_gap_days for a, b in itertools.pairwise(days)):
        found.append(Violation("days_not_allowed", job.id, None, f"days {days}, {job.min_gap_days} apart at least"))
    for lock in job.locked:
        if visits and (lock.day, lock.worker) not in visits:
            found.append(Violation("lock_broken", job.id, None, f"fixed to {lock.worker} on day {lock.day}"))
    if job.appointment and not visits:
        found.append(Violation("appointment_missed", job.id, None, "booked, but not in the plan"))
    return found
