"""Published planning problems, to measure the search against the best plans that others found.

    instance = read_instance(Path("p01.txt"))
    routes = solve(instance, seed=1, budget_cpu_s=5)
    assert check_routes(instance, routes) == []
    cost_of(instance, routes)

Two formats: Cordeau's periodic problems (kind 1) and Solomon's and Gehring-Homberger's one-day problems with windows.
"""

from gis.rounds.instances.checking import check_routes, cost_of
from gis.rounds.instances.model import Customer, Instance, InstanceError
from gis.rounds.instances.reading import read_instance
from gis.rounds.instances.solving import solve

__all__ = ["Customer", "Instance", "InstanceError", "check_routes", "cost_of", "read_instance", "solve"]
