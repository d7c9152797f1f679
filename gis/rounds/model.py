"""The planning problem of one team's week and the plan that answers it.

Days are 0 (Monday) to 6; times are whole seconds since local midnight of their day; points are rows of the cost matrix.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

DAYS: Final = 7
LONGEST_TRAVEL_S: Final = 1_000_000
Facts = dict[str, Any]


class ProblemError(ValueError):
    """Input that is no planning problem. `code` is stable; `facts` name the job, shift or field."""

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts


class Window(NamedTuple):
    """Time in which a job may be done on one day."""

    day: int
    start_s: int
    end_s: int


class Commitment(NamedTuple):
    """One visit given to one worker on one day."""

    worker: str
    day: int


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as code and facts; `gis.rounds.reasons` has the texts."""

    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to be done at a place this week.

    `windows` empty: at any time of a shift. `finish_inside`: the whole dwell lies in the window, else only its start.
    `visits` on different days, at least `min_gap_days` apart (1 = next day), or on exactly one of `patterns` (sets of
    days). `appointment` outranks `required`, which outranks everything optional; an optional job is done while it
    costs less than `prize_s` seconds of walking. `delay_cost_s`: seconds of walking that one day earlier is worth.
    `locked`: visits a person has fixed. `previous`: where the published plan has it, `previous_starts_s`: and at what
    time of that day (empty: the time of day is not told). `reason`: why it is due, handed through to the plan.
    """

    id: str
    point: int
    dwell_s: int
    windows: tuple[Window, ...] = ()
    finish_inside: bool = True
    visits: int = 1
    min_gap_days: int = 1
    patterns: tuple[tuple[int, ...], ...] = ()
    appointment: bool = False
    required: bool = True
    prize_s: int = 3600
    earliest_day: int = 0
    latest_day: int = DAYS - 1
    only_workers: tuple[str, ...] = ()
    household_call: bool = False
    delay_cost_s: int = 0
    locked: tuple[Commitment, ...] = ()
    previous: tuple[Commitment, ...] = ()
    previous_starts_s: tuple[int, ...] = ()
    reason: Reason | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "windows", tuple(Window(*window) for window in self.windows))
        object.__setattr__(self, "locked", tuple(Commitment(*lock) for lock in self.locked))
        object.__setattr__(self, "previous", tuple(Commitment(*visit) for visit in self.previous))
        _check_job(self)

    def day_sets(self) -> tuple[frozenset[int], ...]:
        """Sets of days that satisfy visits, spacing, patterns, first and last day and locks; shifts and windows not
        yet asked.
        """
        days = range(self.earliest_day, self.latest_day + 1)
        if self.patterns:
            wanted: Iterator[tuple[int, ...]] = iter(self.patterns)
        else:
            wanted = (days_of for days_of in combinations(days, self.visits) if self._spaced(days_of))
        fixed = {lock.day for lock in self.locked}
        return tuple(frozenset(chosen) for chosen in wanted if fixed <= set(chosen) <= set(days))

    def _spaced(self, days: tuple[int, ...]) -> bool:
        return all(b - a >= self.min_gap_days for a, b in pairwise(days))

    def starts(self, day: int) -> list[tuple[int, int]]:
        """Earliest and latest start of the visit on `day`, one pair per window, in order; empty when the day is
        closed.
        """
        if not self.windows:
            return [(0, LONGEST_TRAVEL_S)]
        spent = self.dwell_s if self.finish_inside else 0
        found = [(window.start_s, window.end_s - spent) for window in self.windows if window.day == day]
        return sorted((start, end) for start, end in found if start <= end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Part of a worker's day: out at `start_point` from `start_s`, back at `end_point` by `end_s`.

    `max_household_calls` holds for the worker's whole day: of several values on one day the smallest counts.
    """

    worker: str
    day: int
    start_s: int
    end_s: int
    start_point: int
    end_point: int
    max_household_calls: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.day < DAYS:
            raise ProblemError("bad_day", f"shift of {self.worker} on day {self.day}", worker=self.worker)
        if not 0 <= self.start_s < self.end_s <= LONGEST_TRAVEL_S:
            raise ProblemError(
                "bad_times", f"shift of {self.worker} from {self.start_s} to {self.end_s} s", worker=self.worker
            )
        if self.max_household_calls is not None and self.max_household_calls < 0:
            raise ProblemError(
                "bad_cap", f"shift of {self.worker} allows {self.max_household_calls} calls", worker=self.worker
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a second of walking is weighed against. All in seconds of walking.

    `balance_s`: per squared hour of work in a shift; the larger, the more evenly shifts are filled.
    `stability_s`: for each visit that moves to another worker or day than the published plan says; half of it for
    one that moves to another half of the same worker's day.
    """

    balance_s: float = 300.0
    stability_s: float = 900.0

    def __post_init__(self) -> None:
        for name in ("balance_s", "stability_s"):
            if not 0 <= getattr(self, name) <= 100_000:
                raise ProblemError("bad_weight", f"{name} is {getattr(self, name)}", field=name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """One team's week. `travel_s` and `travel_m` are square matrices over all points; -1 means that there is no way."""

    jobs: tuple[Job, ...]
    shifts: tuple[Shift, ...]
    travel_s: npt.NDArray[np.int32]
    travel_m: npt.NDArray[np.int32]
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", tuple(self.jobs))
        object.__setattr__(self, "shifts", tuple(self.shifts))
        for name in ("travel_s", "travel_m"):
            object.__setattr__(self, name, _matrix(name, getattr(self, name)))
        if self.travel_s.shape != self.travel_m.shape:
            raise ProblemError(
                "bad_matrix", f"travel_s {self.travel_s.shape} and travel_m {self.travel_m.shape} differ"
            )
        _check_points(self)
        _check_shifts(self.shifts)

    @cached_property
    def job_of(self) -> dict[str, Job]:
        return {job.id: job for job in self.jobs}

    @cached_property
    def call_caps(self) -> dict[Commitment, int]:
        """Household calls allowed per worker and day, where there is a limit."""
        caps: dict[Commitment, int] = {}
        for shift in self.shifts:
            if shift.max_household_calls is not None:
                key = Commitment(shift.worker, shift.day)
                caps[key] = min(shift.max_household_calls, caps.get(key, shift.max_household_calls))
        return caps


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """One visit of a route: arrive, wait for the window, work, leave. `reasons`: why it is in the plan and why just
    here.
    """

    job_id: str
    arrive_s: int
    wait_s: int
    start_s: int
    leave_s: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """What one worker does in one shift (row of `problem.shifts`); an empty shift has no stops and no travel."""

    worker: str
    day: int
    shift: int
    depart_s: int
    return_s: int
    stops: tuple[PlannedStop, ...]
    travel_s: int
    travel_m: int


@dataclass(frozen=True, slots=True)
class Unserved:
    """A job, or `visits` of its visits, that the plan leaves out, and why."""

    job_id: str
    visits: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class CostParts:
    """Cost of a plan in seconds of walking: `travel_s` is walked, the rest are weights; `missed_*` count jobs left
    out.
    """

    travel_s: float
    balance_s: float
    delay_s: float
    stability_s: float
    prize_s: float
    missed_appointments: int
    missed_required: int
    missed_optional: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One route per shift, in the order of `problem.shifts`; what is left out; the cost; how many search steps were
    made.
    """

    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    cost: CostParts
    iterations: int

    def order(self) -> tuple[tuple[str, ...], ...]:
        """Job ids per route: two plans with the same order are the same plan."""
        return tuple(tuple(stop.job_id for stop in route.stops) for route in self.routes)


def _matrix(name: str, values: npt.ArrayLike) -> npt.NDArray[np.int32]:
    matrix = np.asarray(values)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.issubdtype(matrix.dtype, np.integer):
        raise ProblemError("bad_matrix", f"{name} must be a square matrix of whole numbers", field=name)
    if matrix.size and (matrix.min() < -1 or (name == "travel_s" and matrix.max() > LONGEST_TRAVEL_S)):
        raise ProblemError("bad_matrix", f"{name} holds values outside -1 to {LONGEST_TRAVEL_S}", field=name)
    return np.ascontiguousarray(matrix, dtype=np.int32)


def _check_job(job: Job) -> None:
    def refuse(code: str, detail: str) -> None:
        raise ProblemError(code, f"job {job.id}: {detail}", job_id=job.id)

    if not 0 <= job.earliest_day <= job.latest_day < DAYS:
        refuse("bad_day", f"days {job.earliest_day} to {job.latest_day}")
    if not 0 <= job.dwell_s <= LONGEST_TRAVEL_S:
        refuse("bad_dwell", f"dwell of {job.dwell_s} s")
    if not 1 <= job.visits <= DAYS or not 1 <= job.min_gap_days <= DAYS:
        refuse("bad_frequency", f"{job.visits} visits, {job.min_gap_days} days apart")
    if job.prize_s < 0 or job.delay_cost_s < 0 or max(job.prize_s, job.delay_cost_s) > LONGEST_TRAVEL_S:
        refuse("bad_weight", f"prize of {job.prize_s} s, {job.delay_cost_s} s a day")
    for window in job.windows:
        if not (0 <= window.day < DAYS and 0 <= window.start_s < window.end_s <= LONGEST_TRAVEL_S):
            refuse("bad_window", f"window {tuple(window)}")
    for days in job.patterns:
        if len(set(days)) != job.visits or not all(0 <= day < DAYS for day in days):
            refuse("bad_pattern", f"pattern {days} for {job.visits} visits")
    if job.previous_starts_s and len(job.previous_starts_s) != len(job.previous):
        refuse("bad_previous", f"{len(job.previous)} published visits, {len(job.previous_starts_s)} times")
    if len({lock.day for lock in job.locked}) != len(job.locked) or len(job.locked) > job.visits:
        refuse("bad_lock", "more locks than visits, or two on one day")


def _check_points(problem: Problem) -> None:
    size = len(problem.travel_s)
    twice = [job_id for job_id, count in Counter(job.id for job in problem.jobs).items() if count > 1]
    if twice:
        raise ProblemError("job_twice", f"jobs given twice: {', '.join(twice[:5])}", job_id=twice[0])
    for job in problem.jobs:
        if not 0 <= job.point < size:
            raise ProblemError("bad_point", f"job {job.id}: point {job.point} of {size}", job_id=job.id)
    for shift in problem.shifts:
        if not (0 <= shift.start_point < size and 0 <= shift.end_point < size):
            raise ProblemError(
                "bad_point", f"shift of {shift.worker} on day {shift.day}: point outside {size}", worker=shift.worker
            )


def _check_shifts(shifts: tuple[Shift, ...]) -> None:
    """A person cannot be in two shifts at once."""
    last: dict[Commitment, Shift] = {}
    for shift in sorted(shifts, key=lambda one: (one.worker, one.day, one.start_s)):
        before = last.get(Commitment(shift.worker, shift.day))
        if before is not None and shift.start_s < before.end_s:
            raise ProblemError(
                "shifts_overlap", f"{shift.worker} has two shifts at once on day {shift.day}", worker=shift.worker
            )
        last[Commitment(shift.worker, shift.day)] = shift
