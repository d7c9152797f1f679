"""Where a ruling holds after new boundaries: carried to those that follow, or dropped where the border moved.

A stretch is carried when it is still a border, where it was, and has on either side the same grid or its successor: a
new grid cut from it, or whichever took over when it was closed. A ruling without a stretch is carried with its whole
ground only.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import shapely
from django.contrib.gis.geos import Polygon
from django.db.models import Q

from backend.areas.models import Area, Boundary, Division
from backend.areas.shapes import shape_of, slim
from backend.core.ids import uuid7
from backend.dispatch.models import Ruling, RulingPlace
from gis.borders import sides_after
from gis.coordinates import geodesic_area_m2
from gis.outlines import CRUMB_M2, Shape, polygons_of

# New boundaries within this many degrees (some metres) of a ruling's ground may lie beside it.
_NEAR_DEG: Final = 1e-4


def begin(ruling: Ruling, *, now: datetime) -> RulingPlace:
    """The first place of a ruling. A dispute from before a publish is carried over it at once."""
    place = RulingPlace.objects.create(
        id=uuid7(), ruling=ruling, at=now, boundary=ruling.boundary, other_boundary=ruling.other_boundary,
        grid=ruling.grid,
    )  # fmt: skip
    named = [one for one in (ruling.boundary_id, ruling.other_boundary_id) if one is not None]
    if Boundary.objects.in_force(now).filter(pk__in=named).count() == len(named):
        return place
    (following,) = _following([place], at=now)
    following.save(force_insert=True)
    return following


def carry(division: Division) -> int:
    """Writes for each ruling whose boundary the division ends where it holds from then on; how many are dropped.

    In the transaction that publishes, and again when open work is brought home: what was ruled meanwhile comes along.
    An undo goes back to where a ruling held before the division that it undoes. Nothing but grids is looked at.
    """
    at = division.effective_at
    if at is None or division.level != Area.Level.GRID:
        return 0
    held = {one.ruling_id: one for one in _held_until(division, at)}
    undone = division.undoes
    if undone is not None and undone.effective_at is not None:
        held |= {one.ruling_id: one for one in _held_until(undone, undone.effective_at)}
    RulingPlace.objects.filter(division=division, ruling__at__lt=at).delete()
    following = _following(list(held.values()), at=at, division=division)
    RulingPlace.objects.bulk_create(following, ignore_conflicts=True)
    return sum(1 for one in following if one.dropped)


def forget(division: Division) -> None:
    """A division that was taken back before its moment has moved nothing."""
    RulingPlace.objects.filter(division=division).delete()


def moves_of(ruling_id: UUID) -> list[RulingPlace]:
    """A row for each division that ended a boundary of the ruling, the first first."""
    found = RulingPlace.objects.filter(ruling=ruling_id, division__isnull=False)
    return list(found.select_related("division", "grid"))


def _held_until(division: Division, at: datetime) -> list[RulingPlace]:
    """Places that held up to the moment and end with a boundary under the division's parent."""
    ended = Boundary.objects.filter(
        area__level=Area.Level.GRID, area__path__startswith=division.parent.path, valid__endswith=at
    )
    found = RulingPlace.objects.filter(Q(boundary__in=ended) | Q(other_boundary__in=ended))
    rows = found.select_related("ruling", "boundary__area", "other_boundary__area", "grid")
    return [one for one in rows if all(_held(boundary, at) for boundary in _boundaries(one))]


def _boundaries(place: RulingPlace) -> list[Boundary]:
    return [one for one in (place.boundary, place.other_boundary) if one is not None]


def _held(boundary: Boundary, at: datetime) -> bool:
    valid = boundary.valid
    return valid is not None and valid.lower < at and (valid.upper is None or valid.upper >= at)


