import random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from benchmarks.mesh import jittered_mesh
from gis.coordinates import geodesic_area_m2
from gis.coverage import (
    BLOCKING,
    Buildings,
    FaultKind,
    Points,
    Repair,
    RepairKind,
    apply_repairs,
    find_faults,
    match_edges,
    repair_all,
)
from gis.locate import GridShape

PARENT = box(121.17, 30.05, 121.174, 30.052)
WEST, EAST = box(121.17, 30.05, 121.172, 30.052), box(121.172, 30.05, 121.174, 30.052)
BOUNDS = (121.15, 30.03, 121.162, 30.039)


def grids(*polygons):
    return [GridShape(number, f"{number:03d}", polygon) for number, polygon in enumerate(polygons)]


def repaired(*polygons, parent=PARENT, **features):
    result = repair_all(grids(*polygons), parent=parent, **features)
    assert result.faults == []
    return [shape.polygon for shape in result.shapes], result.applied


def squares(*polygons):
    return [round(geodesic_area_m2(polygon)) for polygon in polygons]


@pytest.mark.parametrize(
    ("polygons", "kind", "winner", "losers"),
    [
        pytest.param([WEST, box(121.1718, 30.05, 121.174, 30.052)], "take_overlap", "000", ("001",), id="smaller"),
        pytest.param([box(121.17, 30.05, 121.1722, 30.052), EAST], "take_overlap", "001", ("000",), id="the other"),
        pytest.param([WEST, EAST, box(121.173, 30.0505, 121.1735, 30.051)], "take_overlap", "002", ("001",), id="in"),
        pytest.param([WEST, box(121.1722, 30.05, 121.174, 30.052)], "give_gap", "000", (), id="gap, tie by code"),
        pytest.param([WEST, box(121.172, 30.05, 121.1742, 30.052)], "clip_to_parent", "", ("001",), id="beyond"),
        pytest.param(
            [MultiPolygon([WEST, box(121.1739, 30.05, 121.174, 30.052)]), box(121.172, 30.05, 121.1739, 30.052)],
            "give_part",
            "001",
            ("000",),
            id="tiny part",
        ),
    ],
)
def test_the_proposal_follows_the_rule_and_removes_the_fault(polygons, kind, winner, losers):
    [fault] = find_faults(grids(*polygons), parent=PARENT)
    assert (fault.repair.kind, fault.repair.winner_code, fault.repair.loser_codes) == (kind, winner, losers)
    after = apply_repairs(grids(*polygons), [fault.repair])
    assert find_faults(after, parent=PARENT) == []
    assert sum(squares(*(shape.polygon for shape in after))) == pytest.approx(squares(PARENT)[0], abs=1)


@pytest.mark.parametrize(
    "polygons",
    [
        pytest.param([WEST, EAST, EAST], id="the same twice"),
        pytest.param([WEST], id="a missing grid"),
        pytest.param([WEST, EAST, box(121.18, 30.05, 121.181, 30.051)], id="wholly outside"),
        pytest.param(
            [MultiPolygon([WEST, box(121.1735, 30.05, 121.174, 30.052)]), box(121.172, 30.05, 121.1735, 30.052)],
            id="a large second part",
        ),
    ],
)
def test_what_a_person_must_decide_has_no_proposal(polygons):
    assert [fault.repair for fault in find_faults(grids(*polygons), parent=PARENT)] == [None]
    assert repair_all(grids(*polygons), parent=PARENT).shapes == grids(*polygons)


def test_a_gap_goes_to_the_longest_shared_edge():
    gap = box(121.1715, 30.0505, 121.172, 30.0515)  # three sides of 000, one of 001
    [fault] = find_faults(grids(shapely.difference(WEST, gap), EAST), parent=PARENT)
    assert (fault.codes, fault.repair.winner_code) == (("000", "001"), "000")


def test_an_overlap_is_taken_from_the_one_that_stays_whole():
    neck = box(121.1709, 30.05, 121.1711, 30.052)  # the smaller would keep it, and cut the larger in two
    small = shapely.union(neck, box(121.1709, 30.052, 121.1711, 30.0525))
    [fault] = find_faults(grids(WEST, small))
    assert (fault.repair.winner_code, fault.repair.loser_codes) == ("001", ("000",))
    smaller = shapely.union(neck, box(121.1705, 30.052, 121.1715, 30.0535))
    [fault] = find_faults(grids(WEST, smaller))
    assert (fault.repair.winner_code, fault.repair.loser_codes) == ("000", ("001",))


def test_three_over_each_other_end_with_one_owner():
    parts = [box(121.17, 30.05, 121.1725, 30.052), box(121.1715, 30.05, 121.174, 30.052)]
    third = box(121.1718, 30.0505, 121.1722, 30.0515)
    polygons, _ = repaired(*parts, third)
    assert squares(polygons[2]) == squares(third)


