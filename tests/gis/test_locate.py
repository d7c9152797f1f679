import doctest
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from benchmarks.mesh import jittered_mesh
from gis.coordinates import CoordinateError
from gis.locate import GridIndex, GridShape, Kind, Reach, decide, edges, rule, snap_degrees
from gis.locate import index as grid_index

BOUNDS = (121.15, 30.03, 121.158, 30.036)
# Two blocks of about 193 m side by side, a hole of 0.0005 degrees between the second and the third, one community.
WEST, EAST, FAR = (shapely.box(lon, 30.05, round(lon + 0.002, 4), 30.052) for lon in (121.17, 121.172, 121.1745))
COMMUNITY = GridShape("c", "330281002011", shapely.box(121.17, 30.05, 121.1765, 30.053))
TOWN = GridIndex(
    [GridShape(10, "011003", WEST), GridShape(11, "011001", EAST), GridShape(12, "011002", FAR)],
    parents=[COMMUNITY],
    stamp="7",
)


@st.composite
def coverages(draw):
    """Grids without gaps, coded in a random order."""
    columns, rows, seed = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 999))
    cells = jittered_mesh(columns, rows, bounds=BOUNDS, seed=seed)
    codes = draw(st.permutations([f"{number:03d}" for number in range(len(cells))]))
    return [GridShape(number, code, cell) for number, (code, cell) in enumerate(zip(codes, cells, strict=True))]


@st.composite
def covered_points(draw):
    """Grids, and points among which many are corners, lie on a side, or miss one by a hair."""
    grids = draw(coverages())
    corners = shapely.get_coordinates([grid.polygon for grid in grids])
    corner = st.integers(0, len(corners) - 1)
    hair = st.sampled_from([0.0, 4e-8, -4e-8, 6e-8, 1e-9, 3e-7])
    near = st.builds(lambda at, dx, dy: (corners[at][0] + dx, corners[at][1] + dy), corner, hair, hair)
    middle = st.builds(lambda at: tuple((corners[at] + corners[at - 1]) / 2), corner)
    anywhere = st.tuples(st.floats(BOUNDS[0] - 1e-3, BOUNDS[2] + 1e-3), st.floats(BOUNDS[1] - 1e-3, BOUNDS[3] + 1e-3))
    return grids, draw(st.lists(near | middle | anywhere, min_size=1, max_size=40))


def owner_by_hand(grids, lon, lat):
    """Lowest code among the grids that cover the rounded point, without any index."""
    spot = Point(round(lon, 7), round(lat, 7))
    return min((grid.code for grid in grids if shapely.covers(grid.polygon, spot)), default=None)


@given(covered_points())
def test_the_owner_is_the_lowest_code_that_covers_the_point(case):
    grids, points = case
    index = GridIndex(grids)
    for lon, lat in points:
        located = index.locate(lon, lat, snap_m=0)
        assert located.code == owner_by_hand(grids, lon, lat)
        codes = [candidate.code for candidate in located.candidates]
        assert codes == sorted(codes)
        assert located.kind is (Kind.OUTSIDE if not codes else Kind.INSIDE if len(codes) == 1 else Kind.ON_BORDER)


@given(case=covered_points())
def test_a_batch_says_what_single_calls_say(case):
    grids, points = case
    index = GridIndex(grids)
    positions = index.locate_batch(*np.array(points).T)
    single = [index.locate(lon, lat, snap_m=0).code for lon, lat in points]
    assert [None if at < 0 else grids[at].code for at in positions] == single


@given(covered_points(), st.floats(0.5, 60))
def test_an_accuracy_circle_is_shared_out_without_loss(case, accuracy_m):
    grids, points = case
    index, whole = GridIndex(grids), shapely.union_all([grid.polygon for grid in grids])
    for lon, lat in points[:5]:
        located = index.locate(lon, lat, accuracy_m=accuracy_m, snap_m=0)
        shares = [candidate.share for candidate in located.candidates]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-5
        inner = Point(lon, lat).buffer(0.001).within(whole)
        assert not inner or sum(shares) == pytest.approx(1, abs=1e-4)


@given(covered_points(), st.floats(0.5, 60), st.floats(0, 60))
def test_a_larger_circle_never_reaches_fewer_grids(case, accuracy_m, extra_m):
    grids, points = case
    index = GridIndex(grids)
    for lon, lat in points[:5]:
        small, large = (index.locate(lon, lat, accuracy_m=m, snap_m=0) for m in (accuracy_m, accuracy_m + extra_m))
        assert {c.code for c in small.candidates} <= {c.code for c in large.candidates}


