"""A published problem as the arrays of the search that plans our own weeks."""

from typing import Final

import numpy as np
import numpy.typing as npt

from gis.rounds import core
from gis.rounds.instances.model import Instance
from gis.rounds.search import Search
from gis.rounds.tables import Ground, near_jobs

Ints = npt.NDArray[np.int64]
Routes = list[list[list[int]]]
# Whole numbers per unit of distance and of load. Times are rounded up, so that what fits here fits in the file.
PER_DISTANCE: Final = 10_000
PER_LOAD: Final = 100
OPEN_END: Final = 1 << 40
ABSENT_PRICE: Final = 10**9


def solve(
    instance: Instance, *, seed: int = 1, iterations: int | None = None, budget_cpu_s: float | None = None
) -> Routes:
    """`routes[day][vehicle]` as places in `instance.customers`; a customer that found no room is in none.

    Give one of the two budgets. Same seed and iterations: same routes on every machine. Raises ValueError for both
    budgets or none.
    """
    if (iterations is None) == (budget_cpu_s is None):
        raise ValueError("give iterations or budget_cpu_s")
    ground = ground_of(instance)
    search = Search(ground, seed=seed, soft_caps=True)
    if iterations is not None:
        search.run_steps(iterations)
    elif budget_cpu_s is not None:
        search.run_cpu(budget_cpu_s)
    routes: Routes = [[] for _ in range(instance.days)]
    for shift, stops in zip(ground.shift, search.best(), strict=True):
        if stops:
            routes[shift[core.DAY]].append(stops)
    return routes


def ground_of(instance: Instance) -> Ground:
    """The arrays; shift `day * vehicles + v` is vehicle v of a day, job rows follow the customers."""
    leg = _legs(instance)
    job, pattern = _jobs(instance)
    window_at, window = _windows(instance)
    vehicles, days = instance.vehicles, instance.days
    shift = np.zeros((vehicles * days, core.SHIFT_FIELDS), np.int64)
    cap = np.zeros(vehicles * days, np.int64)
    for row in range(vehicles * days):
        day = row // vehicles
        longest = int(instance.longest[day] * PER_DISTANCE)
        end = int(instance.closing * PER_DISTANCE) if instance.closing else OPEN_END
        if not instance.has_windows:
            # Without windows nobody waits: who leaves at once is back by the longest duration.
            end, longest = min(end, longest or OPEN_END), 0
        shift[row] = (day, 0, end, 0, 0, row, longest)
        cap[row] = round(instance.capacity[day] * PER_LOAD) if instance.capacity[day] else OPEN_END
    return Ground(
        job=job,
        shift=shift,
        day_at=np.arange(days + 1, dtype=np.int64) * vehicles,
        day_route=np.arange(vehicles * days, dtype=np.int64),
        window_at=window_at,
        window=window,
        pattern=pattern,
        assign=np.zeros((len(job), len(shift)), np.int64),
        leg=leg,
        near=near_jobs(job, leg),
        key=_keys(instance, leg),
        cap=cap,
    )


def _legs(instance: Instance) -> npt.NDArray[np.int32]:
    scaled = instance.distances * PER_DISTANCE
    return np.ascontiguousarray(np.stack([np.ceil(scaled - 1e-6), np.rint(scaled)], axis=2).astype(np.int32))


def _jobs(instance: Instance) -> tuple[Ints, Ints]:
    rows = np.zeros((len(instance.customers), core.JOB_FIELDS), np.int64)
    flat: list[int] = []
    for row, customer in enumerate(instance.customers):
        masks = sorted(sum(1 << day for day in chosen) for chosen in customer.patterns)
        service, units = round(customer.service * PER_DISTANCE), round(customer.demand * PER_LOAD)
        rows[row] = (row + 1, service, ABSENT_PRICE, units, len(flat), len(flat) + len(masks))
        flat += masks
    return rows, np.array(flat, np.int64)


def _windows(instance: Instance) -> tuple[Ints, Ints]:
    days = instance.days
    at = np.arange(len(instance.customers) * days + 1, dtype=np.int64)
    window = np.zeros((len(instance.customers) * days, 2), np.int64)
    for row, customer in enumerate(instance.customers):
        first, last = customer.window or (0.0, OPEN_END / PER_DISTANCE)
        window[row * days : (row + 1) * days] = (round(first * PER_DISTANCE), round(last * PER_DISTANCE))
    rows = np.arange(len(instance.customers))[:, None] * days + np.arange(days + 1)[None, :]
    return np.ascontiguousarray(at[rows]), window


def _keys(instance: Instance, leg: npt.NDArray[np.int32]) -> Ints:
    """Orders in which customers go back: large, narrow, long, far, near, many visits, few choices."""
    customers = instance.customers
    distance = leg[0, 1:, core.TIME].astype(np.int64)
    width = [(customer.window[1] - customer.window[0]) if customer.window else 0.0 for customer in customers]
    return np.array(
        [
            [-round(customer.demand * PER_LOAD) for customer in customers],
            [round(value * PER_DISTANCE) for value in width],
            [-round(customer.service * PER_DISTANCE) for customer in customers],
            -distance,
            distance,
            [-len(next(iter(customer.patterns), ())) for customer in customers],
            [len(customer.patterns) for customer in customers],
        ],
        np.int64,
    )
