"""GeoJSON (RFC 7946), and the older `crs` member that GIS programs still write."""

from typing import Any

from shapely import MultiPolygon

from gis.geometry import GeometryError, parse_json
from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.readers.only import only
from gis.layers.shapes import BadShape, count_vertices, note_height, polygon_of
from gis.layers.texts import decoded

_DEPTH: int = 12


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Features of a FeatureCollection. Raises LayerError."""
    name, content = only(members)
    text, encoding = decoded(content, wish.encoding or "utf-8")
    try:
        whole = parse_json(text, max_bytes=limits.file_bytes, max_depth=_DEPTH)
    except GeometryError as error:
        raise LayerError("bad_json", f"is not JSON that can be read: {error.detail}") from None
    if not isinstance(whole, dict) or whole.get("type") != "FeatureCollection":
        raise LayerError("bad_json", "is not a GeoJSON FeatureCollection")
    if not isinstance(whole.get("features"), list):
        raise LayerError("bad_json", "the FeatureCollection has no list of features")
    rows = Rows(remarks, Budget(limits))
    for raw in whole["features"]:
        _feature(raw, rows)
    fields: dict[str, None] = {}
    for feature in rows.found:
        fields |= dict.fromkeys(feature.attributes)
    title = whole.get("name")
    return Raw(title if isinstance(title, str) else name, _crs(whole), list(fields), rows.found, encoding)


def _crs(whole: dict[str, Any]) -> str:
    declared = whole.get("crs")
    if declared is None:
        return ""
    named = declared.get("properties", {}) if isinstance(declared, dict) else {}
    said = named.get("name") if isinstance(named, dict) else None
    if not isinstance(said, str):
        raise LayerError("crs_unknown", "the crs member names no system; take it out and declare the system instead")
    return said


def _feature(raw: Any, rows: Rows) -> None:
    place = f"feature {rows.begin()}"
    if not isinstance(raw, dict) or raw.get("type") != "Feature":
        rows.refuse(place, "not_a_feature", "is not a GeoJSON feature", field="type")
        rows.add(place, {}, None)
        return
    identity = raw.get("id")
    if isinstance(identity, str | int) and not isinstance(identity, bool):
        place = f"{place} (id {str(identity)[:40]})"
    given = raw.get("properties") or {}
    attributes: dict[str, Value] = {}
    if isinstance(given, dict):
        attributes = {
            str(key)[:100]: value for key, value in given.items() if isinstance(value, str | int | float | bool | None)
        }
    else:
        rows.refuse(place, "not_a_feature", "has no object of properties", field="properties")
    shape: Shape | None = None
    try:
        shape = _shape(raw.get("geometry"), rows, place)
    except BadShape as error:
        rows.refuse(place, error.code, error.detail)
    rows.add(place, attributes, shape)


def _shape(geometry: Any, rows: Rows, place: str) -> Shape | None:
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadShape("not_a_polygon", f"is a {str(kind)[:30]}, a polygon is due")
    parts = geometry.get("coordinates")
    parts = [parts] if kind == "Polygon" else parts
    _refuse_odd(parts)
    parts = [rings for rings in parts if rings]
    count_vertices(sum(len(ring) for rings in parts for ring in rings), rows)
    if any(len(position) > 2 for rings in parts for ring in rings for position in ring):
        note_height(rows, place)
    built = [polygon_of([[xy[:2] for xy in ring] for ring in rings], rows) for rings in parts]
    if not built:
        return None
    return built[0] if len(built) == 1 else MultiPolygon(built)


def _refuse_odd(parts: Any) -> None:
    """Lists of lists of positions of numbers, and nothing else."""
    if not isinstance(parts, list) or not all(isinstance(rings, list) for rings in parts):
        raise BadShape("bad_ring", "the coordinates are no lists of rings")
    for rings in parts:
        for ring in rings:
            if not isinstance(ring, list):
                raise BadShape("bad_ring", "a ring is no list of positions")
            for position in ring:
                if not isinstance(position, list) or len(position) < 2 or not all(map(_is_number, position)):
                    raise BadShape("bad_ring", f"{str(position)[:40]} is no position")


def _is_number(value: object) -> bool:
    # Whole numbers beyond what a float holds would not convert.
    return isinstance(value, float) or (type(value) is int and abs(value) < 1e15)
