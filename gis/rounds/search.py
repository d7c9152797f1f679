"""One search over the arrays of a problem: how hot, how long, how dear an overfull group is."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from gis.rounds import core, tables
from gis.rounds.tables import UNITS_A_SECOND, Ground

# Steps at one temperature, and between two looks at the clock.
ROUND_STEPS: Final = 250
MEAN_REMOVED: Final = 10
LONGEST_STRING: Final = 10
BLINK_PER_1024: Final = 10
PATTERN_BLINK_PER_1024: Final = 30
# First and last temperature as shares of the mean way between neighbouring jobs, in 1/1000.
HOT: Final = 3_000
COLD: Final = 20
# Plans with an overfull group are walked through, not around: the price of a unit too much rises while fewer than the
# first share of the plans (per mille) keep to the caps, and falls while more than the second do. It never falls below
# an eighth of the first price, which is this many mean ways for a mean load.
WITHIN_LOW: Final = 200
WITHIN_HIGH: Final = 400
FIRST_EXCESS_WAYS: Final = 4
# Ways that a unit of time too much is worth at first.
FIRST_OVERTIME_PRICE: Final = 4


class Search:
    """State of one search; more steps may follow. Same ground, seed and steps: same plan on every machine.

    `balance_s` as in `Weights`. `soft_caps`: caps of groups and longest durations may be broken on the way, never by
    the best plan.
    """

    def __init__(self, ground: Ground, *, seed: int, balance_s: float = 0.0, soft_caps: bool = False) -> None:
        jobs, shifts = len(ground.job), len(ground.shift)
        days = len(ground.day_at) - 1
        is_limited = bool(ground.shift[:, core.LONGEST].any())
        left_out = int(ground.job[:, core.PRIZE].sum())
        stops = np.zeros((shifts, jobs + 2, core.STOP_FIELDS), np.int64)
        stops[:, 0, core.LATEST] = ground.shift[:, core.END]
        stops[:, 0, core.SPOT] = ground.shift[:, core.TO]
        tally = np.zeros(core.TALLY_FIELDS, np.int64)
        tally[core.TOTAL], tally[core.BEST] = left_out, left_out + 1
        self._state = core.State(
            stops=stops,
            route=np.zeros((shifts, 3), np.int64),
            where=np.full((jobs, days), -1, np.int64),
            mask=np.zeros(jobs, np.int64),
            used=np.zeros(len(ground.cap), np.int64),
            over=np.zeros(shifts, np.int64),
            span=np.zeros((shifts, jobs + 2, core.SPAN_FIELDS) if is_limited else (0, 0, core.SPAN_FIELDS), np.int64),
            tally=tally,
            best_stops=np.zeros((shifts, jobs + 1), np.int64),
            best_length=np.zeros(shifts, np.int64),
            rng=np.array([_scrambled(seed)], np.uint64),
        )
        balance = round(balance_s * UNITS_A_SECOND * (1 << core.BALANCE_SHIFT) / 3600**2)
        removed = max(2, min(MEAN_REMOVED, jobs // 4))
        setting = (balance, removed, LONGEST_STRING, BLINK_PER_1024, PATTERN_BLINK_PER_1024, 0, 0)
        self._week = core.Week(
            ground.job,
            ground.shift,
            ground.day_at,
            ground.day_route,
            ground.window_at,
            ground.window,
            ground.pattern,
            ground.assign,
            ground.leg,
            np.ascontiguousarray(ground.leg.transpose(1, 0, 2)),
            ground.near,
            ground.key,
            ground.cap,
            np.array(setting, np.int64),
            tables.log_table(),
        )
        self._step = core.room(self._week, self._state)
        points = ground.job[:, core.POINT]
        ways = ground.leg[points[ground.near[:, :6]], points[:, None], core.PRICE]
        self._scale = max(1, int(np.minimum(ways, 10**7).mean()))
        mean_units = max(1, int(ground.job[:, core.UNITS].sum()) // max(1, jobs))
        self._excess_price = max(1, FIRST_EXCESS_WAYS * self._scale // mean_units) if soft_caps else 0
        self._overtime_price = FIRST_OVERTIME_PRICE if soft_caps and is_limited else 0

    @property
    def steps(self) -> int:
        """Steps made so far."""
        return int(self._state.tally[core.STEPS])

    def begin_with(self, orders: Sequence[Sequence[int]]) -> None:
        """Starts from a plan at hand instead of from nothing: jobs (rows of `ground.job`) per shift, in order.

        Every order must fit its shift, every job must be there on all days of one of its sets, or on none; the caps
        must hold. Jobs that are left out are tried by the steps that follow.
        """
        week, state, step = self._week, self._state, self._step
        step.touched[:] = 0
        for r, rows in enumerate(orders):
            day = int(week.shift[r, core.DAY])
            for k, j in enumerate(rows):
                core.insert(j, day, r, k, week, state, step)
                if state.mask[j] == 0:
                    state.tally[core.TOTAL] -= week.job[j, core.PRIZE]
                state.mask[j] |= 1 << day
        state.tally[core.STEPS] = 1
        state.tally[core.BEST] = state.tally[core.TOTAL]
        core.save_best(state)

    def run_steps(self, steps: int, *, begin: Decimal = Decimal(0)) -> None:
        """This many steps, from hot to cold; `begin` (0 to 1): how far on the way to cold the first one is."""
        done = 0
        while done < steps:
            count = min(ROUND_STEPS, steps - done) if done else 1
            self._run(count, begin + (1 - begin) * Decimal(done) / steps)
            done += count

    def run_cpu(self, budget_s: float, *, begin: Decimal = Decimal(0)) -> None:
        """Steps from hot to cold for this many CPU seconds of the thread; `begin` as in `run_steps`."""
        start_s = time.thread_time()
        spent_s = 0.0
        while spent_s < budget_s:
            self._run(ROUND_STEPS if self.steps else 1, begin + (1 - begin) * Decimal(spent_s / budget_s))
            spent_s = time.thread_time() - start_s

    def best(self) -> list[list[int]]:
        """Jobs per shift, in order, of the best plan seen, as rows of `ground.job`."""
        state = self._state
        return [row[:length].tolist() for row, length in zip(state.best_stops, state.best_length, strict=True)]

    def _run(self, count: int, share: Decimal) -> None:
        # Decimal powers are the same everywhere, float powers are not.
        temperature = int(self._scale * Decimal(HOT) / 1000 * (Decimal(COLD) / HOT) ** share)
        setting, tally = self._week.setting, self._state.tally
        if self.steps == 1:
            # The first plan keeps to the caps and to the hours.
            setting[core.EXCESS_PRICE], setting[core.OVERTIME_PRICE] = self._excess_price, self._overtime_price
        within, in_hours = int(tally[core.WITHIN]), int(tally[core.IN_HOURS])
        core.search(count, temperature, self._week, self._state, self._step)
        kept = (
            (int(tally[core.WITHIN]) - within) * 1000 // count,
            (int(tally[core.IN_HOURS]) - in_hours) * 1000 // count,
        )
        if setting[core.EXCESS_PRICE]:
            self._price_again(core.EXCESS_PRICE, core.EXCESS, kept[0], lowest=self._excess_price // 8)
        if setting[core.OVERTIME_PRICE]:
            self._price_again(core.OVERTIME_PRICE, core.OVERTIME, kept[1], lowest=1)

    def _price_again(self, price: int, count: int, within: int, *, lowest: int) -> None:
        """Set the price of what is too much by the share (per mille) of plans that had nothing of it."""
        setting, tally = self._week.setting, self._state.tally
        before = after = int(setting[price])
        if within < WITHIN_LOW:
            after = before * 21 // 20 + 1
        elif within > WITHIN_HIGH:
            after = max(1, lowest, before * 20 // 21)
        setting[price] = after
        tally[core.TOTAL] += (after - before) * int(tally[count])


def _scrambled(seed: int) -> int:
    """Start value of the random numbers, never 0 (splitmix64)."""
    z = (seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & (2**64 - 1)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (z ^ (z >> 31)) or 1
