import doctest
import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import coordinates
from gis.coordinates import (
    CoordinateError,
    Crs,
    MetricZone,
    from_wgs84,
    from_wgs84_batch,
    geodesic_area_m2,
    geodesic_m,
    geodesic_m_batch,
    to_wgs84,
    to_wgs84_batch,
)

# place: WGS84, GCJ-02, BD-09, offsets in metres (GCJ, BD)
GOLDEN = {
    "Beijing": (116.391300, 39.907500, 116.3975412, 39.9089013, 116.4039139, 39.9152447, 555, 1378),
    "Shanghai": (121.473700, 31.230400, 121.4782231, 31.2284577, 121.4847815, 31.2343106, 481, 1140),
    "Yuyao": (121.170000, 30.050000, 121.1744289, 30.0476488, 121.1809199, 30.0537352, 500, 1130),
    "Guangzhou": (113.264400, 23.129100, 113.2697296, 23.1264233, 113.2761508, 23.1327113, 621, 1267),
    "Chengdu": (104.065700, 30.659900, 104.0682074, 30.6574793, 104.0747013, 30.6635093, 361, 950),
    "Panzhihua": (101.718600, 26.582300, 101.7201744, 26.5787321, 101.7267149, 26.5845822, 427, 846),
    "Urumqi": (87.616800, 43.825600, 87.6196499, 43.8268054, 87.6260998, 43.8329498, 265, 1107),
    "Harbin": (126.534900, 45.803800, 126.5409407, 45.8057818, 126.5475596, 45.8113960, 518, 1295),
}
offset_systems = st.sampled_from([Crs.GCJ02, Crs.BD09])
china = st.tuples(st.floats(73.62, 134.77), st.floats(3.5, 53.56))


@pytest.mark.parametrize("place", GOLDEN)
def test_golden_vectors_of_the_offset_systems(place):
    lon, lat, gcj_lon, gcj_lat, bd_lon, bd_lat, gcj_m, bd_m = GOLDEN[place]
    gcj, bd = from_wgs84(lon, lat, Crs.GCJ02), from_wgs84(lon, lat, Crs.BD09)
    assert gcj == pytest.approx((gcj_lon, gcj_lat), abs=6e-8)
    assert bd == pytest.approx((bd_lon, bd_lat), abs=6e-8)
    assert geodesic_m((lon, lat), gcj) == pytest.approx(gcj_m, abs=3)  # the published offsets are spherical
    assert geodesic_m((lon, lat), bd) == pytest.approx(bd_m, abs=3)


@given(china, offset_systems)
def test_there_and_back_is_the_same_place(position, crs):
    assert to_wgs84(*from_wgs84(*position, crs), crs) == pytest.approx(position, abs=1e-9)


@given(st.lists(china, min_size=1, max_size=20), st.sampled_from(list(Crs)))
def test_a_batch_says_what_single_calls_say(positions, crs):
    lons, lats = np.array(positions).T
    for single, batch in ((to_wgs84, to_wgs84_batch), (from_wgs84, from_wgs84_batch)):
        expected = [single(lon, lat, crs) for lon, lat in positions]
        assert np.allclose(np.column_stack(batch(lons, lats, crs)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("crs", [Crs.WGS84, Crs.CGCS2000])
def test_satellite_systems_stay_as_they_are(crs):
    assert to_wgs84(121.17, 30.05, crs) == from_wgs84(121.17, 30.05, crs) == (121.17, 30.05)


@given(st.floats(-180, 60), st.floats(-70, 70), offset_systems)
def test_outside_the_box_nothing_is_shifted(lon, lat, crs):
    assert to_wgs84(lon, lat, crs) == from_wgs84(lon, lat, crs) == (lon, lat)


@pytest.mark.parametrize(
    ("lon", "lat", "crs", "code", "field"),
    [
        (math.nan, 30.05, "wgs84", "not_finite", "lon"),
        (121.17, math.inf, "wgs84", "not_finite", "lat"),
        (10**400, 30.05, "wgs84", "not_finite", "lon"),
        ("121.17", 30.05, "wgs84", "not_a_number", "lon"),
        (121.17, None, "wgs84", "not_a_number", "lat"),
        (True, 30.05, "wgs84", "not_a_number", "lon"),
        (180.0000001, 30.05, "wgs84", "out_of_range", "lon"),
        (121.17, -90.0000001, "wgs84", "out_of_range", "lat"),
        (500_000.0, 3_326_233.0, "wgs84", "out_of_range", "lon"),
        (30.05, 121.17, "wgs84", "axes_swapped", "lon"),
        (43.8256, 87.6168, "gcj02", "axes_swapped", "lon"),
        (121.17, 30.05, "epsg:3857", "unknown_crs", "crs"),
        (121.17, 30.05, "", "unknown_crs", "crs"),
    ],
)
def test_bad_coordinates_are_refused_by_name(lon, lat, crs, code, field):
    with pytest.raises(CoordinateError) as refused:
        to_wgs84(lon, lat, crs)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (-0.0, -0.0), (180, 90), (-180, -90), (121.17, 30.05)])
