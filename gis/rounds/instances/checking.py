"""Cost and rules of a plan in plain numbers; shares no code with the search."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot, inf

from gis.rounds.instances.model import Customer, Instance

Routes = Sequence[Sequence[Sequence[int]]]
TOLERANCE = 1e-6


def cost_of(instance: Instance, routes: Routes) -> float:
    """Distance of all routes: `routes[day][vehicle]` lists customers by their place in `instance.customers`."""
    return sum(_way(instance, route) for day in routes for route in day)


def check_routes(instance: Instance, routes: Routes) -> list[str]:
    """Everything that breaks a rule of the instance; empty: a sound plan."""
    found: list[str] = []
    served: dict[int, set[int]] = {index: set() for index in range(len(instance.customers))}
    for day, of_day in enumerate(routes):
        if len(of_day) > instance.vehicles:
            found.append(f"day {day}: {len(of_day)} vehicles, {instance.vehicles} are there")
        for route in of_day:
            found += [f"day {day}: {problem}" for problem in _check_route(instance, day, route)]
            for index in route:
                if day in served[index]:
                    found.append(f"customer {instance.customers[index].number} twice on day {day}")
                served[index].add(day)
    for index, days in served.items():
        if frozenset(days) not in instance.customers[index].patterns:
            found.append(f"customer {instance.customers[index].number} on days {sorted(days)}")
    return found


def _check_route(instance: Instance, day: int, route: Sequence[int]) -> list[str]:
    found = []
    customers = [instance.customers[index] for index in route]
    load = sum(customer.demand for customer in customers)
    if instance.capacity[day] and load > instance.capacity[day] + TOLERANCE:
        found.append(f"load of {load}, {instance.capacity[day]} allowed")
    clock, here = 0.0, instance.depot
    for customer in customers:
        first, last = customer.window or (0.0, inf)
        clock = max(first, clock + _between(instance, here, (customer.x, customer.y)))
        if clock > last + TOLERANCE:
            found.append(f"customer {customer.number} at {clock}, open until {last}")
        clock, here = clock + customer.service, (customer.x, customer.y)
    clock += _between(instance, here, instance.depot)
    if instance.closing is not None and clock > instance.closing + TOLERANCE:
        found.append(f"back at {clock}, the depot closes at {instance.closing}")
    spent = clock - _latest_departure(instance, customers, clock)
    if instance.longest[day] and spent > instance.longest[day] + TOLERANCE:
        found.append(f"lasts {spent}, {instance.longest[day]} allowed")
    return found


def _latest_departure(instance: Instance, customers: Sequence[Customer], back_at: float) -> float:
    """When the depot must be left at the latest to be back at the same moment: what is spared is waiting."""
    clock, after = back_at, instance.depot
    for customer in reversed(customers):
        clock -= _between(instance, (customer.x, customer.y), after) + customer.service
        clock = min(clock, customer.window[1]) if customer.window else clock
        after = (customer.x, customer.y)
    return clock - _between(instance, instance.depot, after)


def _way(instance: Instance, route: Sequence[int]) -> float:
    places = [(instance.customers[index].x, instance.customers[index].y) for index in route]
    stations = [instance.depot, *places, instance.depot]
    return sum(_between(instance, a, b) for a, b in pairwise(stations))


def _between(instance: Instance, a: tuple[float, float], b: tuple[float, float]) -> float:
    exact = hypot(a[0] - b[0], a[1] - b[1])
    return int(exact * 10 + 1e-9) / 10 if instance.truncated else exact
