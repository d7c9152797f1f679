"""Layer files for tests: good ones by our writers, bad ones byte by byte."""

import io
import json
import struct
import zipfile
from typing import Any

import shapely
from shapely import Polygon

from gis.layers import Feature, Layer, Wish, read_layer

WEST, SOUTH = 121.1712345, 30.0512345
SIDE = 0.004


def box(column: int, row: int = 0) -> Polygon:
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + SIDE, south + SIDE)


def features(count: int = 3) -> list[Feature]:
    return [
        Feature(n + 1, f"feature {n + 1}", {"code": f"33028100201100{n + 1}", "name": f"第{n + 1}网格"}, box(n))
        for n in range(count)
    ]


def read(content: bytes, name: str, **wish: Any) -> Layer:
    return read_layer(content, name=name, wish=Wish(**wish))


def zipped(**members: bytes) -> bytes:
    """Members by name, dots written as double underscores: `grid__shp=b"…"`."""
    return zipped_paths({name.replace("__", "."): content for name, content in members.items()})


def zipped_paths(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in members.items():
            book.writestr(name, content)
    return out.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def geojson(*geometries: Any, **more: Any) -> bytes:
    drawn = [
        {"type": "Feature", "geometry": one, "properties": {"code": str(n)}} for n, one in enumerate(geometries, 1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": drawn, **more}).encode()


def ring(west: float = WEST, south: float = SOUTH, side: float = SIDE) -> list[list[float]]:
    return [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def dbf(names: list[str], *, encoding: str, driver: int = 0) -> bytes:
    """A dBase table with one character field NAME."""
    width = 40
    head = struct.pack("<BBBBIHH17xB2x", 3, 126, 11, 25, len(names), 65, width + 1, driver)
    column = b"NAME".ljust(11, b"\x00") + b"C" + b"\x00" * 4 + bytes([width, 0]) + b"\x00" * 14
    rows = b"".join(b" " + name.encode(encoding).ljust(width) for name in names)
    return head + column + b"\r" + rows + b"\x1a"
