"""GeoPackage: an SQLite file, opened for reading only, its own code switched off, nothing but plain tables read."""

import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from gis.layers.budget import Budget, Rows
from gis.layers.model import LayerError, Limits, Raw, Remarks, Shape, Value, Wish
from gis.layers.readers.only import only
from gis.layers.shapes import BadShape, from_wkb, note_height

MAGIC: Final = b"SQLite format 3\x00"
_ENVELOPES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_SQL_MOST: Final = 10_000
_ALLOWED: Final = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA}
_HEIGHT_WKB: Final = 1000


def read(members: dict[str, bytes], wish: Wish, remarks: Remarks, limits: Limits) -> Raw:
    """Rows of one table of features, by fid. Raises LayerError."""
    _, content = only(members)
    try:
        with _opened(content) as base:
            return _layer(base, wish, Rows(remarks, Budget(limits)))
    except sqlite3.Error as error:
        raise LayerError("bad_geopackage", f"the file cannot be read as a GeoPackage: {str(error)[:100]}") from None


@contextmanager
def _opened(content: bytes) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="layer-") as folder:
        file = Path(folder, "layer.gpkg")
        file.write_bytes(content)
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _SQL_MOST)
            base.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            base.text_factory = bytes
            for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
                base.execute(f"PRAGMA {pragma}")
            base.set_authorizer(_only_reading)
            yield base


def _only_reading(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _layer(base: sqlite3.Connection, wish: Wish, rows: Rows) -> Raw:
    names = [
        _plain(name) for (name,) in base.execute(
            "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name LIMIT 1000"
        )
    ]  # fmt: skip
    name = wish.layer or (names[0] if len(names) == 1 else "")
    if not names:
        raise LayerError("no_geometry", "the GeoPackage holds no layer of features")
    if name not in names:
        code = "layer_unknown" if name else "layer_choice"
        raise LayerError(
            code, f"the file has the layers {', '.join(names)[:300]}; name one of them", layers=names[:100]
        )
    kind = base.execute("SELECT type FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    if kind is None or kind[0] != b"table":
        raise LayerError("bad_geopackage", f"the layer {name[:60]!r} is no table of its own; export it as a table")
    found = base.execute(
        "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (name,)
    ).fetchone()
    if found is None:
        raise LayerError("no_geometry", f"the layer {name[:60]!r} has no column of geometries")
    column = _plain(found[0])
    columns = [(_plain(one[1]), int(one[5])) for one in base.execute(f"PRAGMA table_info({_quoted(name)})")]
    fields = [label for label, is_key in columns if label != column and not is_key]
    keys = [label for label, is_key in columns if is_key]
    if len(fields) > rows.budget.limits.fields or column not in [label for label, _ in columns]:
        raise LayerError("bad_geopackage", f"the layer {name[:60]!r} has not the columns that it names")
    wanted = ", ".join(map(_quoted, [keys[0] if keys else "rowid", column, *fields]))
    for fid, blob, *cells in base.execute(f"SELECT {wanted} FROM {_quoted(name)} ORDER BY 1"):
        _row(fid, blob, dict(zip(fields, cells, strict=True)), rows)
    return Raw(name, _system(base, found[1]), fields, rows.found, layers=names)


def _row(fid: Any, blob: Any, cells: dict[str, Any], rows: Rows) -> None:
    rows.begin()
    place = f"fid {fid if isinstance(fid, int) else '?'}"
    attributes: dict[str, Value] = {}
    for label, cell in cells.items():
        try:
            attributes[label] = cell.decode() if isinstance(cell, bytes) else cell
        except UnicodeDecodeError:
            rows.refuse(place, "bad_text", "is not UTF-8, as GeoPackage demands", field=label)
    shape: Shape | None = None
    try:
        if blob is not None:
            shape = _shape(blob, rows, place)
    except BadShape as error:
        rows.refuse(place, error.code, error.detail)
    rows.add(place, attributes, shape)


def _shape(blob: Any, rows: Rows, place: str) -> Shape | None:
    """Head of a GeoPackage geometry (OGC 12-128r19, 2.1.3), then well-known binary."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise BadShape("bad_wkb", "the geometry does not begin like one of a GeoPackage")
    flags = blob[3]
    if flags & 0x20:
        raise BadShape("not_a_polygon", "is a geometry of an extension, a polygon is due")
    size = _ENVELOPES.get((flags >> 1) & 7)
    if size is None:
        raise BadShape("bad_wkb", "the geometry names an unknown envelope")
    body = blob[8 + size :]
    if flags & 0x10:
        return None
    shape = from_wkb(body, rows)
    (kind,) = struct.unpack("<I" if body[0] else ">I", body[1:5])
    if kind >= _HEIGHT_WKB:
        note_height(rows, place)
    return shape


def _system(base: sqlite3.Connection, srs_id: Any) -> str:
    """EPSG number or well-known text; empty for the undefined systems 0 and -1."""
    found = base.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs_id,),
    ).fetchone()
    if srs_id in (0, -1) or found is None:
        return ""
    organization, number, definition = _plain(found[0]), found[1], _plain(found[2])
    if organization.upper() == "EPSG" and isinstance(number, int):
        return f"EPSG:{number}"
    return "" if definition == "undefined" else definition


def _plain(text: Any) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
