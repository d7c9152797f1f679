"""Ruin and recreate over a week of shifts, compiled by numba, in whole numbers only.

After Christiaens and Vanden Berghe, "Slack Induction by String Removals" (Transportation Science 54, 2020): take out
strings of neighbouring stops, put them back greedily with a few positions overlooked, accept by simulated annealing.
Added here: a job carries sets of days (patterns) that are priced as a whole when it is put back, several windows a
day, jobs left out at a price, work spread over shifts, and caps per group of shifts.

Everything is an integer (64 bit), the random numbers are our own and the logarithm is a table, so that the same seed
and number of steps give the same plan on every machine. Arrays must be C-contiguous with the dtypes that `tables`
makes: another layout would be compiled again. All compiled functions stay in this one file: numba's cache does not
notice a change in another. The two innermost take plain arrays, because taking them out of a tuple costs more there
than the work itself.

Columns: see the constants. `stops[r, k]` holds job, leave time and latest arrival of the k-th stop of route r; the
entry after the last stop holds the latest arrival at the end point.
"""

# ruff: noqa: PLR0917

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]
Seeds = npt.NDArray[np.uint64]

# job[j, .]
POINT: Final = 0
DWELL: Final = 1
PRIZE: Final = 2
UNITS: Final = 3
PATTERN_FROM: Final = 4
PATTERN_TO: Final = 5
JOB_FIELDS: Final = 6
# shift[r, .]
DAY: Final = 0
START: Final = 1
END: Final = 2
FROM: Final = 3
TO: Final = 4
GROUP: Final = 5
LONGEST: Final = 6
SHIFT_FIELDS: Final = 7
# stops[r, k, .]
JOB: Final = 0
LEAVE: Final = 1
LATEST: Final = 2
SPOT: Final = 3
GAP: Final = 4
STOP_FIELDS: Final = 5
# route[r, .]
LENGTH: Final = 0
LOAD: Final = 1
COST: Final = 2
# span[r, k, .]: the way up to stop k, then the way from stop k on
LASTS: Final = 0
OPENS: Final = 1
CLOSES: Final = 2
ONWARD: Final = 3
SPAN_FIELDS: Final = 6
# leg[a, b, .]
TIME: Final = 0
PRICE: Final = 1
# tally[.]
TOTAL: Final = 0
BEST: Final = 1
STEPS: Final = 2
EXCESS: Final = 3
WITHIN: Final = 4
OVERTIME: Final = 5
IN_HOURS: Final = 6
TALLY_FIELDS: Final = 7
# setting[.]
BALANCE: Final = 0
MEAN_REMOVED: Final = 1
LONGEST_STRING: Final = 2
BLINK_PER_1024: Final = 3
PATTERN_BLINK_PER_1024: Final = 4
EXCESS_PRICE: Final = 5
OVERTIME_PRICE: Final = 6

NEVER: Final = 1 << 60
BALANCE_SHIFT: Final = 24
LOG_BITS: Final = 16
LOG_SIZE: Final = 1024
ABSENT_TRIED: Final = 12


class Week(NamedTuple):
    """What does not change during a search. Jobs j, shifts r, days d, points p; -1 in `assign`: not possible.

    `day_route[day_at[d]:day_at[d + 1]]` are the shifts of day d, `window[window_at[j, d]:window_at[j, d + 1]]` first
    and last start of job j on day d, `near[j]` the other jobs by distance, `key[k]` an order of the jobs, `cap[g]`
    units a group of shifts takes. `shift[r, LONGEST]`: how long the way of route r may last from a departure that is
    free; 0 for no limit.
    """

    job: Ints
    shift: Ints
    day_at: Ints
    day_route: Ints
    window_at: Ints
    window: Ints
    pattern: Ints
    assign: Ints
    leg: Legs
    back: Legs
    near: Ints
    key: Ints
    cap: Ints
    setting: Ints
    log_table: Ints


