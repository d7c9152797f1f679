"""What "covers" means to the last bit: the arithmetic of PostGIS's point-in-polygon, in plain doubles.

For a side from a to b and a point p, `side = (b.x - a.x) * (p.y - a.y) - (p.x - a.x) * (b.y - a.y)`, each operation
rounded once. A point is on the side when that is exactly 0 and p lies in the side's box; else sides that p sees to its
east are counted (odd: inside). PostGIS, the compiled cells and the phone all compute these same few operations, so they
agree on every point; an exact predicate (GEOS) would differ from PostGIS on one typed border point in about 100,000.
Rounding can only make such a number 0, never turn its sign: a point between two neighbours is never in neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from gis.coordinates import FloatArray

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edges:
    """The sides of many shapes, those of shape k at first[k] … first[k + 1] - 1; rings in one sequence, holes too.

    `boxes`: west, south, east, north of each shape.
    """

    ax: FloatArray
    ay: FloatArray
    bx: FloatArray
    by: FloatArray
    first: IndexArray
    boxes: FloatArray


def edges_of(polygons: Sequence[Polygon | MultiPolygon]) -> Edges:
    """All sides of the polygons, in their order."""
    shapes = np.array(polygons, dtype=object)
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    same_ring = ring_of_point[1:] == ring_of_point[:-1]
    starts, ends = points[:-1][same_ring], points[1:][same_ring]
    shape_of_edge = shape_of_part[part_of_ring[ring_of_point[:-1][same_ring]]]
    first = np.searchsorted(shape_of_edge, np.arange(len(shapes) + 1)).astype(np.int64)
    ax, ay, bx, by = (np.ascontiguousarray(column) for column in (*starts.T, *ends.T))
    boxes = np.ascontiguousarray(shapely.bounds(shapes).reshape(-1, 4))
    return Edges(ax, ay, bx, by, first, boxes)


def covers(edges: Edges, rank: int, x: float, y: float) -> bool:
    """Whether the shape covers the point, border included.

    >>> covers(edges_of([shapely.box(0, 0, 2, 2)]), 0, 2.0, 1.0), covers(edges_of([shapely.box(0, 0, 2, 2)]), 0, 2.1, 1)
    (True, False)
    """
    sides = slice(edges.first[rank], edges.first[rank + 1])
    ax, ay, bx, by = edges.ax[sides], edges.ay[sides], edges.bx[sides], edges.by[sides]
    side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
    in_box = (np.minimum(ax, bx) <= x) & (x <= np.maximum(ax, bx)) & (np.minimum(ay, by) <= y)
    if bool(np.any((side == 0) & in_box & (y <= np.maximum(ay, by)))):
        return True
    seen = ((ay <= y) & (y < by) & (side > 0)) | ((by <= y) & (y < ay) & (side < 0))
    return bool(np.count_nonzero(seen) % 2)
