"""Strict intake of GeoJSON geometries: what is not exactly right is refused by name, nothing is repaired.

The shape is checked in Python before GEOS sees a number, because GEOS can crash on infinities and takes minutes to
repair or overlay hostile polygons. Here it is only asked whether a bounded, finite polygon is valid.
"""

import json
import re
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import shapely
from shapely import MultiPolygon, Point, Polygon

from gis.coordinates import CoordinateError, Position, check_position

MAX_VERTICES: Final = 10_000
MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 8
GEOMETRY_TYPES: Final = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)
OTHER_TYPES: Final = frozenset({"Feature", "FeatureCollection"})
# What GEOS says of an invalid polygon -> our code.
INVALIDITY: Final = {
    "Self-intersection": "self_intersection",
    "Ring Self-intersection": "self_intersection",
    "Duplicate Rings": "duplicate_rings",
    "Nested shells": "overlapping_parts",
    "Holes are nested": "nested_holes",
    "Hole lies outside shell": "hole_outside_shell",
    "Interior is disconnected": "interior_disconnected",
    "Too few points in geometry component": "no_area",
}


class GeometryError(ValueError):
    """A geometry that is refused.

    `code`: body_too_large, not_json, too_deep, not_an_object, type_missing, type_unknown, type_not_allowed,
    crs_not_allowed, coordinates_missing, empty, not_an_array, not_a_position, not_two_dimensional, not_a_number,
    not_finite, out_of_range, axes_swapped, too_many_vertices, ring_too_short, ring_not_closed, crosses_antimeridian,
    or one of INVALIDITY. `pointer`: JSON pointer into the geometry; `spot`: (lon, lat) to look at, None without one.
    """

    def __init__(self, code: str, detail: str, *, pointer: str = "", spot: Position | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.spot = spot


def parse_json(body: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """JSON value of a body of bounded size and depth, UTF-8, without doubled keys, NaN or Infinity.

    Raises GeometryError (body_too_large, not_json, too_deep, not_finite).
    """
    if len(body) > max_bytes:
        raise GeometryError("body_too_large", f"more than {max_bytes} bytes")
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError as error:
        raise GeometryError("not_json", f"not UTF-8 at byte {error.start}") from None
    if _depth(text) > max_depth:
        raise GeometryError("too_deep", f"nested deeper than {max_depth} levels")
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise GeometryError("not_json", f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except GeometryError:
        raise
    except ValueError:  # an integer of more digits than Python converts
        raise GeometryError("not_finite", "a number is too long") from None


def parse_point(geojson: object) -> Point:
    """Point of a parsed GeoJSON geometry, WGS84. Raises GeometryError.

    >>> parse_point({"type": "Point", "coordinates": [121.17, 30.05]})
    <POINT (121.17 30.05)>
    """
    _, coordinates = _members(geojson, ("Point",))
    if coordinates == []:
        raise GeometryError("empty", "a point without coordinates", pointer="/coordinates")
    return Point(_position(coordinates, "/coordinates"))


def parse_polygon(geojson: object) -> Polygon | MultiPolygon:
    """Valid polygon of a parsed GeoJSON geometry, WGS84, at most MAX_VERTICES vertices. Raises GeometryError.

    Ring direction is free, as RFC 7946 asks of readers; doubled vertices are kept.

    >>> parse_polygon({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]})
    Traceback (most recent call last):
    gis.geometry.GeometryError: Self-intersection at 0.5, 0.5
    """
    kind, coordinates = _members(geojson, ("Polygon", "MultiPolygon"))
    seen = _Vertices()
    if kind == "Polygon":
        shape: Polygon | MultiPolygon = _polygon(coordinates, "/coordinates", seen)
    else:
        parts = _array(coordinates, "/coordinates")
        shape = MultiPolygon([_polygon(part, f"/coordinates/{n}", seen) for n, part in enumerate(parts)])
    west, _, east, _ = shape.bounds
    if east - west > 180:
        raise GeometryError("crosses_antimeridian", f"spans {east - west:.0f} degrees", pointer="/coordinates")
    _refuse_invalid(shape)
    return shape


class _Vertices:
    """Counts before anything is built, so that a million vertices cost no more than ten thousand."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, more: int, pointer: str) -> None:
        self.count += more
        if self.count > MAX_VERTICES:
            raise GeometryError("too_many_vertices", f"more than {MAX_VERTICES} vertices", pointer=pointer)


def _members(geojson: object, allowed: Sequence[str]) -> tuple[str, object]:
    if not isinstance(geojson, dict):
        raise GeometryError("not_an_object", "a GeoJSON geometry is a JSON object")
    kind = geojson.get("type")
    if kind is None:
        raise GeometryError("type_missing", "the geometry has no type", pointer="/type")
    if not isinstance(kind, str) or kind not in GEOMETRY_TYPES | OTHER_TYPES:
        raise GeometryError("type_unknown", f"{str(kind)[:40]!r} is no GeoJSON type", pointer="/type")
    if kind not in allowed:
        raise GeometryError("type_not_allowed", f"{kind} where {' or '.join(allowed)} is due", pointer="/type")
    if "crs" in geojson:
        raise GeometryError("crs_not_allowed", "GeoJSON is always WGS84: leave crs out", pointer="/crs")
    if "coordinates" not in geojson:
        raise GeometryError("coordinates_missing", f"the {kind} has no coordinates", pointer="/coordinates")
    return kind, geojson["coordinates"]


def _polygon(value: object, pointer: str, seen: _Vertices) -> Polygon:
    rings = [_ring(ring, f"{pointer}/{n}", seen) for n, ring in enumerate(_array(value, pointer))]
    return Polygon(rings[0], rings[1:])


def _ring(value: object, pointer: str, seen: _Vertices) -> list[Position]:
    items = _array(value, pointer)
    seen.add(len(items), pointer)
    ring = [_position(item, f"{pointer}/{n}") for n, item in enumerate(items)]
    if len(ring) < 4:
        raise GeometryError(
            "ring_too_short", f"a ring of {len(ring)} points, at least 4 are due", pointer=pointer, spot=ring[0]
        )
    if ring[0] != ring[-1]:
        raise GeometryError("ring_not_closed", "first and last point of a ring differ", pointer=pointer, spot=ring[-1])
    return ring


def _array(value: object, pointer: str) -> list[object]:
    if not isinstance(value, list):
        raise GeometryError("not_an_array", "an array is due here", pointer=pointer)
    if not value:
        raise GeometryError("empty", "an empty array", pointer=pointer)
    return value


def _position(value: object, pointer: str) -> Position:
    if not isinstance(value, list):
        raise GeometryError("not_a_position", "a position [lon, lat] is due here", pointer=pointer)
    if len(value) != 2:
        raise GeometryError("not_two_dimensional", f"a position of {len(value)} numbers, 2 are due", pointer=pointer)
    for axis, number in enumerate(value):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise GeometryError("not_a_number", "a coordinate is not a number", pointer=f"{pointer}/{axis}")
    lon, lat = value
    if -180 <= lon <= 180 and -90 <= lat <= 90:  # the quick way for the many good ones
        return float(lon) + 0.0, float(lat) + 0.0
    try:
        return check_position(lon, lat)
    except CoordinateError as error:
        axis = 0 if error.field == "lon" else 1
        raise GeometryError(error.code, error.detail, pointer=f"{pointer}/{axis}") from None


def _refuse_invalid(shape: Polygon | MultiPolygon) -> None:
    reason = shapely.is_valid_reason(shape)
    if reason == "Valid Geometry":
        return
    found = re.fullmatch(r"(.*?)\[(\S+) (\S+)\]", reason)
    text, spot = (found[1], (float(found[2]), float(found[3]))) if found else (reason, None)
    if spot is not None and not all(map(isfinite, spot)):
        spot = None
    code = INVALIDITY.get(text, "invalid")
    where = f" at {spot[0]:.7g}, {spot[1]:.7g}" if spot else ""
    raise GeometryError(code, f"{text}{where}", pointer="/coordinates", spot=spot)


def _depth(text: str) -> int:
    """Deepest nesting of brackets outside strings; one pass, also over a string that never ends."""
    deepest = depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', text, re.DOTALL):
        sign = token[0]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> float:
    raise GeometryError("not_finite", f"{name} is not a number in JSON")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise GeometryError("not_json", "an object names a key twice")
    return members