class State(NamedTuple):
    """The plan at hand and the best one seen. `where[j, d]`: route or -1; `mask[j]`: days served as bits; `used[g]`:
    units taken; `over[r]`: time that route r lasts too long; `span`: what its ways last, see `measure`.
    """

    stops: Ints
    route: Ints
    where: Ints
    mask: Ints
    used: Ints
    over: Ints
    span: Ints
    tally: Ints
    best_stops: Ints
    best_length: Ints
    rng: npt.NDArray[np.uint64]


class Step(NamedTuple):
    """What one step took apart, to be able to go back, and room to work in. `out[0]` counts the jobs that follow it."""

    touched: Ints
    kept_stops: Ints
    kept_route: Ints
    kept_where: Ints
    kept_mask: Ints
    kept_used: Ints
    kept_over: Ints
    kept_span: Ints
    out: Ints
    original: Ints
    order: Ints
    string: Ints
    struck: Ints
    found: Ints
    day_best: Ints


def compiled(function: Function) -> Function:
    """Compiled on the first call, kept on disk for the next process.

    `_nrt=False`: nothing here allocates, and counting references to the arrays of a tuple costs as much as the search.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "boundscheck": False, "_nrt": False}
    return cast(Function, njit(**options)(function))


@compiled
def draw(rng: Any, below: int) -> int:
    """Random whole number from 0 to below - 1 (xorshift64*)."""
    x = rng[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    rng[0] = x
    # The cast keeps numba in whole numbers: a signed and an unsigned one together would become a float.
    return np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(below))  # type: ignore[return-value]


@compiled
def earliest_start(window: Any, first: int, last: int, arrive: int) -> int:
    """First moment from `arrive` on that lies in one of the windows first..last-1; NEVER after the last one."""
    for w in range(first, last):
        if arrive <= window[w, 1]:
            return int(max(arrive, window[w, 0]))
    return NEVER


@compiled
def latest_start(window: Any, first: int, last: int, limit: int) -> int:
    """Last moment up to `limit` that lies in one of the windows; -1 before the first one."""
    for w in range(last - 1, first - 1, -1):
        if window[w, 0] <= limit:
            return int(min(limit, window[w, 1]))
    return -1


@compiled
def spread(load: int, balance: int) -> int:
    """Price of a shift's work: grows with its square."""
    return (balance * load * load) >> BALANCE_SHIFT


@compiled
def refresh(
    r: int,
    job: Ints,
    shift: Ints,
    window_at: Ints,
    window: Ints,
    leg: Legs,
    setting: Ints,
    stops: Ints,
    route: Ints,
) -> bool:
    """Times, load and cost of route r after a change. False: its stops no longer fit their windows or the shift."""
    day, here, clock = shift[r, DAY], shift[r, FROM], shift[r, START]
    count = route[r, LENGTH]
    load, cost = 0, 0
    fits = True
    for k in range(count):
        j = stops[r, k, JOB]
        there = job[j, POINT]
        clock += leg[here, there, TIME]
        load += leg[here, there, TIME] + job[j, DWELL]
        cost += leg[here, there, PRICE]
        start = earliest_start(window, window_at[j, day], window_at[j, day + 1], clock)
        if start == NEVER:
            fits = False
            start = clock
        clock = start + job[j, DWELL]
        stops[r, k, LEAVE] = clock
        stops[r, k, SPOT] = there
        stops[r, k, GAP] = leg[here, there, PRICE]
        here = there
    stops[r, count, SPOT] = shift[r, TO]
    stops[r, count, GAP] = 0
    if count > 0:
        clock += leg[here, shift[r, TO], TIME]
        load += leg[here, shift[r, TO], TIME]
        cost += leg[here, shift[r, TO], PRICE]
        stops[r, count, GAP] = leg[here, shift[r, TO], PRICE]
    route[r, LOAD] = load
    route[r, COST] = cost + spread(load, setting[BALANCE])
    limit, after = shift[r, END], shift[r, TO]
    stops[r, count, LATEST] = limit
    for k in range(count - 1, -1, -1):
        j = stops[r, k, JOB]
        there = job[j, POINT]
        limit -= leg[there, after, TIME] + job[j, DWELL]
        limit = latest_start(window, window_at[j, day], window_at[j, day + 1], limit)
        stops[r, k, LATEST] = limit
        after = there
    return fits and clock <= shift[r, END]


