"""The plain way to mend a week, to measure against: what has no place any more goes where it adds least walking."""

from collections.abc import Sequence

from gis.rounds import tables
from gis.rounds.model import Commitment, Job, Plan, Problem
from gis.rounds.planning import finish_plan
from gis.rounds.replanning import standing_orders
from gis.rounds.timing import time_route

# Added seconds, row of the shift, place in its order.
_Spot = tuple[int, int, int]


def cheapest_insertion(problem: Problem, standing: Sequence[Sequence[str]]) -> Plan:
    """Appointments first, then required, then optional jobs, each on its cheapest set of days; nothing else moves."""
    made = tables.build(problem)
    orders = standing_orders(problem, made, standing)
    placed = {job.id for jobs in orders for job in jobs}
    waiting = [(job, row) for row, job in enumerate(made.served) if job.id not in placed]
    for job, row in sorted(waiting, key=lambda one: (not one[0].appointment, not one[0].required, one[0].id)):
        spots = _spots(problem, orders, job, [int(price) for price in made.ground.assign[row]])
        sets = [days for days in job.day_sets() if days <= spots.keys()]
        for day in min(sets, key=lambda days: (sum(spots[day][0] for day in days), sorted(days)), default=()):
            _, shift, at = spots[day]
            orders[shift].insert(at, job)
    return finish_plan(problem, orders, made=made, iterations=0)


def _spots(problem: Problem, orders: Sequence[Sequence[Job]], job: Job, prices: Sequence[int]) -> dict[int, _Spot]:
    """The cheapest place of the job on each day, where caps and times allow one."""
    best: dict[int, _Spot] = {}
    for row, jobs in enumerate(orders):
        before = time_route(problem, row, jobs)
        if prices[row] < 0 or before is None or (job.household_call and _is_full(problem, orders, row)):
            continue
        for at in range(len(jobs) + 1):
            after = time_route(problem, row, [*jobs[:at], job, *jobs[at:]])
            if after is not None:
                spot = (after.travel_s - before.travel_s, row, at)
                best[before.day] = min(spot, best.get(before.day, spot))
    return best


def _is_full(problem: Problem, orders: Sequence[Sequence[Job]], row: int) -> bool:
    spot = Commitment(problem.shifts[row].worker, problem.shifts[row].day)
    cap = problem.call_caps.get(spot)
    same_day = [jobs for jobs, shift in zip(orders, problem.shifts, strict=True) if (shift.worker, shift.day) == spot]
    return cap is not None and sum(job.household_call for jobs in same_day for job in jobs) >= cap
