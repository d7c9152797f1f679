"""Clock times of an ordered shift: as early as possible, with the worker leaving only when it is time to."""

from collections.abc import Sequence

from gis.rounds.model import Job, PlannedStop, Problem, Route


def start_in_window(job: Job, day: int, arrive_s: int) -> int | None:
    """First moment from `arrive_s` on at which the visit may start; None when the day's last window is over."""
    for start, latest in job.starts(day):
        if arrive_s <= latest:
            return max(arrive_s, start)
    return None


def time_route(problem: Problem, shift_row: int, jobs: Sequence[Job]) -> Route | None:
    """Route of one shift with its times; None when a window, the shift's end or a missing way forbids this order."""
    shift = problem.shifts[shift_row]
    if not jobs:
        return Route(shift.worker, shift.day, shift_row, shift.start_s, shift.start_s, (), 0, 0)
    stops: list[PlannedStop] = []
    here, clock_s, travel_s, travel_m, depart_s = shift.start_point, shift.start_s, 0, 0, shift.start_s
    for job in jobs:
        leg_s = int(problem.travel_s[here, job.point])
        start_s = start_in_window(job, shift.day, clock_s + leg_s)
        if leg_s < 0 or start_s is None:
            return None
        if not stops:
            depart_s = start_s - leg_s
            clock_s = depart_s
        arrive_s = clock_s + leg_s
        clock_s = start_s + job.dwell_s
        stops.append(PlannedStop(job.id, arrive_s, start_s - arrive_s, start_s, clock_s))
        travel_s += leg_s
        travel_m += int(problem.travel_m[here, job.point])
        here = job.point
    leg_s = int(problem.travel_s[here, shift.end_point])
    if leg_s < 0 or clock_s + leg_s > shift.end_s:
        return None
    travel_m += int(problem.travel_m[here, shift.end_point])
    return Route(
        shift.worker, shift.day, shift_row, depart_s, clock_s + leg_s, tuple(stops), travel_s + leg_s, travel_m
    )