def spiked():
    tip = (121.1726, 30.0512)  # 58 m into the eastern grid, half a metre wide
    base = [(121.172, 30.0511975), tip, (121.172, 30.0512025)]
    west = Polygon([(121.17, 30.05), (121.172, 30.05), *base, (121.172, 30.052), (121.17, 30.052)])
    return west, shapely.difference(PARENT, west)


def test_a_spike_is_given_to_the_grid_it_pierces():
    west, east = spiked()
    [fault] = find_faults(grids(west, east), parent=PARENT)
    assert (fault.kind, fault.codes, round(fault.length_m)) == (FaultKind.SPIKE, ("000",), 58)
    assert fault.spot == (121.1726, 30.0512)
    assert fault.kind not in BLOCKING
    polygons, applied = repaired(west, east)
    assert [repair.kind for repair in applied] == [RepairKind.CUT_SPIKE]
    assert squares(*polygons) == pytest.approx(squares(WEST, EAST), abs=2)


def test_a_sharp_corner_of_a_wide_grid_is_no_spike():
    wedge = Polygon([(121.17, 30.05), (121.174, 30.05), (121.174, 30.0504)])
    assert [fault.kind for fault in find_faults(grids(wedge))] == []


def test_a_hole_that_touches_the_shell_is_named():
    hole = Polygon([(121.171, 30.05), (121.1715, 30.051), (121.1705, 30.051)])
    shell = [(121.17, 30.05), (121.171, 30.05), (121.172, 30.05), (121.172, 30.052), (121.17, 30.052)]
    west = Polygon(shell, [hole.exterior])
    assert west.is_valid
    [fault] = find_faults(grids(west, EAST, hole), parent=PARENT)
    assert (fault.kind, fault.spot, fault.repair) == (FaultKind.HOLE_TOUCHING, (121.171, 30.05), None)


def points(*places):
    lons, lats = zip(*places, strict=True)
    return Points([f"h{number}" for number in range(len(places))], np.array(lons), np.array(lats))


def test_points_are_named_together_with_the_gap_that_swallows_them():
    east = box(121.1722, 30.05, 121.174, 30.052)
    households = points((121.171, 30.051), (121.1721, 30.051), (121.1721, 30.0512), (121.18, 30.05))
    found = find_faults(grids(WEST, east), parent=PARENT, points=households)
    gap, inside, beyond = found
    assert (inside.kind, inside.feature_ids, inside.codes) == (FaultKind.POINT_IN_NONE, ("h1", "h2"), ("000", "001"))
    assert inside.repair == gap.repair
    assert (beyond.feature_ids, beyond.codes, beyond.repair) == (("h3",), ("001",), None)
    left = find_faults(apply_repairs(grids(WEST, east), [inside.repair]), parent=PARENT, points=households)
    assert [fault.feature_ids for fault in left] == [("h3",)]


def test_points_in_two_follow_the_overlap_and_borders_belong_to_one():
    east = box(121.1718, 30.05, 121.174, 30.052)
    overlap, doubled = find_faults(
        grids(WEST, east), parent=PARENT, points=points((121.1719, 30.051), (121.172, 30.051), (121.171, 30.051))
    )
    assert (doubled.kind, doubled.feature_ids) == (FaultKind.POINT_IN_TWO, ("h0",))
    assert doubled.repair == overlap.repair
    assert find_faults(grids(WEST, EAST), parent=PARENT, points=points((121.172, 30.051), (121.17, 30.05))) == []


def test_points_without_any_grid_are_one_fault():
    [fault] = find_faults([], points=points((121.1, 30.0), (121.2, 30.0)))
    assert (fault.kind, fault.codes, fault.feature_ids) == (FaultKind.POINT_IN_NONE, (), ("h0", "h1"))


def test_a_border_moves_around_the_building_it_cuts():
    cut, whole, beside = (
        box(121.1719, 30.0505, 121.17205, 30.0507),
        box(121.1705, 30.0505, 121.1707, 30.0507),
        box(121.172, 30.051, 121.1722, 30.0512),
    )
    buildings = Buildings(["b1", "b2", "b3"], [cut, whole, beside])
    [fault] = find_faults(grids(WEST, EAST), parent=PARENT, buildings=buildings)
    assert (fault.kind, fault.feature_ids, fault.codes) == (FaultKind.BORDER_CUTS_BUILDING, ("b1",), ("000", "001"))
    assert (round(fault.area_m2), round(fault.length_m)) == (107, 22)
    assert (fault.repair.winner_code, fault.repair.loser_codes) == ("000", ("001",))
    polygons, _ = repaired(WEST, EAST, buildings=buildings)
    assert polygons[0].covers(cut)
    assert polygons[1].equals(shapely.difference(EAST, cut))


def test_a_building_over_the_parents_border_stays_where_it_is():
    over = box(121.1739, 30.0505, 121.1742, 30.0507)
    assert find_faults(grids(WEST, EAST), parent=PARENT, buildings=Buildings(["b"], [over])) == []


