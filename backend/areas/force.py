"""The last published boundaries under a parent: what a draft begins with, and what a publish ends."""

import hashlib
from collections.abc import Iterable

import shapely
from shapely import MultiPolygon, Polygon

from backend.areas.models import Area, Boundary
from backend.areas.shapes import shape_of, slim
from gis.outlines import Shape, polygons_of


def last_published(parent: Area, level: str) -> list[Boundary]:
    """Boundaries of this level under the parent without an end, in force or to come, by code."""
    found = Boundary.objects.filter(
        area__level=level, area__path__startswith=parent.path, valid__isnull=False, valid__upper_inf=True
    )
    return list(found.select_related("area__parent").order_by("area__code"))


def lock_grids(path: str) -> None:
    """Holds the rounds of all grids below, in the order of their ids, until the transaction ends.

    Comes before any row of areas, plans, stops or cases is written (`inspections.access.lock_rounds`).
    """
    grids = Area.objects.filter(level=Area.Level.GRID, path__startswith=path)
    list(grids.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))


def base_stamp(parent: Area, level: str) -> str:
    """Version of what is published under the parent: changes with every publish and undo there."""
    return stamp_of(boundary.pk for boundary in last_published(parent, level))


def stamp_of(ids: Iterable[object]) -> str:
    return hashlib.sha256("/".join(sorted(map(str, ids))).encode()).hexdigest()


def ground_of(parent: Area) -> Shape | None:
    """The outline that a division of the parent has to fill; where none is drawn, the union of its communities."""
    own = Boundary.objects.filter(area=parent, valid__isnull=False, valid__upper_inf=True).first()
    if own is not None:
        return slim(shape_of(own.outline))
    parts = polygons_of(
        shapely.union_all([shape_of(one.outline) for one in last_published(parent, Area.Level.COMMUNITY)])
    )
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def shapes_of(boundaries: Iterable[Boundary]) -> dict[str, Polygon | MultiPolygon]:
    """Outlines by area code."""
    return {boundary.area.code: slim(shape_of(boundary.outline)) for boundary in boundaries}
