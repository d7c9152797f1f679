"""The border that two grids share, and the piece of it that a case lies at.

Outlines are WGS84 polygons; lengths and distances are metres in the zone of the point that is asked about.
"""

from dataclasses import dataclass
from typing import Final

import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.ops import substring

from gis.coordinates import MetricZone, Position

# Outlines that meet may lie this far apart by the rounding of their vertices, and a common corner is no border.
TOUCH_M: Final = 0.05
LEAST_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a shared border (WGS84) and how far from it the point lies."""

    line: LineString
    distance_m: float


def nearest_stretch(
    first: Polygon | MultiPolygon, second: Polygon | MultiPolygon, at: Position, *, half_m: float
) -> Stretch | None:
    """The shared border around the spot that is nearest to `at`, up to `half_m` along it to either side.

    None where the two touch in corners only, or nowhere. Raises ValueError for a `half_m` of 0 or less,
    gis.coordinates.CoordinateError for a point that is not on Earth.

    >>> west, east = shapely.box(121.170, 30.050, 121.172, 30.052), shapely.box(121.172, 30.050, 121.174, 30.052)
    >>> found = nearest_stretch(west, east, (121.1719, 30.051), half_m=20)
    >>> round(found.distance_m, 1), round(MetricZone.at(121.17, 30.05).project(found.line).length)
    (9.6, 40)
    >>> nearest_stretch(west, shapely.box(121.172, 30.052, 121.174, 30.054), (121.1719, 30.051), half_m=20)
    """
    if half_m <= 0:
        raise ValueError(f"half a stretch of {half_m} m")
    zone = MetricZone.at(*at)
    spot = zone.project(Point(at))
    shared = shapely.intersection(zone.project(first).boundary, zone.project(second).buffer(TOUCH_M))
    merged = shapely.line_merge(shared) if shared.geom_type == "MultiLineString" else shared
    pieces = [piece for piece in shapely.get_parts(merged) if isinstance(piece, LineString) and piece.length >= LEAST_M]
    if not pieces:
        return None
    nearest = min(pieces, key=lambda piece: piece.distance(spot))
    middle_m = nearest.project(spot)
    piece = substring(nearest, max(0.0, middle_m - half_m), min(nearest.length, middle_m + half_m))
    return Stretch(zone.unproject(LineString(piece.coords)), float(nearest.distance(spot)))


def distance_m(line: LineString, at: Position) -> float:
    """Metres from a WGS84 point to a WGS84 line.

    >>> round(distance_m(LineString([(121.172, 30.050), (121.172, 30.052)]), (121.1719, 30.051)), 1)
    9.6
    """
    zone = MetricZone.at(*at)
    return float(zone.project(line).distance(zone.project(Point(at))))