def _following(places: Sequence[RulingPlace], *, at: datetime, division: Division | None = None) -> list[RulingPlace]:
    """The place after each, under the boundaries in force at the moment; not stored yet.

    Without a division it is that of the newest boundary beside.
    """
    if not places:
        return []
    grids = Boundary.objects.in_force(at).filter(area__level=Area.Level.GRID)
    new = list(grids.filter(outline__bboverlaps=_box(places)).select_related("area", "division"))
    former = {one.area_id for place in places for one in _boundaries(place)}
    going_on = set(grids.filter(area__in=former).values_list("area_id", flat=True))
    found = []
    for place, beside in zip(places, _beside(places, new), strict=True):
        fresh = _placed(place, _sides(place, beside), going_on)
        fresh.at, fresh.division = at, division or max(
            (one.division for one in beside), key=lambda one: (one.effective_at or at, one.pk), default=None
        )  # fmt: skip
        found.append(fresh)
    return found


def following_by(
    places: Sequence[RulingPlace], drawn: Sequence[Boundary], *, path: str, now: datetime
) -> list[RulingPlace]:
    """The place after each if `drawn` were the grids below the path; nothing is stored."""
    if not places:
        return []
    grids = Boundary.objects.in_force(now).filter(area__level=Area.Level.GRID, outline__bboverlaps=_box(places))
    new = [*grids.exclude(area__path__startswith=path).select_related("area"), *drawn]
    going_on = {one.area_id for one in new}
    return [
        _placed(place, _sides(place, one), going_on) for place, one in zip(places, _beside(places, new), strict=True)
    ]


def _beside(places: Sequence[RulingPlace], new: Sequence[Boundary]) -> list[list[Boundary]]:
    """The new boundaries near each place."""
    tree = shapely.STRtree([shapely.box(*one.outline.extent) for one in new])
    boxes = [shapely.box(*_ground(place).bounds).buffer(_NEAR_DEG) for place in places]
    return [[new[number] for number in sorted(tree.query(box).tolist())] for box in boxes]


def _ground(place: RulingPlace) -> Shape | shapely.LineString:
    stretch = place.ruling.stretch
    if stretch is not None:
        return shapely.LineString(stretch.coords)
    (boundary, *_) = _boundaries(place)
    return slim(shape_of(boundary.outline))


def _box(places: Iterable[RulingPlace]) -> Polygon:
    ground = shapely.total_bounds([_ground(place) for place in places])
    box = Polygon.from_bbox(shapely.box(*ground).buffer(_NEAR_DEG).bounds)
    box.srid = 4326
    return box


def _sides(place: RulingPlace, after: Sequence[Boundary]) -> list[Boundary]:
    """Boundaries that lie where those of the place lay; none where the border moved or the ground changed."""
    old = [slim(shape_of(one.outline)) for one in _boundaries(place)]
    shapes = {number: slim(shape_of(one.outline)) for number, one in enumerate(after)}
    if place.ruling.stretch is not None:
        found = sides_after(shapely.LineString(place.ruling.stretch.coords), old[0], old[1], shapes)
        return [after[number] for number in found or ()]
    return [after[number] for number, shape in shapes.items() if _is_same(old[0], shape)][:1]


def _is_same(one: Shape, other: Shape) -> bool:
    beyond = polygons_of(shapely.symmetric_difference(one, other))
    return sum(geodesic_area_m2(part) for part in beyond) <= CRUMB_M2


def _placed(place: RulingPlace, sides: Sequence[Boundary], going_on: Collection[UUID]) -> RulingPlace:
    """`going_on`: grids of then that there are still. Only a new grid is the successor of one that goes on."""
    dropped = RulingPlace.Dropped
    fresh = RulingPlace(id=uuid7(), ruling=place.ruling)
    pairs = list(zip(_boundaries(place), sides, strict=False))
    if not sides:
        fresh.dropped = dropped.BORDER_MOVED if place.ruling.stretch is not None else dropped.GROUND_CHANGED
    elif any(
        was.area_id != now.area_id and was.area_id in going_on and now.area.opened_at <= place.at for was, now in pairs
    ):
        fresh.dropped = dropped.OTHER_GRID
    else:
        heirs = {was.area_id: now.area for was, now in pairs}
        fresh.boundary, fresh.other_boundary = (*sides, None)[:2]
        fresh.grid = place.grid and heirs.get(place.grid.pk, place.grid)
    return fresh
