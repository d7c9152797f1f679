"""Ruin and recreate over a week of shifts, compiled by numba, in whole numbers only.

After Christiaens and Vanden Berghe, "Slack Induction by String Removals" (Transportation Science 54, 2020): take out strings of
neighbouring stops, put them back greedily with a few positions overlooked, accept by simulated annealing. Added here: a job
carries sets of days (patterns) that are priced as a whole when it is put back, several windows a day, jobs left out at a
price, work spread over shifts, and caps per group of shifts.

Everything is an integer (64 bit), the random numbers are our own and the logarithm is a table, so that the same seed and number of
steps give the same plan on every machine. Arrays must be C-contiguous with the dtypes that `tables` makes: another layout
would be compiled again.

Columns: see the constants. `stops[r, k]` holds job, leave time and latest arrival of the k-th stop of route r; the entry after
the last stop holds the latest arrival at the end point.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

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
SHIFT_FIELDS: Final = 6
# stops[r, k, .]
JOB: Final = 0
LEAVE: Final = 1
LATEST: Final = 2
# route[r, .]
LENGTH: Final = 0
LOAD: Final = 1
COST: Final = 2
# leg[a, b, .]
TIME: Final = 0
PRICE: Final = 1
# tally[.]
TOTAL: Final = 0
BEST: Final = 1
STEPS: Final = 2
# setting[.]
BALANCE: Final = 0
MEAN_REMOVED: Final = 1
LONGEST_STRING: Final = 2
BLINK_PER_1024: Final = 3

NEVER: Final = 1 << 60
BALANCE_SHIFT: Final = 24
LOG_BITS: Final = 16
LOG_SIZE: Final = 1024
ABSENT_TRIED: Final = 12


def compiled(function: Function) -> Function:
    """Compiled on the first call, kept on disk for the next process."""
    return cast(Function, njit(cache=True, nogil=True, boundscheck=False)(function))


@compiled
def draw(rng: Any, below: int) -> int:
    """Random whole number from 0 to below - 1 (xorshift64*)."""
    x = rng[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    rng[0] = x
    return np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(below))


@compiled
def earliest_start(window: Any, first: int, last: int, arrive: int) -> int:
    """First moment from `arrive` on that lies in one of the windows first..last-1; NEVER after the last one."""
    for w in range(first, last):
        if arrive <= window[w, 1]:
            return max(arrive, window[w, 0])
    return NEVER


@compiled
def latest_start(window: Any, first: int, last: int, limit: int) -> int:
    """Last moment up to `limit` that lies in one of the windows; -1 before the first one."""
    for w in range(last - 1, first - 1, -1):
        if window[w, 0] <= limit:
            return min(limit, window[w, 1])
    return -1


@compiled
def spread(load: int, balance: int) -> int:
    """Price of a shift's work: grows with its square."""
    return (balance * load * load) >> BALANCE_SHIFT


@compiled
def refresh(r: int, job: Any, shift: Any, window_at: Any, window: Any, leg: Any, setting: Any, stops: Any, route: Any) -> bool:
    """Times, load and cost of route r after a change. False: the stops no longer fit into their windows or the shift."""
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
        here = there
    if count > 0:
        clock += leg[here, shift[r, TO], TIME]
        load += leg[here, shift[r, TO], TIME]
        cost += leg[here, shift[r, TO], PRICE]
    route[r, LOAD] = load
    route[r, COST] = cost + spread(load, setting[BALANCE])
    limit, after = shift[r, END], shift[r, TO]
    stops[r, count, LATEST] = limit
    for k in range(count - 1, -1, -1):
        j = stops[r, k, JOB]
        there = job[j, POINT]
        limit = latest_start(window, window_at[j, day], window_at[j, day + 1], limit - leg[there, after, TIME] - job[j, DWELL])
        stops[r, k, LATEST] = limit
        after = there
    return fits and clock <= shift[r, END]