@compiled
def keep(r: int, state: State, step: Step) -> None:
    """Remember route r as it was at the start of this step."""
    if step.touched[r] == 0:
        step.touched[r] = 1
        for field in range(3):
            step.kept_route[r, field] = state.route[r, field]
        for k in range(state.route[r, LENGTH] + 1):
            for field in range(STOP_FIELDS):
                step.kept_stops[r, k, field] = state.stops[r, k, field]
        if state.span.shape[0] > r:
            step.kept_over[r] = state.over[r]
            for k in range(state.route[r, LENGTH] + 1):
                for field in range(SPAN_FIELDS):
                    step.kept_span[r, k, field] = state.span[r, k, field]


@compiled
def measure(r: int, week: Week, state: State) -> None:
    """How long the ways of a route with a longest duration last when the departure is free; what is too much is priced.

    A way has the duration LASTS if it is left between OPENS and CLOSES. Two of them are joined as in Vidal et al., "A
    unified solution framework for multi-attribute vehicle routing problems" (EJOR 234, 2014), sec. 4.2; exact for jobs
    with one window a day. `span[r, k]` has the way from the start through stop k and the one from stop k to the end.
    """
    shift, job, leg, stops, span = week.shift, week.job, week.leg, state.stops, state.span
    day, count, here = shift[r, DAY], state.route[r, LENGTH], shift[r, FROM]
    lasts, opens, closes = np.int64(0), shift[r, START], shift[r, END]
    for k in range(count):
        j, there = stops[r, k, JOB], stops[r, k, SPOT]
        first, last = week.window_at[j, day], week.window_at[j, day + 1]
        ahead = lasts + leg[here, there, TIME]
        wait = max(np.int64(0), week.window[first, 0] - ahead - closes)
        opens = max(week.window[first, 0] - ahead, opens) - wait
        closes = min(week.window[last - 1, 1] - ahead, closes)
        lasts = ahead + wait + job[j, DWELL]
        span[r, k, LASTS], span[r, k, OPENS], span[r, k, CLOSES] = lasts, opens, closes
        here = there
    lasts, opens, closes = np.int64(0), shift[r, START], shift[r, END]
    span[r, count, ONWARD + LASTS], span[r, count, ONWARD + OPENS] = lasts, opens
    span[r, count, ONWARD + CLOSES] = closes
    after = shift[r, TO]
    for k in range(count - 1, -1, -1):
        j, there = stops[r, k, JOB], stops[r, k, SPOT]
        first, last = week.window_at[j, day], week.window_at[j, day + 1]
        ahead = job[j, DWELL] + leg[there, after, TIME]
        wait = max(np.int64(0), opens - ahead - week.window[last - 1, 1])
        lasts += ahead + wait
        opens = max(opens - ahead, week.window[first, 0]) - wait
        closes = min(closes - ahead, week.window[last - 1, 1])
        span[r, k, ONWARD + LASTS], span[r, k, ONWARD + OPENS] = lasts, opens
        span[r, k, ONWARD + CLOSES] = closes
        after = there
    whole = np.int64(0)
    if count > 0:
        ahead = np.int64(leg[shift[r, FROM], stops[r, 0, SPOT], TIME])
        whole = ahead + lasts + max(np.int64(0), opens - ahead - shift[r, END])
    more = max(np.int64(0), whole - shift[r, LONGEST]) - state.over[r]
    state.over[r] += more
    state.tally[OVERTIME] += more
    state.tally[TOTAL] += more * week.setting[OVERTIME_PRICE]


