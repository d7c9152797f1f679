"""Coverage of an area by many tracks: streets piece by piece, ground spot by spot."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.coordinates import MetricZone
from gis.tracks import CleanTrack, Fix, Trodden, clean_track, coverage_share, ground_seen

WEST, SOUTH = 121.170, 30.050
ZONE = MetricZone.at(WEST, SOUTH)
X0, Y0 = (float(value[0]) for value in ZONE.project_points([WEST], [SOUTH]))
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


def in_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    return ZONE.unproject(shapely.transform(shape, lambda rows: np.add(rows, (X0, Y0))))


def street(*places: tuple[float, float]) -> shapely.LineString:
    return in_degrees(shapely.LineString(places))


def grid(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return in_degrees(shapely.box(west, south, east, north))


def walk(*places: tuple[float, float]) -> CleanTrack:
    """On foot along straight legs, a fix each 10 m and 10 s."""
    way = shapely.segmentize(shapely.LineString(places), 10)
    spots = shapely.get_coordinates(street(*way.coords))
    fixes = [Fix(NOON + timedelta(seconds=10 * n), float(lon), float(lat), 5.0) for n, (lon, lat) in enumerate(spots)]
    return clean_track(fixes, now=NOON + timedelta(hours=8))


def trodden(*tracks: CleanTrack) -> Trodden:
    laid = Trodden(ZONE)
    for track in tracks:
        laid.add(track)
    return laid


def test_half_a_street_is_seen_up_to_where_somebody_went() -> None:
    found = ground_seen(
        [street((0, 50), (400, 50))], [grid(0, 0, 400, 100)], trodden(walk((0, 50), (175, 50))), sight_m=25
    )
    assert found.street_m == pytest.approx(400, rel=1e-3)
    assert found.seen_m == pytest.approx(200, abs=10)
    [seen], [unseen] = found.seen, found.unseen
    assert ZONE.project(seen).length == pytest.approx(found.seen_m, rel=1e-6)
    assert ZONE.project(unseen).length == pytest.approx(found.street_m - found.seen_m, rel=1e-6)
    assert found.parts[0].street_share == pytest.approx(0.5, abs=0.03)
    assert found.parts[0].ground_share == pytest.approx((175 * 50 + 3.14 * 25**2 / 2) / 40_000, abs=0.02)


def test_a_street_between_two_grids_counts_for_both_and_once_in_all() -> None:
    parts = [grid(0, 0, 200, 100), grid(0, 100, 200, 200), grid(0, 300, 200, 400)]
    found = ground_seen([street((0, 100), (200, 100))], parts, trodden(walk((0, 100), (200, 100))))
    assert [round(part.street_m) for part in found.parts] == [200, 200, 0]
    assert found.parts[2].street_share is None
    assert round(found.street_m) == 200


def test_streets_outside_and_nobody_at_all() -> None:
    found = ground_seen([street((0, 50), (100, 50)), street((900, 0), (900, 90))], [grid(0, 0, 200, 100)], trodden())
    assert (found.seen, round(found.street_m), found.seen_m) == ([], 100, 0.0)
    assert found.parts[0].ground_share == 0.0
    assert ground_seen([], [grid(0, 0, 200, 100)], trodden()).street_m == 0.0


places = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda one: (one[0] * 10.0, one[1] * 10.0))


@settings(max_examples=25, deadline=None)
@given(st.lists(places, min_size=2, max_size=5, unique=True))
def test_it_agrees_with_the_share_of_one_track(way: list[tuple[float, float]]) -> None:
    """Against the exact figure of the same track, which buffers it."""
    streets = [street((0, y), (400, y)) for y in (0.5, 100.5, 200.5, 300.5)]
    track = walk(*way)
    if not track.segments:
        return
    found = ground_seen(streets, [grid(-20, -20, 420, 420)], trodden(track))
    assert found.seen_m / found.street_m == pytest.approx(coverage_share(streets, track), abs=0.04)


def test_more_tracks_never_see_less() -> None:
    streets, parts = [street((0, 50), (400, 50))], [grid(0, 0, 400, 100)]
    one, other = walk((0, 50), (100, 50)), walk((300, 50), (400, 50))
    alone, both = ground_seen(streets, parts, trodden(one)), ground_seen(streets, parts, trodden(one, other))
    assert both.seen_m > alone.seen_m
    assert both.parts[0].ground_share > alone.parts[0].ground_share
    assert ground_seen(streets, parts, trodden(one, other, one)).seen_m == both.seen_m