@compiled
def price_in_route(
    j: int, r: int, job: Any, shift: Any, window_at: Any, window: Any, assign: Any, leg: Any, setting: Any, cap: Any,
    stops: Any, route: Any, used: Any, rng: Any, blink: int, found: Any,
) -> None:
    """Cheapest place of job j in route r: found[0] cost (NEVER: none), found[1] position."""
    found[0] = NEVER
    group = shift[r, GROUP]
    if assign[j, r] < 0 or used[group] + job[j, UNITS] > cap[group]:
        return
    day, here, leave = shift[r, DAY], shift[r, FROM], shift[r, START]
    first, last = window_at[j, day], window_at[j, day + 1]
    point, dwell, count = job[j, POINT], job[j, DWELL], route[r, LENGTH]
    best, best_time, position = NEVER, 0, -1
    for k in range(count + 1):
        there = job[stops[r, k, JOB], POINT] if k < count else shift[r, TO]
        start = earliest_start(window, first, last, leave + leg[here, point, TIME])
        if start + dwell + leg[point, there, TIME] <= stops[r, k, LATEST] and (blink == 0 or draw(rng, 1024) >= blink):
            more = np.int64(leg[here, point, PRICE]) + leg[point, there, PRICE]
            time = np.int64(leg[here, point, TIME]) + leg[point, there, TIME]
            if count > 0:
                more -= leg[here, there, PRICE]
                time -= leg[here, there, TIME]
            if more < best:
                best, best_time, position = more, time, k
        if k < count:
            here, leave = there, stops[r, k, LEAVE]
            if leave > window[last - 1, 1]:
                break
    if position >= 0:
        load = route[r, LOAD]
        found[0] = best + assign[j, r] + spread(load + best_time + dwell, setting[BALANCE]) - spread(load, setting[BALANCE])
        found[1] = position


@compiled
def put_back(
    j: int, job: Any, shift: Any, day_at: Any, day_route: Any, window_at: Any, window: Any, pattern: Any, assign: Any, leg: Any,
    setting: Any, cap: Any, stops: Any, route: Any, where: Any, mask: Any, used: Any, tally: Any, rng: Any, blink: int,
    touched: Any, kept_stops: Any, kept_route: Any, found: Any, day_best: Any,
) -> None:
    """Serve job j on its cheapest set of days when that costs less than leaving it out."""
    wanted = np.int64(0)
    for p in range(job[j, PATTERN_FROM], job[j, PATTERN_TO]):
        wanted |= pattern[p]
    days = day_at.shape[0] - 1
    for day in range(days):
        day_best[day, 0] = NEVER
        if (wanted >> day) & 1:
            for at in range(day_at[day], day_at[day + 1]):
                r = day_route[at]
                price_in_route(j, r, job, shift, window_at, window, assign, leg, setting, cap, stops, route, used, rng, blink, found)
                if found[0] < day_best[day, 0]:
                    day_best[day, 0], day_best[day, 1], day_best[day, 2] = found[0], r, found[1]
    best, chosen = job[j, PRIZE], np.int64(0)
    for p in range(job[j, PATTERN_FROM], job[j, PATTERN_TO]):
        cost = np.int64(0)
        for day in range(days):
            if (pattern[p] >> day) & 1:
                cost += day_best[day, 0]
                if cost >= best:
                    break
        if cost < best:
            best, chosen = cost, pattern[p]
    if chosen == 0:
        return
    mask[j] = chosen
    tally[TOTAL] -= job[j, PRIZE]
    for day in range(days):
        if (chosen >> day) & 1:
            r, k = day_best[day, 1], day_best[day, 2]
            keep(r, stops, route, touched, kept_stops, kept_route)
            for at in range(route[r, LENGTH], k, -1):
                stops[r, at, JOB] = stops[r, at - 1, JOB]
            stops[r, k, JOB] = j
            route[r, LENGTH] += 1
            where[j, day] = r
            used[shift[r, GROUP]] += job[j, UNITS]
            before = route[r, COST]
            refresh(r, job, shift, window_at, window, leg, setting, stops, route)
            tally[TOTAL] += route[r, COST] - before + assign[j, r]


@compiled
def keep(r: int, stops: Any, route: Any, touched: Any, kept_stops: Any, kept_route: Any) -> None:
    """Remember route r as it was at the start of this step."""
    if touched[r] == 0:
        touched[r] = 1
        for field in range(3):
            kept_route[r, field] = route[r, field]
        for k in range(route[r, LENGTH] + 1):
            for field in range(3):
                kept_stops[r, k, field] = stops[r, k, field]


@compiled
def take_out(
    j: int, job: Any, shift: Any, assign: Any, stops: Any, route: Any, where: Any, mask: Any, used: Any, tally: Any,
    touched: Any, kept_stops: Any, kept_route: Any, out: Any, kept_where: Any, kept_mask: Any,
) -> None:
    """Remove all visits of job j; out[0] counts what is out, the jobs follow. Routes are refreshed by the caller."""
    count = out[0]
    kept_mask[count] = mask[j]
    for day in range(where.shape[1]):
        r = where[j, day]
        kept_where[count, day] = r
        if r < 0:
            continue
        keep(r, stops, route, touched, kept_stops, kept_route)
        length = route[r, LENGTH]
        k = 0
        while stops[r, k, JOB] != j:
            k += 1
        for at in range(k, length - 1):
            stops[r, at, JOB] = stops[r, at + 1, JOB]
        route[r, LENGTH] = length - 1
        used[shift[r, GROUP]] -= job[j, UNITS]
        tally[TOTAL] -= assign[j, r]
        where[j, day] = -1
    if mask[j] != 0:
        tally[TOTAL] += job[j, PRIZE]
        mask[j] = 0
    out[count + 1] = j
    out[0] = count + 1