@compiled
def lasts_with(j: int, r: int, k: int, shift: Ints, job: Ints, window_at: Ints, window: Ints, leg: Legs, stops: Ints,
               span: Ints) -> int:  # fmt: skip
    """How long route r lasts with job j before its k-th stop."""
    day, point = shift[r, DAY], job[j, POINT]
    first, last = window_at[j, day], window_at[j, day + 1]
    here = shift[r, FROM]
    lasts, opens, closes = np.int64(0), shift[r, START], shift[r, END]
    if k > 0:
        here = stops[r, k - 1, SPOT]
        lasts, opens, closes = span[r, k - 1, LASTS], span[r, k - 1, OPENS], span[r, k - 1, CLOSES]
    ahead = lasts + leg[here, point, TIME]
    wait = max(np.int64(0), window[first, 0] - ahead - closes)
    opens = max(window[first, 0] - ahead, opens) - wait
    closes = min(window[last - 1, 1] - ahead, closes)
    ahead += wait + job[j, DWELL] + leg[point, stops[r, k, SPOT], TIME]
    wait = max(np.int64(0), span[r, k, ONWARD + OPENS] - ahead - closes)
    return int(ahead + wait + span[r, k, ONWARD + LASTS])


@compiled
def price_in_route(
    j: int,
    r: int,
    bound: int,
    blink: int,
    job: Ints,
    shift: Ints,
    window_at: Ints,
    window: Ints,
    assign: Ints,
    leg: Legs,
    back: Legs,
    setting: Ints,
    cap: Ints,
    stops: Ints,
    route: Ints,
    used: Ints,
    overtime: Ints,
    span: Ints,
    rng: Seeds,
    found: Ints,
) -> None:
    """Cheapest place of job j in route r below `bound`: found[0] cost (NEVER: none), found[1] position.

    The price of a position is two look-ups and comes first; whether the stop fits is asked only where that is an
    improvement.
    """
    found[0] = NEVER
    group = shift[r, GROUP]
    if assign[j, r] < 0:
        return
    fixed = assign[j, r]
    over = used[group] + job[j, UNITS] - cap[group]
    if over > 0 and job[j, UNITS] > 0:
        if setting[EXCESS_PRICE] == 0:
            return
        fixed += setting[EXCESS_PRICE] * min(over, job[j, UNITS])
    day, point, dwell, count = shift[r, DAY], job[j, POINT], job[j, DWELL], route[r, LENGTH]
    first, last = window_at[j, day], window_at[j, day + 1]
    here, longest = shift[r, FROM], shift[r, LONGEST]
    best, best_time, position = bound - fixed, np.int64(0), -1
    for k in range(count + 1):
        there = stops[r, k, SPOT]
        more = np.int64(back[point, here, PRICE]) + leg[point, there, PRICE] - stops[r, k, GAP]
        if more < best:
            leave = stops[r, k - 1, LEAVE] if k > 0 else shift[r, START]
            start = earliest_start(window, first, last, leave + back[point, here, TIME])
            if start == NEVER:
                break
            if start + dwell + leg[point, there, TIME] <= stops[r, k, LATEST] and (
                blink == 0 or draw(rng, 1024) >= blink
            ):
                if longest > 0:
                    lasts = lasts_with(j, r, k, shift, job, window_at, window, leg, stops, span)
                    late = max(np.int64(0), lasts - longest) - overtime[r]
                    more += late * setting[OVERTIME_PRICE]
                    if more >= best or (late > 0 and setting[OVERTIME_PRICE] == 0):
                        here = there
                        continue
                time = np.int64(back[point, here, TIME]) + leg[point, there, TIME]
                best_time = time - leg[here, there, TIME] if count > 0 else time
                best, position = more, k
        here = there
    if position >= 0:
        load = route[r, LOAD]
        more = spread(load + best_time + dwell, setting[BALANCE]) - spread(load, setting[BALANCE])
        found[0] = best + fixed + more
        found[1] = position


