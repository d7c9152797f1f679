"""What can be said about one job and one shift before any search: may it, does it fit, why not, what does it cost."""

from typing import Final

from gis.rounds.model import Commitment, Job, Problem, Reason, Shift

# What a visit that moves from the morning to the afternoon costs of what a move to another day costs.
HALF_DAY_SHARE: Final = 0.5


def fits_alone(problem: Problem, job: Job, shift: Shift) -> bool:
    """Whether `shift` could do `job` and nothing else: worker, day, locks, windows, travel there and back, calls
    allowed.
    """
    if not may_serve(job, shift):
        return False
    if job.household_call and problem.call_caps.get(Commitment(shift.worker, shift.day)) == 0:
        return False
    out_s, home_s = _there_and_back(problem, job, shift)
    if out_s < 0 or home_s < 0:
        return False
    arrive_s = shift.start_s + out_s
    starts = [max(start, arrive_s) for start, latest in job.starts(shift.day) if latest >= arrive_s]
    return bool(starts) and min(starts) + job.dwell_s + home_s <= shift.end_s


def may_serve(job: Job, shift: Shift) -> bool:
    """Whether worker and day of `shift` are allowed for `job`: first and last day, eligible workers, locks."""
    if not job.earliest_day <= shift.day <= job.latest_day:
        return False
    if job.only_workers and shift.worker not in job.only_workers:
        return False
    locked = {lock.day: lock.worker for lock in job.locked}
    if locked.get(shift.day, shift.worker) != shift.worker:
        return False
    return len(locked) < job.visits or shift.day in locked


def why_impossible(problem: Problem, job: Job) -> Reason:
    """The first constraint that rules out every shift, asked in the order in which a person would."""
    candidates = [shift for shift in problem.shifts if may_serve(job, shift)]
    there = {Commitment(shift.worker, shift.day) for shift in problem.shifts}
    lost = next((lock for lock in job.locked if lock not in there or not candidates), None)
    if lost is not None:
        return Reason("locked_without_shift", {"worker": lost.worker, "day": lost.day})
    if not candidates:
        days = {"first_day": job.earliest_day, "last_day": job.latest_day}
        return Reason("no_shift", {**days, "workers": list(job.only_workers)})
    joined = [shift for shift in candidates if min(_there_and_back(problem, job, shift)) >= 0]
    if not joined:
        return Reason("unreachable", {"point": job.point})
    return _why_no_time(problem, job, joined)


def _why_no_time(problem: Problem, job: Job, shifts: list[Shift]) -> Reason:
    """Why none of the shifts that could go there has the time; after that only the set of days is left to blame."""
    days = sorted({shift.day for shift in shifts})
    if job.windows and not any(job.starts(window.day) for window in job.windows):
        return Reason("window_too_short", {"dwell_s": job.dwell_s})
    starts = [(shift, *start) for shift in shifts for start in job.starts(shift.day)]
    if not any(opens_s <= shift.end_s and closes_s >= shift.start_s for shift, opens_s, closes_s in starts):
        return Reason("window_outside_shifts", {"days": days})
    if job.household_call and all(problem.call_caps.get(Commitment(s.worker, s.day)) == 0 for s in shifts):
        return Reason("no_calls_allowed", {"days": days})
    if not any(fits_alone(problem, job, shift) for shift in shifts):
        needed_s = min(sum(_there_and_back(problem, job, shift)) for shift in shifts) + job.dwell_s
        return Reason("too_far", {"needed_s": needed_s, "shift_s": max(s.end_s - s.start_s for s in shifts)})
    return Reason("pattern_impossible", {"visits": job.visits, "min_gap_days": job.min_gap_days, "days": days})


def _there_and_back(problem: Problem, job: Job, shift: Shift) -> tuple[int, int]:
    travel = problem.travel_s
    return int(travel[shift.start_point, job.point]), int(travel[job.point, shift.end_point])


def delay_s(job: Job, day: int) -> int:
    """Price in seconds of doing a job on `day` rather than on its first day."""
    return job.delay_cost_s * (day - job.earliest_day)


def moved_s(problem: Problem, job: Job, shift: Shift) -> float:
    """Price in seconds of a visit that the published plan has with another worker, on another day or in another half
    of the day.
    """
    if not job.previous:
        return 0.0
    spot = Commitment(shift.worker, shift.day)
    if spot not in job.previous:
        return problem.weights.stability_s
    starts = [at_s for at_s, one in zip(job.previous_starts_s, job.previous, strict=False) if one == spot]
    stays = not starts or any(shift.start_s <= at_s < shift.end_s for at_s in starts)
    return 0.0 if stays else HALF_DAY_SHARE * problem.weights.stability_s