def test_edges_of_the_earth_are_places(lon, lat):
    x, y = to_wgs84(lon, lat, Crs.WGS84)
    assert (x, y) == (lon, lat)
    assert math.copysign(1, x) == (1 if lon == 0 else math.copysign(1, lon))


def test_a_batch_names_its_bad_row():
    with pytest.raises(CoordinateError, match="lat of point 2 is not a finite number"):
        to_wgs84_batch([121, 121, 121], [30, 30, math.nan], Crs.WGS84)
    with pytest.raises(CoordinateError) as refused:
        to_wgs84_batch([121, 122], [30], Crs.WGS84)
    assert refused.value.code == "length_mismatch"


def test_distances_and_areas_are_those_of_the_ellipsoid():
    assert geodesic_m((121.17, 30.05), (121.17, 31.05)) == pytest.approx(110_862, abs=1)
    assert geodesic_m_batch([0, 121.17], [0, 30.05], [0, 121.17], [0, 31.05]) == pytest.approx([0, 110_862], abs=1)
    cell = shapely.box(121.17, 30.05, 121.171, 30.051)
    holed = shapely.Polygon(cell.exterior, [shapely.box(121.1702, 30.0502, 121.1704, 30.0504).exterior])
    assert geodesic_area_m2(cell) == pytest.approx(10_690, abs=1)
    assert geodesic_area_m2(cell.reverse()) == geodesic_area_m2(cell)
    assert geodesic_area_m2(holed) == pytest.approx(10_690 * 0.96, abs=1)


@pytest.mark.parametrize(("lon", "epsg"), [(75, 4534), (119.7, 4549), (121.17, 4549), (121.6, 4550), (135, 4554)])
def test_zones_in_china_are_the_official_ones(lon, epsg):
    from pyproj import Transformer

    zone = MetricZone.at(lon, 30.05)
    official = Transformer.from_crs(4490, epsg, always_xy=True).transform(lon, 30.05)
    xs, ys = zone.project_points([lon], [30.05])
    assert zone.epsg == epsg
    assert (xs[0], ys[0]) == pytest.approx(official, abs=1e-6)


@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(0.0001, 0.01))
def test_a_zone_measures_like_the_ellipsoid_anywhere(lon, lat, size):
    cell = shapely.box(lon, lat, lon + size, lat + size)
    zone = MetricZone.of(cell)
    flat = zone.project(cell)
    assert flat.area == pytest.approx(geodesic_area_m2(cell), rel=2e-3)
    assert shapely.get_coordinates(zone.unproject(flat)) == pytest.approx(shapely.get_coordinates(cell), abs=1e-9)
    assert zone is MetricZone.of(cell)


def test_examples():
    assert doctest.testmod(coordinates).failed == 0
