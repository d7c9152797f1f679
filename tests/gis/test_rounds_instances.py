"""Published planning problems: reading, solving, checking. The files are made here."""

from dataclasses import replace
from itertools import permutations
from math import hypot, inf
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.rounds import core
from gis.rounds.instances import InstanceError, check_routes, cost_of, read_instance, solve
from gis.rounds.instances.model import Customer, Instance
from gis.rounds.instances.solving import PER_DISTANCE, ground_of
from gis.rounds.search import Search

# Two vehicles, two days; customer 3 of frequency 0 does not count; customer 4 on both days.
PERIODIC = """1 2 5 2
 60 30
 60 30
 0 0 0
 1 0 10 1 10 1 2 1 2
 2 10 0 1 10 1 2 1 2
 3 99 99 0 0 0 0
 4 0 -10 1 10 2 1 3
 5 -10 0 1 10 1 1 2
"""
SOLOMON = """TINY

VEHICLE
NUMBER     CAPACITY
  2         20

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0       100          0
    1      0        10         10         50        60          5
    2      3         3         10          0        20          5
"""


# The same with the first and last start at the end of the lines; 4 opens long after 1 and 2 have closed.
WINDOWED = """5 2 3 1
 40 30
 0 0 0 0 0 0 0 0 100
 1 0 10 1 10 1 1 1 0 30
 2 10 0 1 10 1 1 1 0 30
 4 0 12 1 10 1 1 1 80 85
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tiny.txt"
    path.write_text(text)
    return path


def test_a_periodic_file_is_read_with_days_from_the_left(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, PERIODIC))
    assert (instance.vehicles, instance.days, instance.longest, instance.capacity) == (2, 2, (60, 60), (30, 30))
    assert [customer.number for customer in instance.customers] == [1, 2, 4, 5]
    assert instance.customers[0].patterns == (frozenset({1}), frozenset({0}))
    assert instance.customers[2].patterns == (frozenset({0, 1}),)
    assert instance.customers[3].patterns == (frozenset({0}),)


def test_a_windowed_file_cuts_distances_to_one_decimal(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, SOLOMON))
    assert instance.customers[0].window == (50, 60)
    assert (instance.closing, instance.capacity) == (100, (20,))
    assert instance.distances[0, 2] == 4.2
    routes = solve(instance, iterations=200)
    assert check_routes(instance, routes) == []
    assert cost_of(instance, routes) == pytest.approx(4.2 + 7.6 + 10)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("1 2 5 2\n", "4 2 5 2\n"), "type 4"),
        (("1 2 5 2\n", "1 2 9 2\n"), "ends after"),
        ((" 60 30\n 60", " 60 nan\n 60"), "line 2"),
        (("10 1 2 1 2\n 2", "10 1 2 1 4\n 2"), "pattern 4"),
        (("10 2 1 3\n", "10 2 1 1\n"), "2 visits"),
        (("1 2 5 2\n", "1 2 5 2000\n"), "2000 days"),
    ],
)
def test_what_is_no_problem_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    assert change[0] in PERIODIC
    with pytest.raises(InstanceError, match=named):
        read_instance(written(tmp_path, PERIODIC.replace(*change, 1)))


def test_the_search_finds_the_best_of_a_small_week(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, PERIODIC))
    routes = solve(instance, iterations=2_000)
    assert check_routes(instance, routes) == []
    best = min(
        cost_of(instance, [_one_route(instance, first), _one_route(instance, second)])
        for first, second in (({0, 1, 2, 3}, {2}), ({0, 2, 3}, {1, 2}), ({1, 2, 3}, {0, 2}), ({2, 3}, {0, 1, 2}))
        if len(first) <= 3
    )
    assert cost_of(instance, routes) == pytest.approx(best)


def _one_route(instance: Instance, chosen: set[int]) -> list[list[int]]:
    return [list(min(permutations(chosen), key=lambda order: cost_of(instance, [[list(order)]])))]


def test_the_best_plan_overfills_no_vehicle() -> None:
    """Twelve loads that fill four vehicles to the last unit: on its way the search overfills them."""
    loads = [6, 4, 5, 5, 7, 3, 2, 8, 9, 1, 4, 6]
    customers = tuple(
        Customer(number, 10.0 * (number % 4), 7.0 * (number // 4), 0, load, (frozenset({0}),))
        for number, load in enumerate(loads, 1)
    )
    instance = Instance("full", 4, 1, (0,), (15,), (15, 10), customers)
    routes = solve(instance, seed=3, iterations=20_000)
    assert check_routes(instance, routes) == []
    assert sorted(sum(loads[row] for row in route) for route in routes[0]) == [15, 15, 15, 15]


def test_same_seed_and_steps_give_the_same_routes(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, PERIODIC))
    assert solve(instance, seed=5, iterations=500) == solve(instance, seed=5, iterations=500)


@pytest.mark.parametrize(
    ("routes", "named"),
    [
        ([[[0, 1, 2, 3]], [[2]]], "load of 40"),
        ([[[0, 2, 3]], [[2]]], "customer 2 on days []"),
        ([[[0, 2], [3], [1]], [[2]]], "3 vehicles"),
        ([[[0, 2, 3], [2]], [[2, 1]]], "twice on day 0"),
    ],
)
def test_the_checker_names_what_is_broken(tmp_path: Path, routes: list[list[list[int]]], named: str) -> None:
    instance = read_instance(written(tmp_path, PERIODIC))
    assert any(named in problem for problem in check_routes(instance, routes))


def test_the_checker_measures_times_itself(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, SOLOMON))
    assert any("open until 20" in problem for problem in check_routes(instance, [[[0, 1]]]))
    assert check_routes(instance, [[[1, 0]]]) == []
    assert any("closes" in problem for problem in check_routes(replace(instance, closing=60), [[[1, 0]]]))
    short = replace(read_instance(written(tmp_path, PERIODIC)), longest=(30, 30))
    assert any("lasts" in problem for problem in check_routes(short, [[[0, 2, 3]], [[1, 2]]]))


def test_a_periodic_file_with_windows_is_read(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, WINDOWED))
    assert [customer.window for customer in instance.customers] == [(0, 30), (0, 30), (80, 85)]
    assert (instance.closing, instance.longest) == (100, (40,))
    for broken in (WINDOWED.replace(" 80 85", " 85 80"), WINDOWED.replace(" 80 85", " 80")):
        with pytest.raises(InstanceError, match="line 6"):
            read_instance(written(tmp_path, broken))


def test_waiting_counts_into_the_duration_but_leaving_later_does_not(tmp_path: Path) -> None:
    """One round of all three is shorter, but lasts from the morning into the evening."""
    instance = read_instance(written(tmp_path, WINDOWED))
    routes = solve(instance, iterations=500)
    assert check_routes(instance, routes) == []
    assert sorted(sorted(route) for route in routes[0]) == [[0, 1], [2]]
    assert any("lasts" in problem for problem in check_routes(instance, [[[0, 2], [1]]]))
    without = replace(instance, longest=(0,))
    assert cost_of(without, solve(without, iterations=500)) < cost_of(instance, routes)


@given(st.randoms(use_true_random=False))
def test_the_shortest_duration_is_the_least_over_all_departures(random: Random) -> None:
    """What the checker says against trying every departure; what the search says against the checker."""
    customers = tuple(
        Customer(number, random.randint(-20, 20), random.randint(-20, 20), random.randint(0, 5), 1, (frozenset({0}),),
                 (opens := random.randint(0, 150), opens + random.randint(0, 80)))
        for number in range(1, random.randint(2, 6))
    )  # fmt: skip
    route = list(range(len(customers)))
    loose = Instance("tiny", 1, 1, (0,), (0,), (0, 0), customers, closing=400.0)
    if check_routes(loose, [[route]]):
        return
    shortest = min(_duration(loose, route, departure) for departure in np.arange(0, 400, 0.05))
    assert any("lasts" in one for one in check_routes(replace(loose, longest=(shortest - 0.2,)), [[route]]))
    assert check_routes(replace(loose, longest=(shortest + 0.01,)), [[route]]) == []
    found = solve(replace(loose, longest=(shortest + 0.2,)), iterations=300)
    assert sum(map(len, found[0])) == len(customers)
    assert check_routes(replace(loose, longest=(shortest + 0.2,)), found) == []


def _duration(instance: Instance, route: list[int], departure: float) -> float:
    clock, here = departure, instance.depot
    for customer in (instance.customers[index] for index in route):
        clock = max(clock + hypot(customer.x - here[0], customer.y - here[1]), (customer.window or (0, 0))[0])
        if clock > (customer.window or (0, inf))[1]:
            return inf
        clock, here = clock + customer.service, (customer.x, customer.y)
    return clock + hypot(here[0], here[1]) - departure


@given(st.randoms(use_true_random=False))
def test_an_insertion_is_priced_with_what_the_route_then_lasts(random: Random) -> None:
    """One customer before any stop of the others: `core.lasts_with` against the way measured after it is in."""
    count = random.randint(1, 5)
    customers = tuple(
        Customer(number, random.randint(-20, 20), random.randint(-20, 20), random.randint(0, 5), 1, (frozenset({0}),),
                 (opens := 40 * number + random.randint(0, 90), opens + random.randint(20, 120)))
        for number in range(1, count + 2)
    )  # fmt: skip
    instance = Instance("tiny", 1, 1, (1_000,), (0,), (0, 0), customers, closing=1_000.0)
    route, chosen = list(range(count + 1)), random.randint(0, count)
    others = [index for index in route if index != chosen]
    if check_routes(instance, [[route]]):
        return
    week, state = _laid(instance, others)
    said = core.lasts_with(
        chosen, 0, chosen, week.shift, week.job, week.window_at, week.window, week.leg, state.stops, state.span
    )
    assert said / PER_DISTANCE == pytest.approx(
        min(_duration(instance, route, at) for at in np.arange(0, 1000, 0.05)), abs=0.1
    )


def _laid(instance: Instance, route: list[int]) -> tuple[core.Week, core.State]:
    """The arrays of a search with these customers in its first shift."""
    search = Search(ground_of(instance), seed=1)
    week, state = search._week, search._state
    state.stops[0, : len(route), core.JOB] = route
    state.route[0, core.LENGTH] = len(route)
    core.refresh(0, week.job, week.shift, week.window_at, week.window, week.leg, week.setting, state.stops, state.route)
    core.measure(0, week, state)
    return week, state


def test_a_full_week_of_windows_and_hours_is_kept_by_the_best_plan() -> None:
    """Vehicles, hours and windows are so tight that the search has to break them on its way."""
    random = Random(7)
    customers = tuple(
        Customer(number, random.randint(-40, 40), random.randint(-40, 40), 6, random.randint(3, 9),
                 (frozenset({0}), frozenset({1})), (opens := random.randint(0, 260), opens + 60))
        for number in range(1, 29)
    )  # fmt: skip
    instance = Instance("tight", 4, 2, (140, 140), (25, 25), (0, 0), customers, closing=400.0)
    routes = solve(instance, seed=1, iterations=6_000)
    assert check_routes(instance, routes) == []
