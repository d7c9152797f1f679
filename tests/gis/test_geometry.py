import json
import math
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from gis.geometry import MAX_VERTICES, GeometryError, parse_json, parse_point, parse_polygon

SQUARE = [[121.17, 30.05], [121.171, 30.05], [121.171, 30.051], [121.17, 30.051], [121.17, 30.05]]
HOLE = [[121.1702, 30.0502], [121.1702, 30.0504], [121.1704, 30.0504], [121.1704, 30.0502], [121.1702, 30.0502]]
ELSEWHERE = [[lon + 0.01, lat] for lon, lat in HOLE]


def polygon(*rings, **members):
    return {"type": "Polygon", "coordinates": list(rings), **members}


def multi(*parts):
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def star(points):
    """A star that crosses itself: every corner joined to the one almost opposite."""
    step = points // 2 - 1 if math.gcd(points, points // 2 - 1) == 1 else points // 2 - 2
    angles = [2 * math.pi * (n * step % points) / points for n in range(points)]
    ring = [[121.17 + 0.001 * math.cos(angle), 30.05 + 0.001 * math.sin(angle)] for angle in angles]
    return [*ring, ring[0]]


def comb(teeth):
    """Valid and awkward: long thin teeth."""
    ring = [[121.17 + n * 1e-5, 30.05 + (0.01 if n % 2 else 0.0001)] for n in range(teeth)]
    return [*ring, [121.17 + teeth * 1e-5, 30.05], [121.17, 30.05], ring[0]]


def circle(vertices):
    angles = [2 * math.pi * n / vertices for n in range(vertices)]
    ring = [[121.17 + 0.001 * math.cos(angle), 30.05 + 0.001 * math.sin(angle)] for angle in angles]
    return [*ring, ring[0]]


def put(value, at=1):
    """The square with one corner replaced."""
    return polygon([*SQUARE[:at], value, *SQUARE[at + 1 :]])


