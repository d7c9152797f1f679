"""Mends a week that something has come between: from the plan at hand, with as few changes as they are worth.

    plan = replan(problem, standing, seed=1)

The standing plan is the start, not an empty week, and the search begins cool: it looks around what the disturbance
leaves open instead of planning anew. `Weights.stability_s` says what a moved visit must save; the order of a half day
that keeps its visits is not touched at all.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from gis.rounds import core, tables
from gis.rounds.model import LONGEST_TRAVEL_S, Commitment, Job, Plan, Problem
from gis.rounds.planning import finish_plan
from gis.rounds.search import Search
from gis.rounds.tables import Tables
from gis.rounds.timing import time_route

DEFAULT_STEPS: Final = 4_000
# How far on the way from hot to cold the search begins: the plan at hand is good, only a part of it is open.
BEGIN: Final = Decimal("0.6")


def replan(
    problem: Problem,
    standing: Sequence[Sequence[str]],
    *,
    seed: int = 1,
    iterations: int | None = None,
    budget_cpu_s: float | None = None,
) -> Plan:
    """The week mended. `standing`: job ids per shift (rows of `problem.shifts`) in their order, as published.

    Ids that are no job of the problem any more are passed over; jobs that stand nowhere, or where they can't stay (the
    worker is away, the window was moved, the rest of a half day is too short), are put in anew. A visit that the
    published plan has is worth its stability on top of its prize: it is left out last. What finds no place is in
    `unserved` with its reason. Budgets as in `plan_week`, 4,000 iterations by default; same input, same plan. Raises
    ValueError for both budgets, none above 0, or a plan with other shifts.
    """
    if iterations is not None and budget_cpu_s is not None:
        raise ValueError("give iterations or budget_cpu_s, not both")
    if (iterations is not None and iterations < 1) or (budget_cpu_s is not None and budget_cpu_s <= 0):
        raise ValueError(f"budget of {iterations} iterations, {budget_cpu_s} s: must be above 0")
    if len(standing) != len(problem.shifts):
        raise ValueError(f"a plan of {len(standing)} shifts for a week of {len(problem.shifts)}")
    kept = _worth_keeping(problem)
    made = tables.build(kept)
    start = standing_orders(kept, made, standing)
    orders, steps = start, 0
    if made.served and problem.shifts:
        search = Search(made.ground, seed=seed, balance_s=problem.weights.balance_s)
        row_of = {job.id: row for row, job in enumerate(made.served)}
        search.begin_with([[row_of[job.id] for job in jobs] for jobs in start])
        if budget_cpu_s is None:
            search.run_steps(iterations or DEFAULT_STEPS, begin=BEGIN)
        else:
            search.run_cpu(budget_cpu_s, begin=BEGIN)
        found = [[made.served[row] for row in rows] for rows in search.best()]
        orders = [_calm(kept, row, start[row], jobs) for row, jobs in enumerate(found)]
        steps = search.steps
    return finish_plan(problem, [[problem.job_of[job.id] for job in jobs] for jobs in orders], made=made,
                       iterations=steps)  # fmt: skip


def _worth_keeping(problem: Problem) -> Problem:
    """The same week, in which a published visit is not dropped for what it would cost to keep it where it is."""
    more = round(problem.weights.stability_s)
    jobs = (
        replace(job, prize_s=min(LONGEST_TRAVEL_S, job.prize_s + more)) if job.previous else job for job in problem.jobs
    )
    return replace(problem, jobs=tuple(jobs))


def standing_orders(problem: Problem, made: Tables, standing: Sequence[Sequence[str]]) -> list[list[Job]]:
    """The part of the standing plan that can stay: every order fits its shift, every job has all of its visits."""
    served = {job.id: job for job in made.served}
    row_of = {job.id: row for row, job in enumerate(made.served)}
    orders = [
        [served[one] for one in dict.fromkeys(ids) if one in served and made.ground.assign[row_of[one], shift] >= 0]
        for shift, ids in enumerate(standing)
    ]
    sets = {job.id: _day_sets(made, row) for row, job in enumerate(made.served)}
    again = True
    while again:
        orders = [_that_fits(problem, row, jobs) for row, jobs in enumerate(orders)]
        again = _drop_above_caps(problem, orders)
        for job in made.served:
            shifts = [row for row, jobs in enumerate(orders) if job in jobs]
            days = sum(1 << problem.shifts[row].day for row in shifts)
            twice = len({problem.shifts[row].day for row in shifts}) < len(shifts)
            if shifts and (twice or days not in sets[job.id]):
                again = True
                for row in shifts:
                    orders[row].remove(job)
    return orders


def _day_sets(made: Tables, row: int) -> set[int]:
    ground = made.ground
    begin, end = int(ground.job[row, core.PATTERN_FROM]), int(ground.job[row, core.PATTERN_TO])
    return {int(mask) for mask in ground.pattern[begin:end]}


def _that_fits(problem: Problem, row: int, jobs: Sequence[Job]) -> list[Job]:
    """The order as far as it can be walked; what makes it too long goes first where it can wait most easily."""
    chosen = list(jobs)
    while chosen and time_route(problem, row, chosen) is None:
        alone = [job for job in chosen if time_route(problem, row, [job]) is None]
        # Of those that can wait most easily the last in the order.
        chosen.remove(alone[0] if alone else min(chosen[::-1], key=lambda job: (job.appointment, job.required)))
    return chosen


def _drop_above_caps(problem: Problem, orders: list[list[Job]]) -> bool:
    """Household calls above a day's cap give way: the last of the day first, appointments after all others. Any?"""
    dropped = False
    for spot, cap in problem.call_caps.items():
        rows = [row for row, shift in enumerate(problem.shifts) if Commitment(shift.worker, shift.day) == spot]
        calls = [(job.appointment, -row, -at, row, job) for row in rows for at, job in enumerate(orders[row])
                 if job.household_call]  # fmt: skip
        for *_, row, job in sorted(calls, key=lambda call: call[:3])[: max(0, len(calls) - cap)]:
            orders[row].remove(job)
            dropped = True
    return dropped


def _calm(problem: Problem, row: int, before: list[Job], found: list[Job]) -> list[Job]:
    """The order found, unless the former order with what is new put in is as good but for the price of one move."""
    chosen = [job for job in before if job in found]
    if not chosen:
        return found
    for job in found:
        if job not in chosen:
            spots = [[*chosen[:at], job, *chosen[at:]] for at in range(len(chosen) + 1)]
            timed = [(route.travel_s, at) for at, spot in enumerate(spots)
                     if (route := time_route(problem, row, spot)) is not None]  # fmt: skip
            if not timed:
                return found
            chosen = spots[min(timed)[1]]
    calm, free = time_route(problem, row, chosen), time_route(problem, row, found)
    if calm is None or free is None:
        return found
    return chosen if calm.travel_s <= free.travel_s + problem.weights.stability_s else found
