"""Published planning problems: reading, solving, checking. The files are made here."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from gis.rounds.instances import InstanceError, check_routes, cost_of, read_instance, solve
from gis.rounds.instances.model import Customer, Instance

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
        (("1 2 5 2\n", "5 2 5 2\n"), "type 5"),
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
    return [list(min(permutations(chosen), key=lambda order: cost_of(instance, [[order]])))]


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
