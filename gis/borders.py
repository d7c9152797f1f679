"""The border that two grids share, and the piece of it that a case lies at.

Outlines are WGS84 polygons; lengths and distances are metres in the zone of the point that is asked about.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from gis.coordinates import MetricZone, Position

# Outlines that meet may lie this far apart by the rounding of their vertices, and a common corner is no border.
TOUCH_M: Final = 0.05
LEAST_M: Final = 1.0
# A border that was noded anew lies where it was: twice what two outlines may lie apart.
KEPT_M: Final = 2 * TOUCH_M
# Ground this far to either side of a border tells who lies beside it.
_BESIDE_M: Final = 1.0

_Key = TypeVar("_Key", bound=Hashable)
Outline = Polygon | MultiPolygon


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


def sides_after(
    line: LineString, first: Outline, second: Outline, after: Mapping[_Key, Outline]
) -> tuple[_Key, _Key] | None:
    """Which of the new outlines lie where the two old ones lay along a piece of their border, in that order.

    None where that piece is no border between two of them any more, or lies more than KEPT_M from where it was.

    >>> west, east = shapely.box(121.170, 30.050, 121.172, 30.052), shapely.box(121.172, 30.050, 121.174, 30.052)
    >>> line = LineString([(121.172, 30.0505), (121.172, 30.0515)])
    >>> sides_after(line, west, east, {"all": shapely.box(121.168, 30.050, 121.172, 30.052), "east": east})
    ('all', 'east')
    >>> sides_after(line, west, east, {"one": shapely.box(121.170, 30.050, 121.174, 30.052)})
    >>> moved = {"west": shapely.box(121.170, 30.050, 121.17201, 30.052), "east": east}
    >>> sides_after(line, west, east, moved)
    """
    zone = MetricZone.at(*line.coords[0])
    path, shapes = zone.project(line), {key: zone.project(one) for key, one in after.items()}
    strip = path.buffer(_BESIDE_M, cap_style="flat")
    sides = [_most_of(shapely.intersection(strip, zone.project(side)), shapes) for side in (first, second)]
    if sides[0] is None or sides[1] is None or sides[0] == sides[1]:
        return None
    shared = shapely.intersection(shapes[sides[0]].boundary, shapes[sides[1]].buffer(TOUCH_M))
    return (sides[0], sides[1]) if shared.buffer(KEPT_M).covers(path) else None


def _most_of(ground: BaseGeometry, shapes: Mapping[_Key, Outline]) -> _Key | None:
    """The outline with more than half of the ground."""
    shares = {key: shapely.intersection(ground, one).area for key, one in shapes.items()}
    best = max(shares, key=lambda key: shares[key], default=None)
    return best if best is not None and shares[best] > ground.area / 2 else None


def distance_m(line: LineString, at: Position) -> float:
    """Metres from a WGS84 point to a WGS84 line.

    >>> round(distance_m(LineString([(121.172, 30.050), (121.172, 30.052)]), (121.1719, 30.051)), 1)
    9.6
    """
    zone = MetricZone.at(*at)
    return float(zone.project(line).distance(zone.project(Point(at))))
