"""The piece of a shared border that a case lies at."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from gis.borders import distance_m, nearest_stretch, sides_after
from gis.coordinates import MetricZone, geodesic_m

WEST = shapely.box(121.170, 30.050, 121.172, 30.052)
EAST = shapely.box(121.172, 30.050, 121.174, 30.052)
ZONE = MetricZone.at(121.172, 30.051)


def test_the_stretch_runs_along_the_border_and_stops_at_its_ends() -> None:
    found = nearest_stretch(WEST, EAST, (121.1719, 30.0500), half_m=50)
    assert found is not None
    assert ZONE.project(found.line).length == pytest.approx(50, abs=0.1)
    assert {round(x, 5) for x, _ in found.line.coords} == {121.172}
    assert min(y for _, y in found.line.coords) == pytest.approx(30.05, abs=1e-7)


def test_a_corner_is_no_border() -> None:
    assert nearest_stretch(WEST, shapely.box(121.172, 30.052, 121.174, 30.054), (121.1719, 30.051), half_m=20) is None


def test_a_vertex_more_on_one_side_changes_nothing() -> None:
    east = shapely.Polygon(
        [(121.172, 30.050), (121.174, 30.050), (121.174, 30.052), (121.172, 30.052), (121.172, 30.0511234)]
    )
    plain, more = (nearest_stretch(WEST, one, (121.1719, 30.051), half_m=40) for one in (EAST, east))
    assert plain is not None
    assert more is not None
    assert ZONE.project(plain.line).hausdorff_distance(ZONE.project(more.line)) < 0.05


def test_the_nearest_of_two_pieces_is_taken() -> None:
    """The east grid bites a gap into the common border: two pieces, each with its own middle."""
    bitten = EAST.difference(shapely.box(121.172, 30.0506, 121.1725, 30.0514))
    for lat, low, high in ((30.0502, 30.05, 30.0506), (30.0518, 30.0514, 30.052)):
        found = nearest_stretch(WEST, bitten, (121.1719, lat), half_m=500)
        assert found is not None
        assert min(y for _, y in found.line.coords) == pytest.approx(low, abs=1e-6)
        assert max(y for _, y in found.line.coords) == pytest.approx(high, abs=1e-6)


def test_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="half a stretch"):
        nearest_stretch(WEST, EAST, (121.1719, 30.051), half_m=0)


@given(lon=st.floats(121.1701, 121.1739), lat=st.floats(30.0501, 30.0519), half_m=st.floats(1, 200))
def test_the_stretch_lies_on_both_outlines_and_is_no_farther_than_said(lon: float, lat: float, half_m: float) -> None:
    found = nearest_stretch(WEST, EAST, (lon, lat), half_m=half_m)
    assert found is not None
    line = ZONE.project(found.line)
    for outline in (WEST, EAST):
        assert line.hausdorff_distance(line.intersection(ZONE.project(outline).boundary.buffer(0.06))) < 0.01
    assert line.length <= 2 * half_m + 0.01
    assert distance_m(found.line, (lon, lat)) == pytest.approx(found.distance_m, abs=0.01)


def test_metres_to_a_line_agree_with_the_ellipsoid() -> None:
    line = LineString([(121.172, 30.050), (121.172, 30.052)])
    away = distance_m(line, (121.1725, 30.051))
    assert away == pytest.approx(geodesic_m((121.172, 30.051), (121.1725, 30.051)), rel=5e-4)
    assert distance_m(line, (121.172, 30.051)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("moved_m", "is_kept"), [(0.0, True), (0.04, True), (-0.04, True), (0.3, False), (-0.3, False)]
)
def test_a_border_is_kept_where_it_was(moved_m: float, is_kept: bool) -> None:
    border = 121.172 + moved_m / 96_000
    west, east = shapely.box(121.170, 30.050, border, 30.052), shapely.box(border, 30.050, 121.174, 30.052)
    line = LineString([(121.172, 30.0505), (121.172, 30.0515)])
    old = shapely.box(121.170, 30.050, 121.172, 30.052), shapely.box(121.172, 30.050, 121.174, 30.052)
    assert (sides_after(line, *old, {"w": west, "e": east}) == ("w", "e")) == is_kept
    assert (sides_after(line, old[1], old[0], {"w": west, "e": east}) == ("e", "w")) == is_kept


def test_a_border_that_moved_over_a_part_of_the_stretch_is_not_kept() -> None:
    west, east = shapely.box(121.170, 30.050, 121.172, 30.052), shapely.box(121.172, 30.050, 121.174, 30.052)
    notch = shapely.box(121.17199, 30.0509, 121.17201, 30.0510)
    line = LineString([(121.172, 30.0505), (121.172, 30.0515)])
    after = {"w": west.union(notch), "e": east.difference(notch)}
    assert sides_after(line, west, east, after) is None
    south = LineString([(121.172, 30.0502), (121.172, 30.0507)])
    assert sides_after(south, west, east, after) == ("w", "e")
