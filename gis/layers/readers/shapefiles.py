"""Shapefiles: .shp and .dbf of one name in a zip, texts by .cpg, then the dBase header, then UTF-8, then GB18030."""

import io
import struct
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, Final

import shapefile
import shapely
from shapely import MultiPolygon, Polygon

from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.shapes import BadShape, count_vertices, note_height, polygon_of
from gis.layers.texts import LANGUAGE_DRIVERS, first_fitting, named_encoding, plain_name

_POLYGONS: Final = {5, 15, 25}
_NAMES: Final = {1: "Point", 3: "PolyLine", 8: "MultiPoint", 11: "PointZ", 13: "PolyLineZ", 18: "MultiPointZ",
                 21: "PointM", 23: "PolyLineM", 28: "MultiPointM", 31: "MultiPatch"}  # fmt: skip
_DAMAGE: Final = (
    shapefile.ShapefileException, struct.error, ValueError, IndexError, KeyError, EOFError, OSError, OverflowError,
    TypeError, AttributeError,
)  # fmt: skip


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Records in order. Raises LayerError."""
    layers = sorted({str(PurePosixPath(path).with_suffix("")) for path in members if _ending(path) == ".shp"})
    chosen = _choose(layers, wish.layer)
    parts = {_ending(path): content for path, content in members.items()
             if str(PurePosixPath(path).with_suffix("")) == chosen}  # fmt: skip
    if ".dbf" not in parts:
        raise LayerError("shp_incomplete", "the .dbf with the attributes is missing; pack .shp, .shx, .dbf and .prj")
    encoding = _encoding(parts, wish.encoding, remarks)
    rows = Rows(remarks, Budget(limits))
    table = _open(parts, encoding)
    fields = [one.name for one in table.fields if one.name != "DeletionFlag"]
    if len(fields) > limits.fields or len(set(fields)) != len(fields):
        raise LayerError("bad_shapefile", f"more than {limits.fields} fields, or two of the same name")
    for number, outline in enumerate(_outlines(table)):
        _record(table, number, outline, rows)
    if len(rows.found) != table.numRecords:
        raise LayerError(
            "bad_shapefile", f"{len(rows.found)} outlines, but {table.numRecords} rows of attributes in the .dbf"
        )
    projection = parts.get(".prj", b"")[:20_000].decode("utf-8", "replace").strip("\ufeff\x00 \r\n")
    return Raw(
        PurePosixPath(chosen).name, projection, fields, rows.found, encoding,
        [PurePosixPath(one).name for one in layers],
    )  # fmt: skip


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _choose(layers: list[str], wanted: str) -> str:
    names = [PurePosixPath(one).name for one in layers]
    if wanted in names:
        return layers[names.index(wanted)]
    if wanted or len(layers) != 1:
        raise LayerError(
            "layer_unknown" if wanted else "layer_choice",
            f"the file has the layers {', '.join(names)[:300]}; name one of them",
            layers=names[:100],
        )
    return layers[0]


def _encoding(parts: dict[str, bytes], wanted: str, remarks: Remarks) -> str:
    """What a person says, else .cpg, else the header's language driver, else what fits; a wrong .cpg is told."""
    samples = list(_texts(parts[".dbf"]))
    if wanted:
        return named_encoding(wanted)
    said = parts.get(".cpg", b"")[:40].decode("ascii", "replace").strip()
    driver = LANGUAGE_DRIVERS.get(parts[".dbf"][29]) if len(parts[".dbf"]) > 29 else None
    for source, encoding in ((f".cpg ({said})", _known(said)), ("dBase header", driver)):
        if encoding is None:
            continue
        if first_fitting(samples, [encoding]):
            return encoding
        remarks.note("encoding_wrong", f"the {source} names {plain_name(encoding)}, but the texts are not in it")
    found = first_fitting(samples, ["utf-8-sig", "gb18030"])
    if found is None:
        raise LayerError("bad_encoding", "the texts are neither UTF-8 nor GB18030; name their encoding")
    if found != "utf-8-sig":
        remarks.note("encoding_guessed", f"the texts were read as {plain_name(found)}; look at the names")
    return found


def _known(said: str) -> str | None:
    try:
        return named_encoding(said) if said else None
    except LayerError:
        return None


