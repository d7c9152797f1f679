"""Dedicated grids: land that is set aside before the atoms are laid, so that no search can touch it."""

from collections.abc import Sequence

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from gis.division.faces import faces_of
from gis.division.model import Ground, Region
from gis.outlines import polygons_of, rounded


def open_land(ground: Ground) -> BaseGeometry:
    """What of the parent is to be divided: everything but the dedicated grids; empty where they cover it.

    >>> from shapely import box
    >>> open_land(Ground(box(0, 0, 4, 1), (), (), None, dedicated=[box(3, 0, 4, 1)])).bounds
    (0.0, 0.0, 3.0, 1.0)
    """
    if not ground.dedicated:
        return ground.parent
    return shapely.difference(ground.parent, shapely.union_all(list(ground.dedicated)))


def kept_outlines(lines: BaseGeometry, dedicated: Sequence[Region]) -> list[Region]:
    """The dedicated grids as the noded lines have them: the same land, with every vertex that a neighbour may have."""
    outlines: list[Region] = []
    for one in dedicated:
        parts = polygons_of(rounded(shapely.coverage_union_all(faces_of(lines, one))))
        outlines.append(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    return outlines
