"""GeoPackage 1.3 (OGC 12-128r17): one table of features, vertices to the last bit."""

import sqlite3
import struct
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from pyproj import CRS
from shapely import MultiPolygon

from gis.layers.model import Feature, Shape
from gis.layers.reference import Reference

APPLICATION_ID: Final = 0x47504B47
VERSION: Final = 10300
# The format wants a time of the last change; the same layer is to give the same file.
_CHANGED: Final = "1980-01-01T00:00:00.000Z"
_TABLES: Final = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


def write(features: Sequence[Feature], fields: list[str], name: str, reference: Reference) -> bytes:
    """The layer as one table `name` of multipolygons."""
    with tempfile.TemporaryDirectory(prefix="layer-") as folder:
        file = Path(folder, "layer.gpkg")
        with closing(sqlite3.connect(file)) as base:
            base.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            base.execute(f"PRAGMA user_version = {VERSION}")
            base.executescript(_TABLES)
            _fill(base, features, fields, name, reference)
            base.commit()
        return file.read_bytes()


def _fill(
    base: sqlite3.Connection, features: Sequence[Feature], fields: list[str], name: str, reference: Reference
) -> None:
    number = int(reference.name.removeprefix("EPSG:"))
    systems = {4326: CRS.from_epsg(4326), number: CRS.from_epsg(number)}
    base.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, '')",
        [
            ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
            *((crs.name, code, "EPSG", code, crs.to_wkt("WKT1_GDAL")) for code, crs in systems.items()),
        ],
    )
    box = shapely.total_bounds([one.shape for one in features]).tolist()
    base.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', ?, ?, ?, ?, ?, ?)",
        (name, name, _CHANGED, *(None if np.isnan(edge) else edge for edge in box), number),
    )
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (name, number))
    columns = ", ".join(f"{_quoted(field)} {_type(features, field)}" for field in fields)
    base.execute(
        f"CREATE TABLE {_quoted(name)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, {columns})"
    )
    names = ", ".join(map(_quoted, fields))
    marks = ", ".join("?" * (len(fields) + 1))
    base.executemany(
        f"INSERT INTO {_quoted(name)} (geom, {names}) VALUES ({marks})",
        [(_blob(one.shape, number), *(one.attributes.get(field) for field in fields)) for one in features],
    )


def _type(features: Sequence[Feature], field: str) -> str:
    kinds = {type(one.attributes.get(field)) for one in features} - {type(None)}
    return {int: "INTEGER", float: "DOUBLE", bool: "BOOLEAN"}.get(kinds.pop(), "TEXT") if len(kinds) == 1 else "TEXT"


def _blob(shape: Shape | None, number: int) -> bytes | None:
    if shape is None:
        return None
    whole = shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])
    west, south, east, north = whole.bounds
    head = b"GP" + struct.pack("<BBi4d", 0, 0b0000_0011, number, west, east, south, north)
    return head + bytes(shapely.to_wkb(whole, byte_order=1))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
