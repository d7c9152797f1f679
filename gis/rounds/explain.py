"""Why a stop is where it is, and why a job is left out: codes and facts, no texts."""

from dataclasses import replace
from typing import Final

from gis.rounds.fitting import fits_alone, may_serve
from gis.rounds.model import Commitment, Job, Plan, Problem, Reason, Route
from gis.rounds.probing import best_insertion

# A stop is "next to" the one before when it is at most this far from it.
NEXT_DOOR_S: Final = 180


def reasons_for(problem: Problem, plan: Plan) -> tuple[Route, ...]:
    """Routes whose stops carry their reasons: first why the job is due, then why this day and time, then why this
    place in the order.
    """
    return tuple(
        replace(
            route,
            stops=tuple(
                replace(stop, reasons=_reasons(problem, route, position)) for position, stop in enumerate(route.stops)
            ),
        )
        for route in plan.routes
    )


def _reasons(problem: Problem, route: Route, position: int) -> tuple[Reason, ...]:
    stop = route.stops[position]
    job = problem.job_of[stop.job_id]
    found = [job.reason] if job.reason is not None else []
    window = next((w for w in job.windows if w.day == route.day and w.start_s <= stop.start_s <= w.end_s), None)
    if job.appointment and window is not None:
        found.append(Reason("booked", {"start_s": window.start_s, "end_s": window.end_s}))
    if Commitment(route.worker, route.day) in job.locked:
        found.append(Reason("locked", {"worker": route.worker, "day": route.day}))
    days = {shift.day for shift in problem.shifts if fits_alone(problem, job, shift)}
    if len(days) == 1 and not job.locked and not job.appointment:
        found.append(Reason("only_day", {"day": route.day}))
    if window is not None and not job.appointment:
        found.append(Reason("open_hours", {"start_s": window.start_s, "end_s": window.end_s}))
    if Commitment(route.worker, route.day) in job.previous:
        found.append(Reason("as_published", {}))
    if position > 0:
        before = problem.job_of[route.stops[position - 1].job_id]
        leg_s = int(problem.travel_s[before.point, job.point])
        if leg_s <= NEXT_DOOR_S:
            found.append(Reason("next_to", {"stop": position, "travel_s": leg_s}))
    if not found:
        found.append(Reason("on_the_way", {"day": route.day}))
    return tuple(found)


def why_left_out(problem: Problem, plan: Plan, job: Job) -> Reason:
    """Why the finished plan leaves out a job that would fit into an empty week."""
    added_s = best_insertion(problem, plan, job)
    if added_s is not None:
        return Reason("not_worth_it", {"added_s": added_s, "prize_s": job.prize_s})
    if job.household_call and best_insertion(problem, plan, job, heed_calls=False) is not None:
        days = sorted({shift.day for shift in problem.shifts if may_serve(job, shift)})
        return Reason("calls_used_up", {"days": days})
    rivals = _rivals(problem, plan, job)
    facts = {"needed_s": job.dwell_s, "visits": job.visits, "rivals": rivals}
    return Reason("no_room", facts)


def _rivals(problem: Problem, plan: Plan, job: Job) -> list[str]:
    """Appointments and locked stops in the shifts that could have held the job, at most five."""
    rivals: list[str] = []
    for route in plan.routes:
        if fits_alone(problem, job, problem.shifts[route.shift]):
            for stop in route.stops:
                other = problem.job_of[stop.job_id]
                if (other.appointment or other.locked) and other.id not in rivals:
                    rivals.append(other.id)
    return rivals[:5]
