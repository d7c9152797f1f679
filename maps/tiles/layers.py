"""What each tile layer shows, as SQL over stored Web Mercator shapes (raw ST_AsMVT is the fastest way measured)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from backend.accounts.actor import Actor
from backend.areas import queries as areas
from backend.cases import queries as cases
from backend.cases.queries import CaseFilter
from backend.places import ground
from maps.tiles.errors import TileOutOfRange

EXTENT = 4096
BUFFER = 64
ZOOM_MAX = 20
_MARGIN = BUFFER / EXTENT

_BASE_COLUMNS = {
    "water": "kind, name",
    "landuse": "kind, name",
    "roads": "kind AS class, name, name_en",
    "buildings": "housenumber, name",
    "places": "kind, name, name_en",
}
_BASE_ONE = """
SELECT ST_AsMVT(found, '{layer}', 4096, 'geom') AS tile FROM (
    SELECT {columns}, ST_AsMVTGeom(shape, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, {buffer}) AS geom
    FROM places_basefeature
    WHERE layer = '{layer}' AND rank <= %(z)s
      AND shape && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => %(margin)s)
) AS found WHERE geom IS NOT NULL"""
_BASE_SQL = (
    "SELECT string_agg(tile, ''::bytea) FROM ("
    + " UNION ALL ".join(
        _BASE_ONE.format(layer=layer, columns=columns, buffer=0 if layer == "places" else BUFFER)
        for layer, columns in _BASE_COLUMNS.items()
    )
    + ") AS parts"
)

_OUTLINES = """
SELECT ST_AsMVT(found, '{name}', 4096, 'geom') AS tile FROM (
    SELECT area.code AS id, area.code, boundary.name, boundary.name_en, parent.name AS community,
           ST_AsMVTGeom(boundary.outline_mercator, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64) AS geom
    FROM areas_boundary AS boundary
    JOIN areas_area AS area ON area.id = boundary.area_id
    LEFT JOIN areas_area AS parent ON parent.id = area.parent_id
    WHERE area.level = '{level}' AND boundary.valid @> %(at)s
      AND boundary.outline_mercator && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => %(margin)s)
) AS found WHERE geom IS NOT NULL"""
_LABELS = """
SELECT ST_AsMVT(found, 'grid_labels', 4096, 'geom') AS tile FROM (
    SELECT area.code AS id, area.code, boundary.name, boundary.name_en, parent.name AS community,
           ST_AsMVTGeom(ST_Transform(boundary.label_point, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0) AS geom
    FROM areas_boundary AS boundary
    JOIN areas_area AS area ON area.id = boundary.area_id
    LEFT JOIN areas_area AS parent ON parent.id = area.parent_id
    WHERE area.level = 'grid' AND boundary.valid @> %(at)s
      AND boundary.outline_mercator && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)
) AS found WHERE geom IS NOT NULL"""
_GRIDS_SQL = (
    "SELECT string_agg(tile, ''::bytea) FROM ("
    + " UNION ALL ".join(
        [
            _OUTLINES.format(name="grids", level="grid"),
            _OUTLINES.format(name="communities", level="community"),
            _LABELS,
        ]
    )
    + ") AS parts"
)

_CASES_SQL = """
SELECT ST_AsMVT(found, 'cases', 4096, 'geom') FROM (
    SELECT one.id::text AS id, one.number, one.state, matter.slug AS matter,
           extract(epoch FROM one.due_at)::bigint AS due,
           ST_AsMVTGeom(ST_Transform(one.location, 3857), ST_TileEnvelope(%s, %s, %s), 4096, 16) AS geom
    FROM cases_case AS one JOIN matters_matter AS matter ON matter.id = one.matter_id
    WHERE one.id IN ({visible})
      AND one.location && ST_Transform(ST_TileEnvelope(%s, %s, %s, margin => %s), 4326)
    LIMIT 10000
) AS found WHERE geom IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class TileAsked:
    """One tile of the XYZ scheme. Raises TileOutOfRange for an address that no map has."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.z <= ZOOM_MAX and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise TileOutOfRange(f"zoom 0 to {ZOOM_MAX}, x and y from 0 to 2^zoom - 1", field="tile")

    def parameters(self) -> dict[str, float]:
        return {"z": self.z, "x": self.x, "y": self.y, "margin": _MARGIN}


def _fetch(sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return bytes(row[0]) if row and row[0] is not None else b""


def base_tile(tile: TileAsked) -> bytes:
    """Water, land use, roads, buildings and names of the imported extract. Empty bytes: nothing is there."""
    return _fetch(_BASE_SQL, tile.parameters())


def grids_tile(tile: TileAsked, *, now: datetime) -> bytes:
    """Public outlines of grids and communities in force, one label point a grid."""
    return _fetch(_GRIDS_SQL, {**tile.parameters(), "at": now})


def cases_tile(tile: TileAsked, *, actor: Actor, wanted: CaseFilter, now: datetime) -> bytes:
    """Cases that the actor may see and that the filter finds; no personal field."""
    visible, values = cases.cases_in(actor, wanted, now=now).order_by().values("pk").query.sql_with_params()
    where = [tile.z, tile.x, tile.y]
    return _fetch(_CASES_SQL.format(visible=visible), [*where, *values, *where, _MARGIN])


@dataclass(frozen=True, slots=True)
class Layer:
    """A tile layer as TileJSON describes it. `stamp` changes whenever any tile of it may have changed."""

    name: str
    zoom_min: int
    zoom_max: int
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    attribution: str = ""
    stamp: Callable[[datetime], str] | None = None


LAYERS = {
    "base": Layer(
        "base",
        8,
        16,
        {
            "water": {"kind": "String", "name": "String"},
            "landuse": {"kind": "String", "name": "String"},
            "roads": {"class": "String", "name": "String", "name_en": "String"},
            "buildings": {"housenumber": "String", "name": "String"},
            "places": {"kind": "String", "name": "String", "name_en": "String"},
        },
        stamp=lambda now: ground.stamp(),
    ),
    "grids": Layer(
        "grids",
        8,
        16,
        {
            "grids": {"id": "String", "code": "String", "name": "String", "name_en": "String", "community": "String"},
            "communities": {"id": "String", "code": "String", "name": "String", "name_en": "String"},
            "grid_labels": {"id": "String", "code": "String", "name": "String", "community": "String"},
        },
        stamp=areas.boundary_stamp,
    ),
    "cases": Layer(
        "cases", 10, 18, {"cases": {"id": "String", "number": "String", "state": "String", "matter": "String"}}
    ),
}