@compiled
def price_days(j: int, blink: int, week: Week, state: State, step: Step) -> None:
    """Cheapest place of job j on every day that one of its patterns holds: day_best[d] = cost, route, position."""
    job, shift, window_at, window = week.job, week.shift, week.window_at, week.window
    assign, leg, back = week.assign, week.leg, week.back
    setting, cap, day_at, day_route = week.setting, week.cap, week.day_at, week.day_route
    stops, route, used, over, span, rng = state.stops, state.route, state.used, state.over, state.span, state.rng
    found, day_best = step.found, step.day_best
    wanted = np.int64(0)
    for p in range(week.job[j, PATTERN_FROM], week.job[j, PATTERN_TO]):
        wanted |= week.pattern[p]
    for day in range(state.where.shape[1]):
        day_best[day, 0] = NEVER
        if (wanted >> day) & 1:
            for at in range(day_at[day], day_at[day + 1]):
                r = day_route[at]
                price_in_route(
                    j,
                    r,
                    day_best[day, 0],
                    blink,
                    job,
                    shift,
                    window_at,
                    window,
                    assign,
                    leg,
                    back,
                    setting,
                    cap,
                    stops,
                    route,
                    used,
                    over,
                    span,
                    rng,
                    found,
                )
                if found[0] < day_best[day, 0]:
                    day_best[day, 0] = found[0]
                    day_best[day, 1] = r
                    day_best[day, 2] = found[1]


@compiled
def squeeze_in(
    j: int,
    r: int,
    k: int,
    job: Ints,
    shift: Ints,
    window_at: Ints,
    window: Ints,
    leg: Legs,
    setting: Ints,
    stops: Ints,
    route: Ints,
) -> None:
    """Put job j before the k-th stop of route r, where it fits. Times change only until they are as before."""
    day, point, dwell, count = shift[r, DAY], job[j, POINT], job[j, DWELL], route[r, LENGTH]
    for at in range(count, k - 1, -1):
        for field in range(STOP_FIELDS):
            stops[r, at + 1, field] = stops[r, at, field]
    here, leave = shift[r, FROM], shift[r, START]
    if k > 0:
        here, leave = stops[r, k - 1, SPOT], stops[r, k - 1, LEAVE]
    there = stops[r, k + 1, SPOT]
    time = np.int64(leg[here, point, TIME]) + leg[point, there, TIME]
    cost = np.int64(leg[here, point, PRICE]) + leg[point, there, PRICE] - stops[r, k + 1, GAP]
    if count > 0:
        time -= leg[here, there, TIME]
    load = route[r, LOAD]
    route[r, COST] += cost + spread(load + time + dwell, setting[BALANCE]) - spread(load, setting[BALANCE])
    route[r, LOAD] = load + time + dwell
    route[r, LENGTH] = count + 1
    stops[r, k, JOB], stops[r, k, SPOT] = j, point
    stops[r, k, GAP], stops[r, k + 1, GAP] = leg[here, point, PRICE], leg[point, there, PRICE]
    clock = leave + leg[here, point, TIME]
    clock = dwell + earliest_start(window, window_at[j, day], window_at[j, day + 1], clock)
    stops[r, k, LEAVE] = clock
    here = point
    for at in range(k + 1, count + 1):
        other, there = stops[r, at, JOB], stops[r, at, SPOT]
        clock += leg[here, there, TIME]
        clock = job[other, DWELL] + earliest_start(window, window_at[other, day], window_at[other, day + 1], clock)
        if clock == stops[r, at, LEAVE]:
            break
        stops[r, at, LEAVE] = clock
        here = there
    after, limit = stops[r, k + 1, SPOT], stops[r, k + 1, LATEST]
    for at in range(k, -1, -1):
        other, there = stops[r, at, JOB], stops[r, at, SPOT]
        limit -= leg[there, after, TIME] + job[other, DWELL]
        limit = latest_start(window, window_at[other, day], window_at[other, day + 1], limit)
        if at < k and limit == stops[r, at, LATEST]:
            break
        stops[r, at, LATEST] = limit
        after = there


@compiled
def take_units(group: int, units: int, cap: Ints, setting: Ints, used: Ints, tally: Ints) -> None:
    """Add `units` (or give them back) to a group; what is above its cap has a price."""
    before = max(0, used[group] - cap[group])
    used[group] += units
    more = max(0, used[group] - cap[group]) - before
    tally[EXCESS] += more
    tally[TOTAL] += more * setting[EXCESS_PRICE]


