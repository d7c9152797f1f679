"""Grids that share a border: which ones lie beside a grid, and which piece of the border a point lies at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.gis import geos
from django.contrib.gis.geos import Polygon

from backend.areas.models import Area, Boundary
from backend.areas.shapes import shape_of
from gis.borders import nearest_stretch
from gis.coordinates import Position

# Grids whose boxes meet within this many degrees (about 1 m) may share a border.
_BESIDE_DEG: Final = 1e-5
# A stretch runs this far along the border to either side of the point.
STRETCH_M: Final = 50.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A grid beside another, with the piece of their border nearest to a point."""

    boundary: Boundary
    stretch: geos.LineString
    distance_m: float


def neighbours_at(boundary: Boundary, at: Position, *, now: datetime) -> list[Neighbour]:
    """The grids beside this one at the moment, the one with the nearest border to `at` (WGS84) first."""
    own = shape_of(boundary.outline)
    found = []
    for other in _beside(boundary, now=now):
        stretch = nearest_stretch(own, shape_of(other.outline), at, half_m=STRETCH_M)
        if stretch is not None:
            line = geos.LineString([(round(x, 7), round(y, 7)) for x, y in stretch.line.coords], srid=4326)
            found.append(Neighbour(other, line, round(stretch.distance_m, 1)))
    return sorted(found, key=lambda one: (one.distance_m, one.boundary.area.code))


def grids_beside(grid_ids: Iterable[UUID], *, now: datetime) -> list[Area]:
    """Grids that lie beside one of these at the moment, themselves left out, by code."""
    own = list(Boundary.objects.in_force(now).filter(area__in=list(grid_ids)).select_related("area"))
    mine = {boundary.area_id for boundary in own}
    found = {
        other.area_id: other.area
        for boundary in own
        for other in _beside(boundary, now=now)
        if other.area_id not in mine and _share_a_border(boundary, other)
    }
    return sorted(found.values(), key=lambda area: area.code)


def _share_a_border(first: Boundary, second: Boundary) -> bool:
    spot = (first.label_point.x, first.label_point.y)
    return nearest_stretch(shape_of(first.outline), shape_of(second.outline), spot, half_m=STRETCH_M) is not None


def _beside(boundary: Boundary, *, now: datetime) -> list[Boundary]:
    west, south, east, north = boundary.outline.extent
    box = Polygon.from_bbox((west - _BESIDE_DEG, south - _BESIDE_DEG, east + _BESIDE_DEG, north + _BESIDE_DEG))
    near = Boundary.objects.in_force(now).filter(area__level=Area.Level.GRID, outline__bboverlaps=box)
    return list(near.exclude(pk=boundary.pk).select_related("area__parent"))
