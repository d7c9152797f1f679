"""Outlines from numbers and bytes: only polygons, finite, closed, counted before GEOS builds anything."""

import re
import struct
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError

from gis.layers.budget import Rows
from gis.layers.model import Shape

_WKB_NAMES: Final = {
    1: "Point", 2: "LineString", 4: "MultiPoint", 5: "MultiLineString", 7: "GeometryCollection", 8: "CircularString",
    9: "CompoundCurve", 10: "CurvePolygon", 11: "MultiCurve", 12: "MultiSurface", 15: "PolyhedralSurface", 16: "TIN",
    17: "Triangle",
}  # fmt: skip
_WKT: Final = re.compile(r"\s*(?:SRID=(\d{1,6});)?\s*(MULTIPOLYGON|POLYGON)\s*(ZM|Z|M)?\s*(\(|EMPTY)", re.IGNORECASE)
_WKT_SIGNS: Final = re.compile(r"[0-9A-Za-z+\-.,()=;\s]*")
_WKT_DEPTH: Final = 4


class BadShape(ValueError):
    """An outline that cannot be read; `code` is that of a fault."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def from_wkb(content: bytes, rows: Rows) -> Shape | None:
    """Polygon of well-known bytes (with or without height); None when it is empty. Raises BadShape."""
    if len(content) < 5 or content[0] not in (0, 1):
        raise BadShape("bad_wkb", "the geometry is not well-known binary")
    (kind,) = struct.unpack("<I" if content[0] else ">I", content[1:5])
    base = (kind & 0x0FFFFFFF) % 1000
    if base not in (3, 6):
        raise BadShape("not_a_polygon", f"is a {_WKB_NAMES.get(base, 'geometry of another kind')}, a polygon is due")
    # No vertex is smaller than 16 bytes: a bound that no lying count inside can pass.
    _count(len(content) // 16, rows)
    try:
        shape = shapely.from_wkb(content)
    except (ShapelyError, ValueError) as error:
        raise BadShape("bad_wkb", f"the geometry is damaged: {str(error)[:80]}") from None
    return _polygonal(shape)


def from_wkt(text: str, rows: Rows) -> tuple[Shape | None, str]:
    """Polygon of well-known text and the EPSG number in front of it, empty without one. Raises BadShape."""
    head = _WKT.match(text)
    if head is None:
        word = re.match(r"\s*(?:SRID=\d+;)?\s*([A-Za-z]{1,30})", text)
        if word is None:
            raise BadShape("bad_wkt", "is not well-known text like POLYGON((…))")
        raise BadShape("not_a_polygon", f"is a {word[1]}, a polygon is due")
    _count(text.count(",") + 1, rows)
    body = text[head.end(1) + 1 :] if head[1] else text
    if not _WKT_SIGNS.fullmatch(body) or _depth(body) > _WKT_DEPTH:
        raise BadShape("bad_wkt", "is not well-known text of a polygon")
    try:
        shape = shapely.from_wkt(body)
    except (ShapelyError, ValueError) as error:
        raise BadShape("bad_wkt", f"is not well-known text: {str(error)[:80]}") from None
    return _polygonal(shape), head[1] or ""


def polygon_of(rings: list[Any], rows: Rows) -> Polygon:
    """Polygon of its rings as lists of (x, y[, z]), the shell first. Raises BadShape."""
    built = []
    for number, ring in enumerate(rings, start=1):
        points = np.asarray(ring, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] < 2:
            raise BadShape("bad_ring", f"ring {number} is no list of positions")
        if not np.isfinite(points[:, :2]).all():
            raise BadShape("not_finite", f"ring {number} holds a number that is not finite")
        if len(points) < 4:
            raise BadShape("ring_too_short", f"ring {number} has {len(points)} points, at least 4 are due")
        if not (points[0, :2] == points[-1, :2]).all():
            raise BadShape("ring_not_closed", f"first and last point of ring {number} differ")
        built.append(points[:, :2])
    return Polygon(built[0], built[1:])


def count_vertices(many: int, rows: Rows) -> None:
    """Raises BadShape (feature_vertices) for one outline that is too fine, LayerError for the whole file."""
    _count(many, rows)


def note_height(rows: Rows, place: str) -> None:
    rows.remarks.note("height_dropped", "heights or measures of vertices were left out", place)


def _count(many: int, rows: Rows) -> None:
    rows.budget.vertices(many)
    most = rows.budget.limits.feature_vertices
    if many > most:
        raise BadShape("feature_vertices", f"has about {many} vertices, at most {most} are possible; simplify it")


def _polygonal(shape: Any) -> Shape | None:
    if not isinstance(shape, Polygon | MultiPolygon):
        raise BadShape("not_a_polygon", "is not a polygon")
    if shape.is_empty:
        return None
    return shape


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in text:
        if sign == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif sign == ")":
            depth -= 1
    return deepest
