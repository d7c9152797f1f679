"""GeoJSON (RFC 7946), and the older `crs` member that GIS programs still write."""

import json
from typing import Any, Final

from shapely import MultiPolygon

from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.readers.only import only
from gis.layers.shapes import BadShape, count_vertices, note_height, polygon_of
from gis.layers.texts import decoded

_BRACKETS_A_FEATURE: Final = 10


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Features of a FeatureCollection. Raises LayerError."""
    name, content = only(members)
    text, encoding = decoded(content, wish.encoding or "utf-8")
    # Every position has a bracket: counted in no time, before a million of them are built.
    if text.count("[") > limits.vertices + _BRACKETS_A_FEATURE * limits.features:
        raise LayerError("too_many_vertices", f"more than {limits.vertices} vertices; simplify or divide the file")
    whole = _parsed(text)
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


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise LayerError("bad_json", "is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise LayerError("bad_json", f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except LayerError:
        raise
    except ValueError:  # a whole number of more digits than Python converts
        raise LayerError("bad_json", "a number is too long") from None


def _refuse_constant(name: str) -> float:
    raise LayerError("bad_json", f"{name} is not a number in JSON")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise LayerError("bad_json", "an object names a key twice")
    return members


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
    _refuse_no_rings(parts)
    count_vertices(sum(len(ring) for rings in parts for ring in rings), rows)
    _refuse_odd(parts)
    parts = [rings for rings in parts if rings]
    if any(len(position) > 2 for rings in parts for ring in rings for position in ring):
        note_height(rows, place)
    built = [polygon_of([[xy[:2] for xy in ring] for ring in rings], rows) for rings in parts]
    if not built:
        return None
    return built[0] if len(built) == 1 else MultiPolygon(built)


def _refuse_no_rings(parts: Any) -> None:
    """Lists of lists of lists."""
    if not isinstance(parts, list) or not all(isinstance(rings, list) for rings in parts):
        raise BadShape("bad_ring", "the coordinates are no lists of rings")
    if not all(isinstance(ring, list) for rings in parts for ring in rings):
        raise BadShape("bad_ring", "a ring is no list of positions")


def _refuse_odd(parts: list[list[list[Any]]]) -> None:
    """Positions of two or more numbers, and nothing else."""
    for rings in parts:
        for ring in rings:
            for position in ring:
                if not isinstance(position, list) or len(position) < 2 or not all(map(_is_number, position)):
                    raise BadShape("bad_ring", f"{str(position)[:40]} is no position")


def _is_number(value: object) -> bool:
    # Whole numbers beyond what a float holds would not convert.
    return isinstance(value, float) or (type(value) is int and abs(value) < 1e15)
