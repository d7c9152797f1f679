"""Between the outlines of the database and those of the spatial engine."""

from typing import cast

import shapely
from django.contrib.gis import geos
from shapely import MultiPolygon, Polygon

from gis.outlines import Shape, rounded


def shape_of(outline: geos.GEOSGeometry) -> MultiPolygon:
    """The stored outline for the engine."""
    return cast(MultiPolygon, shapely.from_wkb(bytes(outline.wkb)))


def slim(shape: MultiPolygon) -> Shape:
    """A single polygon where there is only one part, as edits want it."""
    return shape.geoms[0] if len(shape.geoms) == 1 else shape


def stored(shape: Polygon | MultiPolygon) -> geos.MultiPolygon:
    """The outline for the database, vertices rounded to 7 decimals."""
    whole = rounded(shape)
    if isinstance(whole, Polygon):
        whole = MultiPolygon([whole])
    return cast(geos.MultiPolygon, geos.GEOSGeometry(memoryview(whole.wkb), srid=4326))