def _texts(table: bytes) -> Iterator[bytes]:
    """Field names and character cells of a dBase table, as they are."""
    if len(table) < 33:
        raise LayerError("bad_shapefile", "the .dbf is shorter than its header")
    many, header, width = struct.unpack("<IHH", table[4:12])
    lengths: list[tuple[bytes, int]] = []
    place = 32
    while place + 32 <= min(header, len(table)) and table[place] != 0x0D:
        yield table[place : place + 11].split(b"\x00")[0]
        lengths.append((table[place + 11 : place + 12], table[place + 16]))
        place += 32
    for number in range(min(many, (len(table) - header) // width if width else 0)):
        at = header + number * width + 1
        for kind, length in lengths:
            if kind == b"C":
                yield table[at : at + length].rstrip(b" \x00")
            at += length


def _open(parts: dict[str, bytes], encoding: str) -> shapefile.Reader:
    # Without .shx: its offsets could lead anywhere, and records are read in order anyway.
    try:
        return shapefile.Reader(
            shp=io.BytesIO(parts[".shp"]), dbf=io.BytesIO(parts[".dbf"]), encoding=encoding, encodingErrors="strict"
        )
    except _DAMAGE as error:
        raise LayerError("bad_shapefile", f"the shapefile cannot be read: {str(error)[:100]}") from None


def _outlines(table: shapefile.Reader) -> Iterator[Any]:
    number = 0
    try:
        for outline in table.iterShapes():
            number += 1
            yield outline
    except _DAMAGE as error:
        raise LayerError("bad_shapefile", f"the .shp is damaged behind record {number}: {str(error)[:80]}") from None


def _record(table: shapefile.Reader, number: int, outline: Any, rows: Rows) -> None:
    place = f"record {rows.begin()}"
    attributes: dict[str, Value] = {}
    try:
        record = table.record(number)
        attributes = {} if record is None else {key: _value(value) for key, value in record.as_dict().items()}
    except _DAMAGE as error:
        is_text = isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error)
        if is_text:
            detail = f"a text is not in {plain_name(table.encoding)}; name the encoding"
            rows.refuse(place, "bad_text", detail, field="attributes")
        else:
            rows.refuse(place, "bad_record", f"the .dbf row cannot be read: {str(error)[:80]}", field="attributes")
    shape: Shape | None = None
    try:
        shape = _shape(outline, rows, place)
    except BadShape as error:
        rows.refuse(place, error.code, error.detail)
    rows.add(place, attributes, shape)


def _value(value: object) -> Value:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value.rstrip("\x00 ")
    return value if isinstance(value, int | float | bool) else None


def _shape(outline: Any, rows: Rows, place: str) -> Shape | None:
    if outline.shapeType == 0:
        return None
    if outline.shapeType not in _POLYGONS:
        raise BadShape("not_a_polygon", f"is a {_NAMES.get(outline.shapeType, 'shape')}, a polygon is due")
    count_vertices(len(outline.points), rows)
    if outline.shapeType != 5:
        note_height(rows, place)
    starts = [*outline.parts, len(outline.points)]
    if not outline.points:
        return None
    if starts[0] != 0 or any(begin >= end for begin, end in pairwise(starts)):
        raise BadShape("bad_ring", "the rings of the record are out of order")
    rings = [outline.points[begin:end] for begin, end in pairwise(starts)]
    return _assembled([polygon_of([ring], rows) for ring in rings], rows, place)


def _assembled(rings: list[Polygon], rows: Rows, place: str) -> Shape:
    """Shells run clockwise, holes against the clock; a hole belongs to the smallest shell around it."""
    shells = [ring for ring in rings if not ring.exterior.is_ccw]
    holes = [ring for ring in rings if ring.exterior.is_ccw]
    if not shells:
        rows.remarks.note("ring_direction", "rings ran against the rule for shells and were taken as shells", place)
        shells, holes = holes, []
    held: dict[int, list[Polygon]] = {index: [] for index in range(len(shells))}
    for hole in holes:
        spot = hole.exterior.coords[0]
        around = [
            index for index, shell in enumerate(shells)
            if shapely.intersects_xy(shell, *spot) and shell.area > hole.area
        ]  # fmt: skip
        if not around:
            raise BadShape("hole_outside_shell", f"a hole at {spot[0]:.7g}, {spot[1]:.7g} lies in no shell")
        held[min(around, key=lambda index: shells[index].area)].append(hole)
    built = [Polygon(shell.exterior, [hole.exterior for hole in held[index]]) for index, shell in enumerate(shells)]
    return built[0] if len(built) == 1 else MultiPolygon(built)
