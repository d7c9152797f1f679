"""A shapefile in a zip: .shp, .shx, .dbf (UTF-8), .prj and .cpg."""

import io
import zipfile
from collections.abc import Sequence
from typing import Final

import shapefile
import shapely
from pyproj import CRS
from shapely import Polygon

from gis.layers.model import Feature, LayerError, Shape
from gis.layers.reference import Reference

NAME_BYTES: Final = 10
TEXT_BYTES: Final = 254


def write(features: Sequence[Feature], fields: list[str], name: str, reference: Reference) -> bytes:
    """Names of fields keep 10 bytes; a text of more than 254 bytes is refused. Raises LayerError (text_too_long)."""
    widths = [_width(features, field) for field in fields]
    parts = {".shp": io.BytesIO(), ".shx": io.BytesIO(), ".dbf": io.BytesIO()}
    with shapefile.Writer(
        shp=parts[".shp"], shx=parts[".shx"], dbf=parts[".dbf"], shapeType=shapefile.POLYGON, encoding="utf-8"
    ) as table:
        for short, width in zip(_short(fields), widths, strict=True):
            table.field(short, "C", size=width)
        for one in features:
            if one.shape is None:
                table.null()
            else:
                table.poly(_rings(one.shape))
            table.record(*(_text(one, field) for field in fields))
    files = {ending: part.getvalue() for ending, part in parts.items()}
    system = CRS.from_user_input(reference.said)
    files |= {".prj": system.to_wkt("WKT1_ESRI").encode(), ".cpg": b"UTF-8"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for ending, content in files.items():
            # A fixed time: the same layer gives the same file.
            book.writestr(zipfile.ZipInfo(f"{name}{ending}", (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _short(fields: list[str]) -> list[str]:
    """Names of at most 10 bytes, each once."""
    found: list[str] = []
    for field in fields:
        short = field.encode()[:NAME_BYTES].decode("utf-8", "ignore")
        number = 1
        while short in found:
            tail = str(number)
            short = field.encode()[: NAME_BYTES - len(tail)].decode("utf-8", "ignore") + tail
            number += 1
        found.append(short)
    return found


def _width(features: Sequence[Feature], field: str) -> int:
    return max(1, *(len(_text(one, field).encode()) for one in features))


def _text(one: Feature, field: str) -> str:
    value = one.attributes.get(field)
    text = "" if value is None else str(value)
    if len(text.encode()) > TEXT_BYTES:
        raise LayerError("text_too_long", f"{one.place}: {field} has more than {TEXT_BYTES} bytes; choose gpkg")
    return text


def _rings(shape: Shape) -> list[list[tuple[float, float]]]:
    """Shells clockwise, holes against the clock."""
    parts = [shape] if isinstance(shape, Polygon) else list(shape.geoms)
    turned = [shapely.orient_polygons(part, exterior_cw=True) for part in parts]
    return [[(x, y) for x, y, *_ in ring.coords] for part in turned for ring in (part.exterior, *part.interiors)]