def test_inside_names_the_grid_the_distance_to_its_border_and_the_community():
    located = TOWN.locate(121.171, 30.0502)
    assert (located.kind, located.id, located.code, located.parent_code) == (Kind.INSIDE, 10, "011003", COMMUNITY.code)
    assert located.border_m == pytest.approx(22.2, abs=0.1)
    assert [(c.id, c.share, c.distance_m) for c in located.candidates] == [(10, None, 0.0)]


def test_on_a_border_the_lowest_code_owns_and_all_are_named():
    located = TOWN.locate(121.172, 30.051)
    assert (located.kind, located.code, located.border_m) == (Kind.ON_BORDER, "011001", 0.0)
    assert [candidate.code for candidate in located.candidates] == ["011001", "011003"]


def test_a_circle_over_the_border_is_uncertain_and_the_larger_share_owns():
    located = TOWN.locate(121.17197, 30.051, accuracy_m=10)
    assert (located.kind, located.code, located.border_m) == (Kind.UNCERTAIN, "011003", pytest.approx(2.9, abs=0.1))
    assert [(c.code, c.share) for c in located.candidates] == [
        ("011003", pytest.approx(0.68, abs=0.01)),
        ("011001", pytest.approx(0.32, abs=0.01)),
    ]
    assert TOWN.locate(121.17197, 30.051, accuracy_m=2).kind is Kind.INSIDE


def test_half_and_half_goes_to_the_lowest_code():
    located = TOWN.locate(121.172, 30.051, accuracy_m=10)
    assert (located.kind, located.code) == (Kind.UNCERTAIN, "011001")
    assert [candidate.share for candidate in located.candidates] == [pytest.approx(0.5, abs=1e-3)] * 2


def test_a_circle_over_the_rim_of_the_town_reaches_nobody_else():
    assert TOWN.locate(121.17001, 30.051, accuracy_m=20).kind is Kind.INSIDE


def test_a_circle_from_outside_that_reaches_a_grid_is_uncertain():
    located = TOWN.locate(121.1699, 30.051, accuracy_m=20)
    assert (located.kind, located.code, len(located.candidates)) == (Kind.UNCERTAIN, "011003", 1)
    assert 0 < located.candidates[0].share < 0.5


@pytest.mark.parametrize(
    ("lon", "lat", "snap_m", "kind", "code"),
    [
        (121.1742, 30.051, 25.0, Kind.SNAPPED, "011001"),  # 19 m east of EAST, 29 m west of FAR
        (121.1743, 30.051, 25.0, Kind.SNAPPED, "011002"),
        (121.1742, 30.051, 10.0, Kind.GAP, None),
        (121.172, 30.0525, 25.0, Kind.GAP, None),  # north of all grids, in the community
        (121.1699, 30.051, 25.0, Kind.SNAPPED, "011003"),  # west of the community
        (121.1690, 30.051, 25.0, Kind.OUTSIDE, None),
        (2.35, 48.85, 25.0, Kind.OUTSIDE, None),
    ],
)
def test_outside_all_grids(lon, lat, snap_m, kind, code):
    located = TOWN.locate(lon, lat, snap_m=snap_m)
    assert (located.kind, located.code) == (kind, code)
    assert (located.border_m is None) == (code is None)


def test_points_are_rounded_to_a_centimetre_first():
    assert TOWN.locate(121.17 - 4e-8, 30.051, snap_m=0).kind is Kind.INSIDE
    assert TOWN.locate(121.17 - 6e-8, 30.051, snap_m=0).kind is Kind.OUTSIDE
    assert TOWN.locate_batch([121.17 - 4e-8, 121.17 - 6e-8], [30.051, 30.051]).tolist() == [0, -1]


@pytest.mark.parametrize("spot", [(121.174, 30.051), (121.173, 30.052), (121.173, 30.05), (121.17, 30.051)])
def test_the_rim_of_a_grid_belongs_to_it(spot):
    [position] = TOWN.locate_batch(*np.array([spot]).T).tolist()
    assert TOWN.grids[position].code == TOWN.locate(*spot).code
    assert TOWN.locate(*spot).kind is Kind.INSIDE