def test_a_rejected_proposal_changes_nothing_and_equal_ones_count_once():
    shapes = grids(WEST, box(121.1718, 30.05, 121.174, 30.052))
    [fault] = find_faults(shapes, parent=PARENT)
    assert apply_repairs(shapes, []) == shapes
    assert apply_repairs(shapes, [fault.repair]) == apply_repairs(shapes, [fault.repair, fault.repair])
    assert fault.key == find_faults(shapes, parent=PARENT)[0].key
    with pytest.raises(ValueError, match="no shape"):
        apply_repairs(shapes[:1], [fault.repair])


def test_repairs_together_never_leave_a_grid_with_nothing():
    halves = [box(121.17, 30.05, 121.171, 30.052), box(121.171, 30.05, 121.172, 30.052)]
    takes = [Repair(RepairKind.TAKE_OVERLAP, half, 1, "001", (0,), ("000",), 1.0) for half in halves]
    west, east = apply_repairs(grids(WEST, shapely.union(WEST, EAST)), takes)
    assert squares(west.polygon) == squares(halves[0])
    assert squares(east.polygon) == squares(PARENT)


def test_a_moved_border_claims_nothing_beyond_the_parent():
    over = box(121.1719, 30.0519, 121.17205, 30.0521)
    polygons, applied = repaired(WEST, EAST, buildings=Buildings(["b"], [over]))
    assert [repair.kind for repair in applied] == [RepairKind.MOVE_BORDER]
    assert sum(squares(*polygons)) == pytest.approx(squares(PARENT)[0], abs=1)


def test_two_shapes_with_one_id_are_refused():
    with pytest.raises(ValueError, match="same id"):
        find_faults([GridShape(1, "a", WEST), GridShape(1, "b", EAST)])


DAMAGES = ("shift", "densify", "grow", "shrink", "spike", "scatter")


def damage(cell: Polygon, kind: str, dice: random.Random) -> Polygon:
    ring = [*cell.exterior.coords[:-1]]
    at = dice.randrange(len(ring))
    x, y = ring[at]
    if kind == "shift":
        ring[at] = (round(x + dice.uniform(-2e-4, 2e-4), 7), round(y + dice.uniform(-2e-4, 2e-4), 7))
    elif kind == "densify":
        return shapely.segmentize(cell, 3e-4)
    elif kind in ("grow", "shrink"):
        by = dice.uniform(2e-5, 1.5e-4) * (1 if kind == "grow" else -1)
        grown = shapely.buffer(cell, by, join_style="mitre")
        return grown if isinstance(grown, Polygon) and grown.is_valid else cell
    elif kind == "spike":
        inward = cell.centroid
        tip = (round(2 * x - inward.x, 7), round(2 * y - inward.y, 7))
        tip = (round(x + 0.3 * (tip[0] - x), 7), round(y + 0.3 * (tip[1] - y), 7))
        ring[at : at + 1] = [(x, y), tip, (round(x + 2e-6, 7), round(y + 2e-6, 7))]
    else:
        ring = [(round(a + dice.uniform(-1e-6, 1e-6), 9), round(b + dice.uniform(-1e-6, 1e-6), 9)) for a, b in ring]
    damaged = Polygon(ring)
    return damaged if damaged.is_valid else cell


@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 9999), st.sampled_from(DAMAGES), st.integers(1, 3))
def test_random_damage_is_repaired_whole(columns, rows, seed, kind, count):
    cells = jittered_mesh(columns, rows, bounds=BOUNDS, seed=seed)
    parent = shapely.union_all(cells)
    dice = random.Random(seed)
    broken = list(cells)
    for at in dice.sample(range(len(cells)), min(count, len(cells))):
        broken[at] = damage(cells[at], kind, dice)
    before = grids(*broken)
    result = repair_all(before, parent=parent)
    assert result.faults == []
    assert geodesic_area_m2(parent) == pytest.approx(
        sum(geodesic_area_m2(shape.polygon) for shape in result.shapes), abs=0.5 * len(cells)
    )
    named = {shape for repair in result.applied for shape in (repair.winner, *repair.losers)}
    for old, new in zip(before, result.shapes, strict=True):
        assert new.id == old.id
        assert new.id in named or new.polygon is old.polygon
    assert apply_repairs(before, []) == before
    again = repair_all(before[::-1], parent=parent)
    assert {shape.code: shape.polygon.wkb for shape in again.shapes} == {
        shape.code: shape.polygon.wkb for shape in result.shapes
    }


@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 9999))
def test_matched_edges_share_every_vertex(columns, rows, seed):
    cells = jittered_mesh(columns, rows, bounds=BOUNDS, seed=seed)
    rough = [damage(cell, "scatter", random.Random(seed + number)) for number, cell in enumerate(cells)]
    matched = match_edges(grids(*rough), tolerance_m2=100.0)
    polygons = [shape.polygon for shape in matched]
    assert shapely.coverage_is_valid(polygons)
    assert shapely.is_valid(polygons).all()
    for old, new in zip(rough, polygons, strict=True):
        assert geodesic_area_m2(new) == pytest.approx(geodesic_area_m2(old), abs=200)
    assert Point(polygons[0].exterior.coords[0]).x == round(polygons[0].exterior.coords[0][0], 7)
