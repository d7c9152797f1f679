"""A problem as the arrays that the compiled search works on."""

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Final

import numpy as np
import numpy.typing as npt

from gis.rounds import core
from gis.rounds.fitting import delay_s, fits_alone, moved_s, why_impossible
from gis.rounds.model import DAYS, LONGEST_TRAVEL_S, Commitment, Job, Problem, Reason

Ints = npt.NDArray[np.int64]
# Cost units in one second of walking.
UNITS_A_SECOND: Final = 100
# What leaving out a job costs beside its own prize: no amount of walking outweighs one of the higher kind.
REQUIRED_PRICE: Final = 10**9
APPOINTMENT_PRICE: Final = 10**12
NO_WAY_S: Final = 10 * LONGEST_TRAVEL_S
NEIGHBOURS: Final = 100
SORTINGS: Final = 7
NO_CAP: Final = 1 << 40


@dataclass(frozen=True)
class Ground:
    """Arrays that a search works on; `core.Week` tells what each holds."""

    job: Ints
    shift: Ints
    day_at: Ints
    day_route: Ints
    window_at: Ints
    window: Ints
    pattern: Ints
    assign: Ints
    leg: npt.NDArray[np.int32]
    near: Ints
    key: Ints
    cap: Ints


@dataclass(frozen=True)
class Tables:
    """Arrays of one problem; rows of `ground.job` follow `served`, the jobs that at least one set of days can hold."""

    problem: Problem
    served: tuple[Job, ...]
    impossible: dict[str, Reason]
    reduced: dict[str, tuple[int, Reason]]
    ground: Ground


@lru_cache(maxsize=1)
def log_table() -> Ints:
    """-ln(u) for LOG_SIZE evenly spaced u, in units of 2**-LOG_BITS: whole numbers, so equal on every machine."""
    steps = ((index + 0.5) / core.LOG_SIZE for index in range(core.LOG_SIZE))
    return np.array([round(-log(step) * (1 << core.LOG_BITS)) for step in steps], np.int64)


def build(problem: Problem) -> Tables:
    """Arrays of `problem`. A job that no shift can hold is not in them but in `impossible`, with the reason."""
    leg = _legs(problem)
    served: list[Job] = []
    fits: list[list[bool]] = []
    patterns: list[list[int]] = []
    impossible: dict[str, Reason] = {}
    reduced: dict[str, tuple[int, Reason]] = {}
    for job in problem.jobs:
        fitting = [fits_alone(problem, job, shift) for shift in problem.shifts]
        masks, missing = _masks(job, {shift.day for shift, fit in zip(problem.shifts, fitting, strict=True) if fit})
        if not masks:
            impossible[job.id] = why_impossible(problem, job)
            continue
        if missing:
            reduced[job.id] = missing, Reason("days_missing", {"visits": job.visits, "possible": job.visits - missing})
        served.append(job)
        fits.append(fitting)
        patterns.append(masks)
    day_route = sorted(range(len(problem.shifts)), key=lambda row: (problem.shifts[row].day, row))
    by_day = np.bincount([shift.day for shift in problem.shifts], minlength=DAYS)
    window_at, window = _windows(served)
    job_rows, pattern = _jobs(served, patterns)
    shift_rows, cap = _shifts(problem)
    assign = _assign(problem, served, fits)
    ground = Ground(
        job_rows,
        shift_rows,
        np.concatenate([[0], np.cumsum(by_day)]).astype(np.int64),
        np.array(day_route, np.int64),
        window_at,
        window,
        pattern,
        assign,
        leg,
        near_jobs(job_rows, leg),
        _keys(job_rows, served, assign, leg, problem),
        cap,
    )
    return Tables(problem, tuple(served), impossible, reduced, ground)


def _masks(job: Job, days: set[int]) -> tuple[list[int], int]:
    """Sets of days as bits, all of whose days have a fitting shift; when none is left, the largest parts of sets that
    have one, and how many visits they lack.
    """
    wanted = job.day_sets()
    possible = {frozenset(chosen & days) for chosen in wanted}
    size = max((len(chosen) for chosen in possible), default=0)
    if size == 0 or (job.locked and not {lock.day for lock in job.locked} <= days):
        return [], 0
    masks = sorted(sum(1 << day for day in chosen) for chosen in possible if len(chosen) == size)
    return masks, job.visits - size


