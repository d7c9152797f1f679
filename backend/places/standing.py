"""What stands on the ground of a draft: points that should lie in one grid, buildings that no border should cut."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.db import connection
from shapely import MultiPolygon, Polygon, STRtree

from gis.coordinates import MetricZone, Position

_POINTS = """
    SELECT 'place', one.code, 1, ST_X(one.location), ST_Y(one.location) FROM places_place AS one
    WHERE one.is_active AND one.location && ST_GeomFromWKB(%(ground)s, 4326)
      AND ST_Intersects(one.location, ST_GeomFromWKB(%(ground)s, 4326))
    UNION ALL
    SELECT 'address', one.code, one.households, ST_X(one.location), ST_Y(one.location) FROM places_address AS one
    WHERE one.location && ST_GeomFromWKB(%(ground)s, 4326)
      AND ST_Intersects(one.location, ST_GeomFromWKB(%(ground)s, 4326))
    ORDER BY 1, 2"""
_BUILDINGS = """
    SELECT coalesce(nullif(name, ''), housenumber), ST_AsBinary(ST_Transform(shape, 4326)) FROM places_basefeature
    WHERE layer = 'buildings' AND shape && ST_Transform(ST_GeomFromWKB(%(ground)s, 4326), 3857)
      AND ST_Dimension(shape) = 2
    ORDER BY id"""
# A corner of a building beyond the border is drawing, not a cut.
LEAST_CUT_SHARE = 0.02

Outlines = Mapping[str, Polygon | MultiPolygon]


@dataclass(frozen=True, slots=True)
class Stray:
    """A place or address in no outline, or inside of several. `households`: behind an address; 1 for a place."""

    kind: str
    code: str
    households: int
    spot: Position
    in_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutBuilding:
    """A building in several outlines, those with most of it first; `border_m`: how much border runs through it."""

    name: str
    codes: tuple[str, ...]
    border_m: float
    spot: Position
    outline: Polygon


def strays(outlines: Outlines, ground: Polygon | MultiPolygon) -> list[Stray]:
    """Points on the ground that no outline covers, or that lie inside (not on the border) of more than one."""
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, {"ground": shapely.to_wkb(ground)})
        rows = cursor.fetchall()
    if not rows:
        return []
    codes = list(outlines)
    tree = STRtree([outlines[code] for code in codes])
    points = np.asarray(shapely.points(np.array([row[3:] for row in rows], dtype=float)))
    covered: npt.NDArray[np.bool_] = np.zeros(len(rows), dtype=bool)
    covered[tree.query(points, predicate="intersects")[0]] = True
    inside: dict[int, list[str]] = {}
    for row, column in zip(*tree.query(points, predicate="within").tolist(), strict=True):
        inside.setdefault(row, []).append(codes[column])
    return [
        Stray(kind, code, households, (lon, lat), tuple(sorted(inside.get(number, ()))))
        for number, (kind, code, households, lon, lat) in enumerate(rows)
        if not covered[number] or len(inside.get(number, ())) > 1
    ]


def cut_buildings(outlines: Outlines, ground: Polygon | MultiPolygon) -> list[CutBuilding]:
    """Buildings of the base map that a border runs through."""
    with connection.cursor() as cursor:
        cursor.execute(_BUILDINGS, {"ground": shapely.to_wkb(ground.envelope)})
        rows = cursor.fetchall()
    if not rows:
        return []
    codes = list(outlines)
    tree = STRtree([outlines[code] for code in codes])
    shapes = np.asarray(shapely.from_wkb([bytes(row[1]) for row in rows]))
    whole = set(tree.query(shapes, predicate="covered_by")[0].tolist())
    met: dict[int, list[str]] = {}
    for row, column in zip(*tree.query(shapes, predicate="intersects").tolist(), strict=True):
        if row not in whole:
            met.setdefault(row, []).append(codes[column])
    return [cut for row in sorted(met) for cut in _cuts(rows[row][0], shapes[row], met[row], outlines)]


def _cuts(name: str, shape: Any, codes: list[str], outlines: Outlines) -> Iterator[CutBuilding]:
    zone = MetricZone.of(shape)
    for part in shapely.get_parts(shape):
        flat = zone.project(part)
        shares = {code: zone.project(outlines[code]).intersection(flat).area / flat.area for code in codes}
        cut = sorted((code for code, share in shares.items() if share > LEAST_CUT_SHARE), key=lambda c: (-shares[c], c))
        if len(cut) > 1:
            border = zone.project(outlines[cut[1]]).boundary.intersection(flat)
            spot = shapely.point_on_surface(part)
            yield CutBuilding(name, tuple(cut), round(border.length, 1), (spot.x, spot.y), part)