@compiled
def choose_string(r: int, j: int, route: Any, stops: Any, setting: Any, rng: Any, string: Any) -> int:
    """Jobs of a string of route r that holds j, in `string`; every second time with a gap left standing inside it."""
    length = route[r, LENGTH]
    k = 0
    while stops[r, k, JOB] != j:
        k += 1
    size = 1 + draw(rng, min(length, setting[LONGEST_STRING]))
    gap = 0
    if draw(rng, 2) == 0:
        while size + gap < length and draw(rng, 2) == 0:
            gap += 1
    span = size + gap
    start = max(0, min(k - draw(rng, span), length - span))
    skip = start + draw(rng, size) if gap > 0 else start + span
    count = 0
    for at in range(start, start + span):
        if at < skip or at >= skip + gap:
            string[count] = stops[r, at, JOB]
            count += 1
    return count


@compiled
def ruin(
    job: Any, shift: Any, assign: Any, near: Any, setting: Any, stops: Any, route: Any, where: Any, mask: Any, used: Any, tally: Any,
    rng: Any, touched: Any, kept_stops: Any, kept_route: Any, out: Any, kept_where: Any, kept_mask: Any, struck: Any, string: Any,
) -> None:
    """Take out strings of stops around a random job, or now and then everything of one route, or scattered jobs."""
    jobs, routes, days = job.shape[0], shift.shape[0], where.shape[1]
    struck[:] = 0
    seed = draw(rng, jobs)
    kind = draw(rng, 16)
    if kind == 0:
        r = draw(rng, routes)
        while route[r, LENGTH] > 0 and out[0] < 4 * setting[MEAN_REMOVED]:
            take_out(stops[r, 0, JOB], job, shift, assign, stops, route, where, mask, used, tally, touched, kept_stops, kept_route,
                     out, kept_where, kept_mask)
        return
    if kind == 1:
        for _ in range(1 + draw(rng, setting[MEAN_REMOVED])):
            j = draw(rng, jobs)
            if mask[j] != 0:
                take_out(j, job, shift, assign, stops, route, where, mask, used, tally, touched, kept_stops, kept_route,
                         out, kept_where, kept_mask)
        return
    strings = 1 + draw(rng, max(1, 4 * setting[MEAN_REMOVED] // (1 + setting[LONGEST_STRING])))
    for at in range(near.shape[1]):
        if strings == 0:
            break
        j = near[seed, at]
        if mask[j] == 0:
            continue
        day = draw(rng, days)
        while where[j, day] < 0:
            day = day + 1 if day + 1 < days else 0
        r = where[j, day]
        if struck[r] != 0:
            continue
        struck[r] = 1
        strings -= 1
        count = choose_string(r, j, route, stops, setting, rng, string)
        for s in range(count):
            take_out(string[s], job, shift, assign, stops, route, where, mask, used, tally, touched, kept_stops, kept_route,
                     out, kept_where, kept_mask)


@compiled
def mend(
    job: Any, shift: Any, window_at: Any, window: Any, assign: Any, leg: Any, setting: Any, stops: Any, route: Any, where: Any,
    mask: Any, used: Any, tally: Any, touched: Any, kept_stops: Any, kept_route: Any, out: Any, kept_where: Any, kept_mask: Any,
) -> None:
    """Refresh what was touched. Where the way past a removed stop is longer than through it, the rest of the route comes out too."""
    again = True
    while again:
        again = False
        for r in range(shift.shape[0]):
            if touched[r] == 1:
                touched[r] = 2
                before = route[r, COST]
                fits = refresh(r, job, shift, window_at, window, leg, setting, stops, route)
                tally[TOTAL] += route[r, COST] - before
                if not fits:
                    while route[r, LENGTH] > 0:
                        take_out(stops[r, 0, JOB], job, shift, assign, stops, route, where, mask, used, tally, touched, kept_stops,
                                 kept_route, out, kept_where, kept_mask)
                    for other in range(shift.shape[0]):
                        if touched[other] != 0:
                            touched[other] = 1
                    again = True


@compiled
def add_absent(mask: Any, absent_from: int, out: Any, kept_where: Any, kept_mask: Any) -> None:
    """Some of the jobs that are left out get another try; the search for them starts at a random job."""
    jobs = mask.shape[0]
    tried, already = 0, out[0]
    for step in range(jobs):
        j = (absent_from + step) % jobs
        if mask[j] != 0:
            continue
        is_out = False
        for at in range(already):
            if out[at + 1] == j:
                is_out = True
                break
        if is_out:
            continue
        count = out[0]
        kept_mask[count] = 0
        kept_where[count, :] = -1
        out[count + 1] = j
        out[0] = count + 1
        tried += 1
        if tried == ABSENT_TRIED:
            break


@compiled
def arrange(out: Any, key: Any, rng: Any, order: Any) -> None:
    """Put the jobs that are out into the order in which they go back: `order` gets a sort key per job."""
    count = out[0]
    which = draw(rng, 2 * key.shape[0])
    for at in range(count):
        order[at] = draw(rng, 1 << 30) if which >= key.shape[0] else key[which, out[at + 1]]
    for at in range(1, count):
        j, value, k = out[at + 1], order[at], at
        while k > 0 and order[k - 1] > value:
            order[k], out[k + 1] = order[k - 1], out[k]
            k -= 1
        order[k], out[k + 1] = value, j


@compiled
def undo(
    stops: Any, route: Any, where: Any, mask: Any, touched: Any, kept_stops: Any, kept_route: Any, out: Any, original: Any,
    kept_where: Any, kept_mask: Any,
) -> None:
    """Everything as before this step. `original` has the jobs in the order in which they were taken out."""
    for r in range(route.shape[0]):
        if touched[r] != 0:
            for field in range(3):
                route[r, field] = kept_route[r, field]
            for k in range(kept_route[r, LENGTH] + 1):
                for field in range(3):
                    stops[r, k, field] = kept_stops[r, k, field]
    for at in range(out[0]):
        j = original[at]
        mask[j] = kept_mask[at]
        for day in range(where.shape[1]):
            where[j, day] = kept_where[at, day]


@compiled
def save_best(stops: Any, route: Any, best_stops: Any, best_length: Any) -> None:
    for r in range(route.shape[0]):
        best_length[r] = route[r, LENGTH]
        for k in range(route[r, LENGTH]):
            best_stops[r, k] = stops[r, k, JOB]


@compiled
def search(
    job: Any, shift: Any, day_at: Any, day_route: Any, window_at: Any, window: Any, pattern: Any, assign: Any, leg: Any, near: Any,
    key: Any, cap: Any, setting: Any, log_table: Any, stops: Any, route: Any, where: Any, mask: Any, used: Any, tally: Any,
    best_stops: Any, best_length: Any, rng: Any, steps: int, temperature: int,
) -> None:
    """`steps` rounds of ruin and recreate at one temperature (cost units), in place. Step 0 of a new search builds the first plan."""
    jobs, routes, days = job.shape[0], shift.shape[0], where.shape[1]
    touched = np.zeros(routes, np.int64)
    struck = np.zeros(routes, np.int64)
    kept_stops, kept_route = stops.copy(), route.copy()
    kept_where = np.full((jobs + 1, days), -1, np.int64)
    kept_mask, out = np.zeros(jobs + 1, np.int64), np.zeros(jobs + 2, np.int64)
    original, order, string = np.zeros(jobs + 1, np.int64), np.zeros(jobs + 1, np.int64), np.zeros(jobs + 1, np.int64)
    found, day_best, kept_used = np.zeros(2, np.int64), np.zeros((days, 3), np.int64), used.copy()
    for _ in range(steps):
        before = tally[TOTAL]
        touched[:] = 0
        out[0] = 0
        kept_used[:] = used
        is_first = tally[STEPS] == 0
        if is_first:
            for j in range(jobs):
                if mask[j] == 0:
                    out[0] += 1
                    out[out[0]] = j
        else:
            ruin(job, shift, assign, near, setting, stops, route, where, mask, used, tally, rng, touched, kept_stops, kept_route, out,
                 kept_where, kept_mask, struck, string)
            mend(job, shift, window_at, window, assign, leg, setting, stops, route, where, mask, used, tally, touched, kept_stops,
                 kept_route, out, kept_where, kept_mask)
            add_absent(mask, draw(rng, jobs), out, kept_where, kept_mask)
        for at in range(out[0]):
            original[at] = out[at + 1]
        arrange(out, key, rng, order)
        blink = 0 if is_first else setting[BLINK_PER_1024]
        for at in range(out[0]):
            put_back(out[at + 1], job, shift, day_at, day_route, window_at, window, pattern, assign, leg, setting, cap, stops, route,
                     where, mask, used, tally, rng, blink, touched, kept_stops, kept_route, found, day_best)
        tally[STEPS] += 1
        worse_by = tally[TOTAL] - before
        if not is_first and worse_by > 0 and worse_by >= (temperature * log_table[draw(rng, LOG_SIZE)]) >> LOG_BITS:
            undo(stops, route, where, mask, touched, kept_stops, kept_route, out, original, kept_where, kept_mask)
            used[:] = kept_used
            tally[TOTAL] = before
        elif tally[TOTAL] < tally[BEST]:
            tally[BEST] = tally[TOTAL]
            save_best(stops, route, best_stops, best_length)