def _legs(problem: Problem) -> npt.NDArray[np.int32]:
    seconds = np.where(problem.travel_s < 0, NO_WAY_S, problem.travel_s).astype(np.int64)
    return np.ascontiguousarray(np.stack([seconds, seconds * UNITS_A_SECOND], axis=2).astype(np.int32))


def _jobs(served: list[Job], patterns: list[list[int]]) -> tuple[Ints, Ints]:
    rows = np.zeros((len(served), core.JOB_FIELDS), np.int64)
    flat: list[int] = []
    for row, (job, masks) in enumerate(zip(served, patterns, strict=True)):
        price = job.prize_s * UNITS_A_SECOND
        if job.appointment:
            price += APPOINTMENT_PRICE
        elif job.required:
            price += REQUIRED_PRICE
        rows[row] = (job.point, job.dwell_s, price, int(job.household_call), len(flat), len(flat) + len(masks))
        flat += masks
    return rows, np.array(flat, np.int64)


def _shifts(problem: Problem) -> tuple[Ints, Ints]:
    groups: dict[Commitment, int] = {}
    rows = np.zeros((len(problem.shifts), core.SHIFT_FIELDS), np.int64)
    for row, shift in enumerate(problem.shifts):
        group = groups.setdefault(Commitment(shift.worker, shift.day), len(groups))
        rows[row] = (shift.day, shift.start_s, shift.end_s, shift.start_point, shift.end_point, group, 0)
    return rows, np.array([problem.call_caps.get(key, NO_CAP) for key in groups], np.int64)


def _windows(served: list[Job]) -> tuple[Ints, Ints]:
    at = np.zeros((len(served), DAYS + 1), np.int64)
    flat: list[tuple[int, int]] = []
    for row, job in enumerate(served):
        for day in range(DAYS):
            at[row, day] = len(flat)
            flat += job.starts(day)
        at[row, DAYS] = len(flat)
    return at, np.array(flat, np.int64).reshape(-1, 2)


def _assign(problem: Problem, served: list[Job], fits: list[list[bool]]) -> Ints:
    """Price of giving a job to a shift beside the walking; -1: not possible."""
    assign = np.full((len(served), len(problem.shifts)), -1, np.int64)
    for row, (job, fitting) in enumerate(zip(served, fits, strict=True)):
        for column, shift in enumerate(problem.shifts):
            if fitting[column]:
                assign[row, column] = round(UNITS_A_SECOND * (delay_s(job, shift.day) + moved_s(problem, job, shift)))
    return assign


def near_jobs(job: Ints, leg: npt.NDArray[np.int32]) -> Ints:
    """Jobs by distance from each job, itself first."""
    points = job[:, core.POINT]
    there = leg[points[:, None], points[None, :], core.TIME].astype(np.int64)
    both_ways = there + there.T
    np.fill_diagonal(both_ways, -1)
    return np.ascontiguousarray(np.argsort(both_ways, axis=1, kind="stable")[:, :NEIGHBOURS].astype(np.int64))


def _keys(job: Ints, served: list[Job], assign: Ints, leg: npt.NDArray[np.int32], problem: Problem) -> Ints:
    """Orders in which jobs may go back, as ascending keys: few shifts, narrow windows, long, far, near, dear, many
    visits.
    """
    keys = np.zeros((SORTINGS, len(served)), np.int64)
    if not served or not problem.shifts:
        return keys
    starts = np.array([shift.start_point for shift in problem.shifts])
    distance = leg[starts][:, job[:, core.POINT], core.TIME].astype(np.int64).min(axis=0)
    keys[0] = (assign >= 0).sum(axis=1)
    keys[1] = [sum(latest - start for day in range(DAYS) for start, latest in one.starts(day)) for one in served]
    keys[2] = -job[:, core.DWELL]
    keys[3] = -distance
    keys[4] = distance
    keys[5] = -job[:, core.PRIZE]
    keys[6] = [-one.visits for one in served]
    return keys
