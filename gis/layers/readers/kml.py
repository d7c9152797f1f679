"""KML 2.2: placemarks with polygons. Links to other files are never followed, entities never opened."""

import io
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from shapely import MultiPolygon, Polygon

from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.readers.only import only
from gis.layers.shapes import BadShape, count_vertices, note_height, polygon_of

_DEPTH: Final = 40
_OTHER: Final = ("Point", "LineString", "Model", "Track", "MultiTrack")
_LINKS: Final = ("NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay")


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Placemarks in order. Raises LayerError."""
    name, content = only(members)
    rows = Rows(remarks, Budget(limits))
    fields: dict[str, None] = {}
    is_kml = False
    try:
        for element in _elements(content):
            kind = _kind(element)
            is_kml = is_kml or kind == "kml"
            if kind in _LINKS:
                rows.remarks.note("link_ignored", f"a {kind} was left out: only what is in the file is read")
            if kind == "Placemark":
                fields |= dict.fromkeys(_placemark(element, rows))
                element.clear()
    except DefusedXmlException:
        raise LayerError(
            "xml_entities", "the file declares entities or a document type; save it without them"
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError("bad_xml", f"is not XML that can be read: {str(error)[:100]}") from None
    if not is_kml:
        raise LayerError("bad_xml", "is XML, but not KML")
    return Raw(name, "", list(fields), rows.found)


def _elements(content: bytes) -> Iterator[Element]:
    """Elements as they end, of bounded depth."""
    depth = 0
    for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth += 1
            if depth > _DEPTH:
                raise LayerError("bad_xml", f"elements are nested deeper than {_DEPTH}")
        else:
            depth -= 1
            yield element


def _kind(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: Element, *path: str) -> list[Element]:
    found = [element]
    for step in path:
        found = [child for one in found for child in one if _kind(child) == step]
    return found


def _text(element: Element, name: str) -> str:
    found = _children(element, name)
    return (found[0].text or "").strip() if found else ""


def _placemark(element: Element, rows: Rows) -> dict[str, Value]:
    place = f"placemark {rows.begin()}"
    title = _text(element, "name")
    if title:
        place = f"{place} ({title[:40]})"
    attributes: dict[str, Value] = {"name": title} if title else {}
    if note := _text(element, "description"):
        attributes["description"] = note
    for one in _children(element, "ExtendedData", "Data"):
        attributes[one.get("name", "")[:100]] = _text(one, "value")
    for one in _children(element, "ExtendedData", "SchemaData", "SimpleData"):
        attributes[one.get("name", "")[:100]] = (one.text or "").strip()
    shape: Shape | None = None
    try:
        shape = _shape(element, rows, place)
    except BadShape as error:
        rows.refuse(place, error.code, error.detail)
    rows.add(place, attributes, shape)
    return attributes


def _shape(element: Element, rows: Rows, place: str) -> Shape | None:
    parts: list[Polygon] = []
    for one in element.iter():
        kind = _kind(one)
        if kind == "Polygon":
            rings = [
                _ring(ring, rows, place)
                for bound in ("outerBoundaryIs", "innerBoundaryIs")
                for ring in _children(one, bound, "LinearRing")
            ]
            if not _children(one, "outerBoundaryIs", "LinearRing"):
                raise BadShape("bad_ring", "a polygon has no outer boundary")
            parts.append(polygon_of(rings, rows))
        elif kind in _OTHER:
            raise BadShape("not_a_polygon", f"holds a {kind}, only polygons are possible")
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _ring(ring: Element, rows: Rows, place: str) -> list[tuple[float, float]]:
    words = _text(ring, "coordinates").split()
    count_vertices(len(words), rows)
    positions = []
    for word in words:
        numbers = word.split(",")
        if len(numbers) == 3 and float_of(numbers[2]) != 0:
            note_height(rows, place)
        if len(numbers) not in (2, 3):
            raise BadShape("bad_ring", f"{word[:40]!r} is no position like 121.5,30.1")
        positions.append((float_of(numbers[0]), float_of(numbers[1])))
    return positions


def float_of(text: str) -> float:
    """Raises BadShape for a text that is no number."""
    try:
        return float(text)
    except ValueError:
        raise BadShape("bad_ring", f"{text[:40]!r} is no number") from None