@compiled
def insert(j: int, day: int, r: int, k: int, week: Week, state: State, step: Step) -> None:
    """Put job j before the k-th stop of route r."""
    keep(r, state, step)
    state.where[j, day] = r
    take_units(week.shift[r, GROUP], week.job[j, UNITS], week.cap, week.setting, state.used, state.tally)
    before = state.route[r, COST]
    squeeze_in(
        j, r, k, week.job, week.shift, week.window_at, week.window, week.leg, week.setting, state.stops, state.route
    )
    state.tally[TOTAL] += state.route[r, COST] - before + week.assign[j, r]
    if week.shift[r, LONGEST] > 0:
        measure(r, week, state)


@compiled
def put_back(j: int, blink: int, week: Week, state: State, step: Step) -> None:
    """Serve job j on its cheapest set of days when that costs less than leaving it out."""
    days = state.where.shape[1]
    price_days(j, blink, week, state, step)
    best, chosen = week.job[j, PRIZE], np.int64(0)
    skipped = week.setting[PATTERN_BLINK_PER_1024] if blink > 0 else 0
    if week.job[j, PATTERN_TO] - week.job[j, PATTERN_FROM] == 1:
        skipped = 0
    for p in range(week.job[j, PATTERN_FROM], week.job[j, PATTERN_TO]):
        if skipped > 0 and draw(state.rng, 1024) < skipped:
            continue
        cost = np.int64(0)
        for day in range(days):
            if (week.pattern[p] >> day) & 1:
                cost += step.day_best[day, 0]
                if cost >= best:
                    break
        if cost < best:
            best, chosen = cost, week.pattern[p]
    if chosen == 0:
        return
    state.mask[j] = chosen
    state.tally[TOTAL] -= week.job[j, PRIZE]
    for day in range(days):
        if (chosen >> day) & 1:
            insert(j, day, step.day_best[day, 1], step.day_best[day, 2], week, state, step)


@compiled
def take_out(j: int, week: Week, state: State, step: Step) -> None:
    """Remove all visits of job j; out[0] counts what is out, the jobs follow. Routes are refreshed by the caller."""
    count = step.out[0]
    step.kept_mask[count] = state.mask[j]
    for day in range(state.where.shape[1]):
        r = state.where[j, day]
        step.kept_where[count, day] = r
        if r < 0:
            continue
        keep(r, state, step)
        length = state.route[r, LENGTH]
        k = 0
        while state.stops[r, k, JOB] != j:
            k += 1
        for at in range(k, length - 1):
            state.stops[r, at, JOB] = state.stops[r, at + 1, JOB]
        state.route[r, LENGTH] = length - 1
        take_units(week.shift[r, GROUP], -week.job[j, UNITS], week.cap, week.setting, state.used, state.tally)
        state.tally[TOTAL] -= week.assign[j, r]
        state.where[j, day] = -1
    if state.mask[j] != 0:
        state.tally[TOTAL] += week.job[j, PRIZE]
        state.mask[j] = 0
    step.out[count + 1] = j
    step.out[0] = count + 1


@compiled
def choose_string(r: int, j: int, week: Week, state: State, step: Step) -> int:
    """Jobs of a string of route r that holds j, in `string`; every second time with a gap left standing inside it."""
    length = state.route[r, LENGTH]
    k = 0
    while state.stops[r, k, JOB] != j:
        k += 1
    size = 1 + draw(state.rng, min(length, week.setting[LONGEST_STRING]))
    gap = 0
    if draw(state.rng, 2) == 0:
        while size + gap < length and draw(state.rng, 2) == 0:
            gap += 1
    span = size + gap
    start = max(0, min(k - draw(state.rng, span), length - span))
    skip = start + draw(state.rng, size) if gap > 0 else start + span
    count = 0
    for at in range(start, start + span):
        if at < skip or at >= skip + gap:
            step.string[count] = state.stops[r, at, JOB]
            count += 1
    return count