REFUSED = {
    "1 null": (None, "not_an_object", ""),
    "2 empty object": ({}, "type_missing", "/type"),
    "3 array": ([], "not_an_object", ""),
    "4 unknown type": ({"type": "Blob"}, "type_unknown", "/type"),
    "5 lower case": ({"type": "polygon", "coordinates": [SQUARE]}, "type_unknown", "/type"),
    "6 feature": ({"type": "Feature", "geometry": polygon(SQUARE)}, "type_not_allowed", "/type"),
    "7 collection of features": ({"type": "FeatureCollection", "features": []}, "type_not_allowed", "/type"),
    "8 no coordinates": (polygon(), "empty", "/coordinates"),
    "8 no ring": (polygon([]), "empty", "/coordinates/0"),
    "8 no part": (multi(), "empty", "/coordinates"),
    "8 missing": ({"type": "Polygon"}, "coordinates_missing", "/coordinates"),
    "9 unclosed": (polygon(SQUARE[:4]), "ring_not_closed", "/coordinates/0"),
    "10 three points": (polygon([*SQUARE[:2], SQUARE[0]]), "ring_too_short", "/coordinates/0"),
    "11 all equal": (polygon([SQUARE[0]] * 5), "no_area", "/coordinates"),
    "12 bow-tie": (polygon([SQUARE[n] for n in (0, 2, 1, 3, 0)]), "self_intersection", "/coordinates"),
    "13 star": (polygon(star(51)), "self_intersection", "/coordinates"),
    "13 large star": (polygon(star(2_001)), "self_intersection", "/coordinates"),
    "15 hole outside": (polygon(SQUARE, ELSEWHERE), "hole_outside_shell", "/coordinates"),
    "16 hole is shell": (polygon(SQUARE, SQUARE), "self_intersection", "/coordinates"),
    "17 overlapping parts": (
        multi([SQUARE], [[[lon + 5e-4, lat] for lon, lat in SQUARE]]),
        "self_intersection",
        "/coordinates",
    ),
    "17 part in part": (multi([SQUARE], [HOLE]), "overlapping_parts", "/coordinates"),
    "18 spike": (polygon([*SQUARE[:2], [121.18, 30.05], *SQUARE[1:]]), "self_intersection", "/coordinates"),
    "18 no width": (polygon([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]), "no_area", "/coordinates"),
    "21 too many": (polygon(circle(MAX_VERTICES)), "too_many_vertices", "/coordinates/0"),
    "21 too many in all": (multi(*[[circle(4_000)]] * 3), "too_many_vertices", "/coordinates/2/0"),
    "22 a million": (polygon([[121.17, 30.05]] * 1_000_000), "too_many_vertices", "/coordinates/0"),
    "23 nested": (
        {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": []}]},
        "type_not_allowed",
        "/type",
    ),
    "24 heights": (put([121.171, 30.05, 4.0]), "not_two_dimensional", "/coordinates/0/1"),
    "25 mixed": (put([121.171]), "not_two_dimensional", "/coordinates/0/1"),
    "26 text": (put(["121.171", 30.05]), "not_a_number", "/coordinates/0/1/0"),
    "26 null": (put([121.171, None]), "not_a_number", "/coordinates/0/1/1"),
    "26 bool": (put([True, 30.05]), "not_a_number", "/coordinates/0/1/0"),
    "26 object": (put({"lon": 121.171, "lat": 30.05}), "not_a_position", "/coordinates/0/1"),
    "26 flat": (polygon([121.17, 30.05, 121.171, 30.05]), "not_a_position", "/coordinates/0/0"),
    "26 text for rings": (polygon("0 0, 1 1"), "not_an_array", "/coordinates/0"),
    "27 crs": (polygon(SQUARE, crs={"type": "name"}), "crs_not_allowed", "/crs"),
    "28 WKT": ("POLYGON ((0 0, 1 1, 1 0, 0 0))", "not_an_object", ""),
    "29 EWKT": ("SRID=999999;POINT (0 0)", "not_an_object", ""),
    "30 TopoJSON": ({"type": "Topology", "arcs": []}, "type_unknown", "/type"),
    "30 Esri JSON": ({"rings": [SQUARE]}, "type_missing", "/type"),
    "31 curve": ({"type": "CurvePolygon", "coordinates": [SQUARE]}, "type_unknown", "/type"),
    "31 type is a list": ({"type": ["Polygon"]}, "type_unknown", "/type"),
    "32 WKB": ("0103000000FFFFFFFF", "not_an_object", ""),
    "33 NaN": (put([math.nan, 30.05]), "not_finite", "/coordinates/0/1/0"),
    "34 infinity": (put([121.17, math.inf]), "not_finite", "/coordinates/0/1/1"),
    "34 huge integer": (put([10**400, 30.05]), "not_finite", "/coordinates/0/1/0"),
    "37 beyond 180": (put([180.0000001, 30.05]), "out_of_range", "/coordinates/0/1/0"),
    "38 beyond 90": (put([121.17, 90.0000001]), "out_of_range", "/coordinates/0/1/1"),
    "39 swapped": (polygon([[lat, lon] for lon, lat in SQUARE]), "axes_swapped", "/coordinates/0/0/0"),
    "40 antimeridian": (
        polygon([[-179, 0], [179, 0], [179, 1], [-179, 1], [-179, 0]]),
        "crosses_antimeridian",
        "/coordinates",
    ),
    "42 metres": (polygon([[612_836, 3_326_233]] * 4), "out_of_range", "/coordinates/0/0/0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_polygons_are_refused_by_name_and_quickly(case):
    geojson, code, pointer = REFUSED[case]
    started = perf_counter()
    with pytest.raises(GeometryError) as refused:
        parse_polygon(geojson)
    assert perf_counter() - started < 1
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("geojson", "kind"),
    [
        (polygon(SQUARE), Polygon),
        (polygon(SQUARE, HOLE), Polygon),
        (polygon(SQUARE[::-1]), Polygon),  # 20 clockwise shell
        (polygon([SQUARE[0], *SQUARE]), Polygon),  # 19 doubled vertex
        (polygon(comb(500)), Polygon),  # 14
        (polygon(circle(MAX_VERTICES - 1)), Polygon),
        (polygon([[-0.0, 0], [1, 0], [1, 1], [0, 0]], bbox=[0, 0, 1, 1]), Polygon),
        (multi([SQUARE], [ELSEWHERE]), MultiPolygon),
    ],
)
def test_good_polygons_come_in_as_they_are(geojson, kind):
    shape = parse_polygon(geojson)
    assert isinstance(shape, kind)
    assert shape.is_valid


def test_an_invalid_polygon_is_shown_where():
    with pytest.raises(GeometryError) as refused:
        parse_polygon(REFUSED["12 bow-tie"][0])
    assert refused.value.spot == pytest.approx((121.1705, 30.0505))


@pytest.mark.parametrize(
    ("geojson", "code"),
    [
        ({"type": "Point", "coordinates": []}, "empty"),
        ({"type": "Point", "coordinates": [121.17, 30.05, 3]}, "not_two_dimensional"),
        ({"type": "Point", "coordinates": "121.17, 30.05"}, "not_a_position"),
        ({"type": "Point", "coordinates": [30.05, 121.17]}, "axes_swapped"),
        (polygon(SQUARE), "type_not_allowed"),
    ],
)
def test_bad_points_are_refused_by_name(geojson, code):
    with pytest.raises(GeometryError) as refused:
        parse_point(geojson)
    assert refused.value.code == code


def test_a_point_comes_in():
    assert parse_point({"type": "Point", "coordinates": [121.17, 30]}).coords[0] == (121.17, 30.0)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["Point", "Polygon", "MultiPolygon"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "crs", "geometries"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_whatever_comes_in_is_a_polygon_or_refused(value):
    with suppress(GeometryError):
        assert parse_polygon(value).is_valid


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"x" * 101, "body_too_large"),
        (b"[" * 100, "too_deep"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "too_deep"),
        (b"", "not_json"),
        (b"{'type': 1}", "not_json"),
        (b"\xff\xfe{\x00}\x00", "not_json"),
        (b'{"type": "Point", "type": "Polygon"}', "not_json"),
        (b"[NaN]", "not_finite"),
        (b"[-Infinity]", "not_finite"),
    ],
)
def test_bad_bodies_are_refused_by_name(body, code):
    with pytest.raises(GeometryError) as refused:
        parse_json(body, max_bytes=100)
    assert refused.value.code == code


def test_hostile_bodies_cost_little():
    started = perf_counter()
    for body in ('"' + '\\"' * 499_000, "[" * 1_000_000, "9" * 1_000_000, '"' * 1_000_000):
        with pytest.raises(GeometryError):
            parse_json(body)
    assert perf_counter() - started < 2


def test_brackets_in_text_are_not_depth():
    value = {"name": "[[[[[[[[[[", "quote": '"[[[[[[[[[['}
    assert parse_json(json.dumps(value)) == value
