"""KML 2.2: one placemark for each feature, attributes as extended data, 7 decimals."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

import shapely
from shapely import Polygon

from gis.formats import DECIMALS, UNWRITABLE
from gis.layers.model import Feature, Shape
from gis.layers.reference import Reference


def write(features: Sequence[Feature], fields: list[str], name: str, reference: Reference) -> bytes:
    """Always WGS84: `reference` was checked to be."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>',
        f"<name>{_text(name)}</name>",
    ]
    for one in features:
        title = one.attributes.get("name")
        cells = "".join(
            f"<Data name={quoteattr(_plain(field))}><value>{_text(one.attributes.get(field))}</value></Data>"
            for field in fields
            if field != "name" and one.attributes.get(field) is not None
        )
        drawn = "" if one.shape is None else _shape(one.shape)
        lines.append(f"<Placemark><name>{_text(title)}</name><ExtendedData>{cells}</ExtendedData>{drawn}</Placemark>")
    lines.append("</Document></kml>")
    return "\n".join(lines).encode()


def _text(value: object) -> str:
    return "" if value is None else escape(_plain(value))


def _plain(value: object) -> str:
    return UNWRITABLE.sub("", str(value))


def _shape(shape: Shape) -> str:
    parts = [shape] if isinstance(shape, Polygon) else list(shape.geoms)
    drawn = "".join(_polygon(shapely.orient_polygons(part)) for part in parts)
    return drawn if len(parts) == 1 else f"<MultiGeometry>{drawn}</MultiGeometry>"


def _polygon(polygon: Polygon) -> str:
    holes = "".join(f"<innerBoundaryIs>{_ring(ring.coords)}</innerBoundaryIs>" for ring in polygon.interiors)
    return f"<Polygon><outerBoundaryIs>{_ring(polygon.exterior.coords)}</outerBoundaryIs>{holes}</Polygon>"


def _ring(positions: Iterable[tuple[float, ...]]) -> str:
    words = " ".join(f"{x:.{DECIMALS}f},{y:.{DECIMALS}f}" for x, y, *_ in positions)
    return f"<LinearRing><coordinates>{words}</coordinates></LinearRing>"