@given(st.integers(-1_800_000_000, 1_800_000_000))
def test_a_seven_decimal_coordinate_is_its_own_rounding(ten_millionths):
    assert snap_degrees(float(f"{ten_millionths}e-7")) == float(f"{ten_millionths}e-7")


@pytest.mark.parametrize("accuracy_m", [None, 0, 0.0])
def test_an_unknown_accuracy_draws_no_circle(accuracy_m):
    assert TOWN.locate(121.17199, 30.051, accuracy_m=accuracy_m).kind is Kind.INSIDE


def test_a_hopeless_accuracy_is_drawn_with_a_kilometre():
    wide, wider = (TOWN.locate(121.171, 30.051, accuracy_m=m) for m in (1_000, 1e9))
    assert wide == wider
    assert (wide.kind, wide.code, len(wide.candidates)) == (Kind.UNCERTAIN, "011001", 3)


@pytest.mark.parametrize(
    ("lon", "lat", "accuracy_m", "code", "field"),
    [
        (math.nan, 30.05, None, "not_finite", "lon"),
        (30.05, 121.17, None, "axes_swapped", "lon"),
        (121.17, 30.05, -1.0, "out_of_range", "accuracy_m"),
        (121.17, 30.05, math.inf, "not_finite", "accuracy_m"),
    ],
)
def test_bad_points_are_refused_by_name(lon, lat, accuracy_m, code, field):
    with pytest.raises(CoordinateError) as refused:
        TOWN.locate(lon, lat, accuracy_m=accuracy_m)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("grids", "reason"),
    [
        ([GridShape(1, "1", WEST), GridShape(2, "1", EAST)], "used twice"),
        ([GridShape(1, "1", Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))], "not a valid"),
        ([GridShape(1, "1", Polygon())], "not a valid"),
        ([GridShape(1, "1", Point(0, 0))], "not a valid"),
    ],
)
def test_an_index_refuses_bad_grids(grids, reason):
    with pytest.raises(ValueError, match=reason):
        GridIndex(grids)


def test_a_town_without_grids_answers_too():
    empty = GridIndex([], parents=[COMMUNITY])
    assert empty.locate(121.171, 30.051, accuracy_m=10).kind is Kind.GAP
    assert empty.locate_batch([121.171], [30.051]).tolist() == [-1]
    assert TOWN.locate_batch([], []).tolist() == []


def test_decide_takes_rows_in_any_order():
    near = [Reach(2, "b", False, 8.0, 8.0, None), Reach(1, "a", False, 8.0, 8.0, None)]
    both = [Reach(2, "b", True, 0.0, 0.0, 0.5), Reach(1, "a", True, 0.0, 0.0, 0.5)]
    for rows, circle_m in ((near, 0), (both, 0), (both, 10)):
        assert decide(rows, circle_m=circle_m, snap_m=25).code == "a"
        assert decide(rows[::-1], circle_m=circle_m, snap_m=25).code == "a"


def test_threads_may_share_an_index():
    cells = jittered_mesh(12, 12, bounds=BOUNDS, seed=4)
    index = GridIndex([GridShape(number, f"{number:03d}", cell) for number, cell in enumerate(cells)])
    lons, lats = np.random.default_rng(1).uniform((BOUNDS[0], BOUNDS[1]), (BOUNDS[2], BOUNDS[3]), (3_000, 2)).T
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: index.locate_batch(lons, lats), range(8)))
    assert all((answer == answers[0]).all() for answer in answers)


def test_examples():
    assert [doctest.testmod(module).failed for module in (edges, grid_index, rule)] == [0, 0, 0]


@given(covered_points(), st.sampled_from([0.0, 25.0]), st.data())
def test_many_points_get_the_answers_of_single_ones(case, snap_m, data):
    grids, points = case
    index = GridIndex(grids, parents=[COMMUNITY, GridShape("p", "330281002012", shapely.box(*BOUNDS))])
    radius = st.sampled_from([None, 0.0, 0.5, 5.0, 30.0, 900.0])
    accuracies = data.draw(st.lists(radius, min_size=len(points), max_size=len(points)))
    lons, lats = zip(*points, strict=True)
    assert index.locate_many(lons, lats, accuracies_m=accuracies, snap_m=snap_m) == [
        index.locate(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
        for (lon, lat), accuracy_m in zip(points, accuracies, strict=True)
    ]


def test_many_points_may_be_none():
    assert TOWN.locate_many([], [], accuracies_m=[], snap_m=25.0) == []
