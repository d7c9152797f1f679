import doctest

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from benchmarks.mesh import jittered_mesh
from gis.coordinates import geodesic_area_m2
from gis.coverage import FaultKind, find_faults, finding, repairing
from gis.locate import GridShape

PARENT = box(121.17, 30.05, 121.174, 30.052)
WEST, EAST = box(121.17, 30.05, 121.172, 30.052), box(121.172, 30.05, 121.174, 30.052)


def grids(*polygons):
    return [GridShape(number, f"{number:03d}", polygon) for number, polygon in enumerate(polygons)]


def found(*polygons, parent=PARENT, **limits):
    faults = find_faults(grids(*polygons), parent=parent, **limits)
    return [(fault.kind, fault.codes, round(fault.area_m2)) for fault in faults]


def east_from(lon):
    return box(lon, 30.05, 121.174, 30.052)


def test_a_clean_coverage_has_no_fault():
    assert found(WEST, EAST) == []


@pytest.mark.parametrize(
    ("polygons", "expected"),
    [
        pytest.param([WEST, east_from(121.1718)], [(FaultKind.OVERLAP, ("000", "001"), 4276)], id="overlap"),
        pytest.param([WEST, east_from(121.1722)], [(FaultKind.GAP, ("000", "001"), 4276)], id="gap"),
        pytest.param(
            [WEST, east_from(121.171996)], [(FaultKind.SLIVER_OVERLAP, ("000", "001"), 86)], id="thin overlap"
        ),
        pytest.param([WEST, east_from(121.172004)], [(FaultKind.SLIVER_GAP, ("000", "001"), 86)], id="thin gap"),
        pytest.param(
            [WEST, EAST, box(121.1725, 30.0505, 121.173, 30.051)],
            [(FaultKind.OVERLAP, ("001", "002"), 2673)],
            id="one inside the other",
        ),
        pytest.param([WEST, EAST, EAST], [(FaultKind.OVERLAP, ("001", "002"), 42761)], id="the same twice"),
        pytest.param([WEST], [(FaultKind.GAP, ("000",), 42761)], id="one missing"),
        pytest.param(
            [WEST, box(121.172, 30.05, 121.1742, 30.052)],
            [(FaultKind.OUTSIDE_PARENT, ("001",), 4276)],
            id="over the rim",
        ),
        pytest.param(
            [MultiPolygon([WEST, box(121.1735, 30.05, 121.174, 30.052)]), box(121.172, 30.05, 121.1735, 30.052)],
            [(FaultKind.MULTIPART, ("000",), 10690)],
            id="two parts",
        ),
        pytest.param([], [(FaultKind.GAP, (), 85523)], id="nothing at all"),
    ],
)
def test_every_fault_is_named_and_measured(polygons, expected):
    assert found(*polygons) == expected


def test_rounding_is_no_fault():
    corner_off_the_line = Polygon(
        [(121.17, 30.05), (121.172, 30.05), (121.17200005, 30.051), (121.172, 30.052), (121.17, 30.052)]
    )
    assert found(corner_off_the_line, EAST) == []
    assert [kind for kind, *_ in found(corner_off_the_line, EAST, tolerance_m2=0)] == [FaultKind.SLIVER_OVERLAP]


def test_without_a_parent_only_enclosed_gaps_count():
    ring = Polygon(PARENT.exterior, [box(121.171, 30.0505, 121.173, 30.0515).exterior])
    assert found(ring, parent=None) == [(FaultKind.GAP, ("000",), 21381)]
    assert found(ring, box(121.171, 30.0505, 121.173, 30.0515), parent=None) == []
    for south in (30.0505, 30.0507):  # a shape in the hole, at its side or alone
        inner = box(121.1715, south, 121.1725, south + 0.0005)
        assert found(ring, inner, parent=None) == [(FaultKind.GAP, ("000", "001"), 16036)]
    assert found(WEST, box(121.173, 30.05, 121.174, 30.052), parent=None) == []


def test_the_worst_fault_comes_first_and_can_be_flown_to():
    faults = find_faults(
        grids(WEST, box(121.1719, 30.05, 121.1738, 30.052), box(121.1737, 30.05, 121.174, 30.0518)), parent=PARENT
    )
    assert [fault.kind for fault in faults] == [FaultKind.OVERLAP, FaultKind.OVERLAP, FaultKind.GAP]
    assert faults[0].area_m2 > faults[1].area_m2
    assert all(fault.outline.covers(Point(fault.spot)) for fault in faults)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 999), st.data())
def test_a_moved_corner_is_an_overlap_and_a_gap_and_nothing_is_lost(columns, rows, seed, data):
    cells = jittered_mesh(columns, rows, bounds=(121.15, 30.03, 121.158, 30.036), seed=seed)
    parent = shapely.union_all(cells)
    assert find_faults(grids(*cells), parent=parent) == []
    at = data.draw(st.integers(0, len(cells) - 1))
    moved = shapely.transform(cells[at], lambda rows: rows + np.array([0.0003, 0.0001]))
    faults = find_faults(grids(*cells[:at], moved, *cells[at + 1 :]), parent=parent, tolerance_m2=0, sliver_width_m=0)
    sums = {kind: sum(fault.area_m2 for fault in faults if fault.kind is kind) for kind in FaultKind}
    # What the moved cell leaves behind, it has taken from neighbours or from outside.
    assert sums[FaultKind.GAP] > 0
    taken = sums[FaultKind.OVERLAP] + sums[FaultKind.OUTSIDE_PARENT]
    assert taken - sums[FaultKind.GAP] == pytest.approx(geodesic_area_m2(moved) - geodesic_area_m2(cells[at]), abs=2)


@pytest.mark.parametrize("limits", [{"tolerance_m2": -1}, {"sliver_width_m": -1}])
def test_limits_below_zero_are_refused(limits):
    with pytest.raises(ValueError, match="-1"):
        found(WEST, **limits)


def test_examples():
    for module in (finding, repairing):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0