@compiled
def strike(week: Week, state: State, step: Step) -> None:
    """Take a string of stops out of some routes around a random job."""
    jobs, days = week.job.shape[0], state.where.shape[1]
    seed = draw(state.rng, jobs)
    step.struck[:] = 0
    strings = 1 + draw(state.rng, max(1, 4 * week.setting[MEAN_REMOVED] // (1 + week.setting[LONGEST_STRING])))
    for at in range(week.near.shape[1]):
        if strings == 0:
            break
        j = week.near[seed, at]
        if state.mask[j] == 0:
            continue
        day = draw(state.rng, days)
        while state.where[j, day] < 0:
            day = day + 1 if day + 1 < days else 0
        r = state.where[j, day]
        if step.struck[r] != 0:
            continue
        step.struck[r] = 1
        strings -= 1
        count = choose_string(r, j, week, state, step)
        for s in range(count):
            take_out(step.string[s], week, state, step)


@compiled
def ruin(week: Week, state: State, step: Step) -> None:
    """Take out strings around a random job; one time in 16 everything of one route, one time in 16 scattered jobs."""
    kind = draw(state.rng, 16)
    if kind == 0:
        r = draw(state.rng, week.shift.shape[0])
        while state.route[r, LENGTH] > 0 and step.out[0] < 4 * week.setting[MEAN_REMOVED]:
            take_out(state.stops[r, 0, JOB], week, state, step)
    elif kind == 1:
        for _ in range(1 + draw(state.rng, week.setting[MEAN_REMOVED])):
            j = draw(state.rng, week.job.shape[0])
            if state.mask[j] != 0:
                take_out(j, week, state, step)
    else:
        strike(week, state, step)


@compiled
def mend(week: Week, state: State, step: Step) -> None:
    """Refresh what was touched. A route can fail where the way past a removed stop is longer than through it: it comes
    out.
    """
    again = True
    while again:
        again = False
        for r in range(week.shift.shape[0]):
            if step.touched[r] == 1:
                step.touched[r] = 2
                before = state.route[r, COST]
                fits = refresh(
                    r,
                    week.job,
                    week.shift,
                    week.window_at,
                    week.window,
                    week.leg,
                    week.setting,
                    state.stops,
                    state.route,
                )
                state.tally[TOTAL] += state.route[r, COST] - before
                if week.shift[r, LONGEST] > 0:
                    measure(r, week, state)
                if not fits:
                    while state.route[r, LENGTH] > 0:
                        take_out(state.stops[r, 0, JOB], week, state, step)
                    for other in range(week.shift.shape[0]):
                        if step.touched[other] != 0:
                            step.touched[other] = 1
                    again = True


@compiled
def add_absent(absent_from: int, most: int, state: State, step: Step) -> None:
    """Some of the jobs that are left out get another try; the search for them starts at a random job."""
    jobs = state.mask.shape[0]
    tried, already = 0, step.out[0]
    for ahead in range(jobs):
        j = (absent_from + ahead) % jobs
        if state.mask[j] != 0:
            continue
        is_out = False
        for at in range(already):
            if step.out[at + 1] == j:
                is_out = True
                break
        if is_out:
            continue
        count = step.out[0]
        step.kept_mask[count] = 0
        step.kept_where[count, :] = -1
        step.out[count + 1] = j
        step.out[0] = count + 1
        tried += 1
        if tried == most:
            break


@compiled
def arrange(week: Week, state: State, step: Step) -> None:
    """Put the jobs that are out into the order in which they go back: by a random key or by one of `key`."""
    count = step.out[0]
    which = draw(state.rng, 2 * week.key.shape[0])
    for at in range(count):
        step.order[at] = draw(state.rng, 1 << 30) if which >= week.key.shape[0] else week.key[which, step.out[at + 1]]
    for at in range(1, count):
        j, value, k = step.out[at + 1], step.order[at], at
        while k > 0 and step.order[k - 1] > value:
            step.order[k], step.out[k + 1] = step.order[k - 1], step.out[k]
            k -= 1
        step.order[k], step.out[k + 1] = value, j


@compiled
def undo(state: State, step: Step) -> None:
    """Everything as before this step. `original` has the jobs in the order in which they were taken out."""
    for r in range(state.route.shape[0]):
        if step.touched[r] != 0:
            for field in range(3):
                state.route[r, field] = step.kept_route[r, field]
            for k in range(step.kept_route[r, LENGTH] + 1):
                for field in range(STOP_FIELDS):
                    state.stops[r, k, field] = step.kept_stops[r, k, field]
            if state.span.shape[0] > r:
                state.over[r] = step.kept_over[r]
                for k in range(step.kept_route[r, LENGTH] + 1):
                    for field in range(SPAN_FIELDS):
                        state.span[r, k, field] = step.kept_span[r, k, field]
    for at in range(step.out[0]):
        j = step.original[at]
        state.mask[j] = step.kept_mask[at]
        for day in range(state.where.shape[1]):
            state.where[j, day] = step.kept_where[at, day]
    for group in range(state.used.shape[0]):
        state.used[group] = step.kept_used[group]


@compiled
def save_best(state: State) -> None:
    for r in range(state.route.shape[0]):
        state.best_length[r] = state.route[r, LENGTH]
        for k in range(state.route[r, LENGTH]):
            state.best_stops[r, k] = state.stops[r, k, JOB]


def room(week: Week, state: State) -> Step:
    """Room for the steps of one call."""
    jobs, routes, days = week.job.shape[0], week.shift.shape[0], state.where.shape[1]
    return Step(
        np.zeros(routes, np.int64),
        state.stops.copy(),
        state.route.copy(),
        np.zeros((jobs, days), np.int64),
        np.zeros(jobs, np.int64),
        state.used.copy(),
        state.over.copy(),
        state.span.copy(),
        np.zeros(jobs + 1, np.int64),
        np.zeros(jobs, np.int64),
        np.zeros(jobs, np.int64),
        np.zeros(jobs, np.int64),
        np.zeros(routes, np.int64),
        np.zeros(2, np.int64),
        np.zeros((days, 3), np.int64),
    )


@compiled
def search(steps: int, temperature: int, week: Week, state: State, step: Step) -> None:
    """`steps` rounds of ruin and recreate at one temperature (cost units), in place. The very first builds the plan."""
    for _ in range(steps):
        before, excess, overtime = state.tally[TOTAL], state.tally[EXCESS], state.tally[OVERTIME]
        is_first = state.tally[STEPS] == 0
        step.touched[:] = 0
        step.out[0] = 0
        for group in range(state.used.shape[0]):
            step.kept_used[group] = state.used[group]
        if not is_first:
            ruin(week, state, step)
            mend(week, state, step)
        add_absent(draw(state.rng, week.job.shape[0]), week.job.shape[0] if is_first else ABSENT_TRIED, state, step)
        for at in range(step.out[0]):
            step.original[at] = step.out[at + 1]
        arrange(week, state, step)
        blink = 0 if is_first else week.setting[BLINK_PER_1024]
        for at in range(step.out[0]):
            put_back(step.out[at + 1], blink, week, state, step)
        state.tally[STEPS] += 1
        worse_by = state.tally[TOTAL] - before
        heat = (temperature * week.log_table[draw(state.rng, LOG_SIZE)]) >> LOG_BITS
        if not is_first and worse_by > 0 and worse_by >= heat:
            undo(state, step)
            state.tally[TOTAL], state.tally[EXCESS], state.tally[OVERTIME] = before, excess, overtime
        elif state.tally[TOTAL] < state.tally[BEST] and state.tally[EXCESS] == 0 and state.tally[OVERTIME] == 0:
            state.tally[BEST] = state.tally[TOTAL]
            save_best(state)
        if state.tally[EXCESS] == 0:
            state.tally[WITHIN] += 1
        if state.tally[OVERTIME] == 0:
            state.tally[IN_HOURS] += 1
