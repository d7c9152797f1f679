"""Edits of outlines keep the ground whole: nothing is lost, nothing is covered twice."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from gis.coordinates import geodesic_area_m2
from gis.coverage import find_faults
from gis.lineage import Kinship, descent_of
from gis.locate import GridShape
from gis.outlines import (
    EditNotPossible,
    Shape,
    merge,
    move_vertex,
    redraw_group,
    remove,
    rounded,
    set_outline,
    split,
)

WEST, SOUTH, SIDE = 121.17, 30.05, 0.002
GROUND = rounded(shapely.box(WEST, SOUTH, WEST + 3 * SIDE, SOUTH + 3 * SIDE))


def nine() -> dict[str, Shape]:
    return {
        f"{row}{column}": rounded(
            shapely.box(WEST + column * SIDE, SOUTH + row * SIDE, WEST + (column + 1) * SIDE, SOUTH + (row + 1) * SIDE)
        )
        for row in range(3)
        for column in range(3)
    }


GROUND_FAULTS = {"overlap", "gap", "sliver_overlap", "sliver_gap", "outside_parent"}


def faults(shapes: dict[str, Shape]) -> list[str]:
    found = find_faults([GridShape(key, key, shape) for key, shape in shapes.items()], parent=GROUND)
    # A hand may draw a spike or a hole; it may never leave ground to nobody or to two.
    return [f"{one.kind} {one.codes} {one.area_m2}" for one in found if one.kind in GROUND_FAULTS]


def at(column: float, row: float) -> tuple[float, float]:
    return WEST + column * SIDE, SOUTH + row * SIDE


spots = st.tuples(st.floats(0.1, 2.9), st.floats(0.1, 2.9))


@given(st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_a_moved_corner_leaves_no_gap(corner: tuple[int, int], right: float, up: float) -> None:
    shapes = nine()
    changed = move_vertex(shapes, at(*corner), at(corner[0] + right, corner[1] + up))
    assert faults({**shapes, **changed}) == []


@given(spots, spots)
def test_a_moved_point_of_an_edge_gives_both_sides_the_vertex(
    where: tuple[float, float], to: tuple[float, float]
) -> None:
    """A new vertex in the middle of a border: both neighbours get it, or the move is refused."""
    shapes = nine()
    on_edge = at(1, where[1])
    try:
        changed = move_vertex(shapes, on_edge, at(*to))
    except EditNotPossible:
        return
    assert faults({**shapes, **changed}) == []


@settings(max_examples=60)
@given(st.lists(spots, min_size=3, max_size=8))
def test_a_drawn_outline_takes_and_leaves_no_gap(points: list[tuple[float, float]]) -> None:
    drawn = shapely.convex_hull(shapely.MultiPoint([at(*one) for one in points]))
    if drawn.geom_type != "Polygon" or geodesic_area_m2(drawn) < 100:
        return
    shapes = nine()
    try:
        changed = set_outline(shapes, "11", drawn)
    except EditNotPossible:
        return
    assert faults({**shapes, **changed}) == []


@given(st.floats(0.15, 0.85), st.floats(0.15, 0.85))
def test_split_and_merge_come_back_to_the_same(low: float, high: float) -> None:
    shapes = nine()
    line = LineString([at(1 + low, 0.9), at(1 + high, 2.1)])
    parts = split(shapes, "11", line)
    assert len(parts) == 2
    assert sum(map(geodesic_area_m2, parts)) == pytest.approx(geodesic_area_m2(shapes["11"]), abs=5)
    whole = merge({"a": parts[0], "b": parts[1]}, ["a", "b"])
    assert geodesic_area_m2(shapely.symmetric_difference(whole, shapes["11"])) < 5  # type: ignore[arg-type]


def test_a_line_that_ends_inside_does_not_split() -> None:
    with pytest.raises(EditNotPossible) as refused:
        split(nine(), "11", LineString([at(1.5, 0.9), at(1.5, 1.5)]))
    assert refused.value.code == "line_does_not_cut"


def test_only_neighbours_merge() -> None:
    with pytest.raises(EditNotPossible) as refused:
        merge(nine(), ["00", "22"])
    assert refused.value.code == "not_neighbours"


def test_a_corner_pulled_over_a_third_grid_is_refused() -> None:
    with pytest.raises(EditNotPossible):
        move_vertex(nine(), at(1, 1), at(2.6, 2.6))


@pytest.mark.parametrize("heir", [None, "12"])
def test_a_closed_grid_leaves_its_ground_to_others(heir: str | None) -> None:
    shapes = nine()
    changed = remove(shapes, "11", heir=heir)
    rest = {key: shape for key, shape in {**shapes, **changed}.items() if key != "11"}
    assert faults(rest) == []


def test_a_group_is_redrawn() -> None:
    """The south row takes one grid whole and half of another; the rest stays where it was."""
    shapes = nine()
    outline = shapely.union_all(
        [shapely.box(*at(0, 0), *at(3, 1)), shapely.box(*at(0, 1), *at(1, 2)), shapely.box(*at(1, 1), *at(1.5, 2))]
    )
    changed, group = redraw_group(shapes, {"00", "01", "02"}, outline)  # type: ignore[arg-type]
    assert group == {"00", "01", "02", "10"}
    assert faults({**shapes, **changed}) == []
    union = shapely.union_all([{**shapes, **changed}[key] for key in sorted(group)])
    assert shapely.area(shapely.symmetric_difference(union, outline)) < 1e-11


def test_lineage_of_a_recoded_grid_is_moved() -> None:
    whole = shapely.box(0, 0, 0.002, 0.002)
    [line] = descent_of({"a": whole}, {"b": whole})
    assert (line.kind, line.old, line.new) == (Kinship.MOVED, "a", "b")


def test_the_shares_of_a_lineage_add_up() -> None:
    shapes = nine()
    changed = move_vertex(shapes, at(1, 1), at(1.3, 1.2))
    lines = descent_of(shapes, {**shapes, **changed})
    assert np.isclose(sum(line.shared_m2 for line in lines), geodesic_area_m2(GROUND), atol=5)  # type: ignore[arg-type]
    kinds = {line.new: line.kind for line in lines if line.old == line.new}
    assert kinds["22"] is Kinship.KEPT
    assert kinds["00"] is Kinship.MOVED
