"""Reads of the area tree: locating a point, who is on duty, what the public may see."""

import threading
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

import shapely
from django.contrib.gis import geos
from django.db import connection
from django.db.models import Count, F

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.areas import access, force
from backend.areas.duty.chain import Chain, DutyLine, chain_of, chains, on_duty, on_duty_in
from backend.areas.errors import AreaNotFound, WorkerNotFound
from backend.areas.models import Absence, Area, Boundary, Division, DraftOutline, Duty, Lineage
from backend.areas.shapes import shape_of, slim
from backend.core.crypto import mask_name
from gis.coordinates import geodesic_area_m2
from gis.locate import (
    COVERING_SQL,
    REACHED_SQL,
    SNAPPED_POINT_SQL,
    GridId,
    GridIndex,
    GridShape,
    Located,
    Reach,
    decide,
    reach_parameters,
)
from gis.outlines import Shape

__all__ = ["Chain", "DutyLine", "chain_of", "chains", "on_duty", "on_duty_in"]

_kept: GridIndex | None = None
_keeping = threading.Lock()

GRIDS_IN_FORCE_SQL = """(
    SELECT boundary.id, area.code, boundary.outline AS geom
    FROM areas_boundary AS boundary JOIN areas_area AS area ON area.id = boundary.area_id
    WHERE area.level = 'grid' AND boundary.valid @> %(at)s)"""
PARENTS_IN_FORCE_SQL = GRIDS_IN_FORCE_SQL.replace("'grid'", "'community'")


def boundary_stamp(now: datetime) -> str:
    """Version of the boundaries in force at `now`: changes with a publish, and when a dated one comes into force."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), max(lower(valid)), min(upper(valid)) FILTER (WHERE upper(valid) > %(at)s), "
            "coalesce(sum(hashtext(id::text)::bigint), 0) FROM areas_boundary WHERE valid @> %(at)s",
            {"at": now},
        )
        return "/".join(str(part) for part in cursor.fetchone())


def grid_index(now: datetime) -> GridIndex:
    """The grids in force, ready in memory. Kept per process; the stamp is compared with the table at each call."""
    global _kept
    stamp = boundary_stamp(now)
    index = _kept
    if index is not None and index.stamp == stamp:
        return index
    with _keeping:
        if _kept is None or _kept.stamp != stamp:
            _kept = _index(now, stamp)
        return _kept


def indexes_at(moments: Sequence[datetime]) -> list[tuple[GridIndex, list[int]]]:
    """The grids in force at these moments, each index with the places in `moments` that it answers for.

    The one kept is used where it holds, others are built for this call.
    """
    if moments and min(moments) == max(moments):
        return [(grid_index(moments[0]), list(range(len(moments))))]
    return [(_index_at(at), places) for at, places in alike(moments)]


def alike(moments: Sequence[datetime]) -> list[tuple[datetime, list[int]]]:
    """The places of moments with the same boundaries in force, each lot with one moment of it."""
    if not moments:
        return []
    changes = boundary_changes(min(moments), max(moments))
    order = sorted(range(len(moments)), key=moments.__getitem__)
    lots = [list(inside) for _, inside in groupby(order, key=lambda place: bisect_right(changes, moments[place]))]
    return [(moments[places[-1]], places) for places in lots]


def _index_at(at: datetime) -> GridIndex:
    """As `grid_index`, without putting an index of the past in the place of the one kept."""
    stamp, kept = boundary_stamp(at), _kept
    return kept if kept is not None and kept.stamp == stamp else _index(at, stamp)


def boundary_changes(first: datetime, last: datetime) -> list[datetime]:
    """The moments after `first` up to `last` at which a boundary begins or ends to hold."""
    bounds = Boundary.objects.filter(valid__isnull=False).values_list("valid", flat=True).distinct()
    edges = {edge for valid in bounds if valid is not None for edge in (valid.lower, valid.upper)}
    return sorted(edge for edge in edges if edge is not None and first < edge <= last)


def _index(now: datetime, stamp: str) -> GridIndex:
    return GridIndex(_shapes(Area.Level.GRID, now), parents=_shapes(Area.Level.COMMUNITY, now), stamp=stamp)


def _shapes(level: str, now: datetime) -> list[GridShape]:
    rows = Boundary.objects.in_force(now).filter(area__level=level).select_related("area").order_by("area__code")
    return [GridShape(row.pk, row.area.code, _shapely(row.outline)) for row in rows]


def _shapely(outline: geos.MultiPolygon) -> shapely.MultiPolygon:
    shape = shapely.from_wkb(bytes(outline.wkb))
    assert isinstance(shape, shapely.MultiPolygon)
    return shape


def locate(lon: float, lat: float, *, accuracy_m: float | None, snap_m: float, now: datetime) -> Located:
    """Where a WGS84 point belongs; ids in the answer are those of boundaries. Raises CoordinateError of `gis`."""
    return grid_index(now).locate(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)


def locate_many(
    lons: Sequence[float], lats: Sequence[float], *, accuracies_m: Sequence[float | None], snap_m: float, now: datetime
) -> list[Located]:
    """`locate` of each WGS84 point."""
    return grid_index(now).locate_many(lons, lats, accuracies_m=accuracies_m, snap_m=snap_m)


def locate_by_sql(lon: float, lat: float, *, accuracy_m: float | None, snap_m: float, now: datetime) -> Located:
    """`locate` answered by PostGIS alone: the truth that the engine is held against."""
    figures = reach_parameters(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
    parameters = {**figures, "at": now}
    with connection.cursor() as cursor:
        cursor.execute(REACHED_SQL.format(grids=GRIDS_IN_FORCE_SQL, point=SNAPPED_POINT_SQL), parameters)
        reached = [Reach(*row) for row in cursor.fetchall()]
        cursor.execute(COVERING_SQL.format(grids=PARENTS_IN_FORCE_SQL, point=SNAPPED_POINT_SQL), parameters)
        parent = cursor.fetchone()
    return decide(reached, circle_m=float(figures["circle_m"]), snap_m=snap_m, parent=parent)


def grid_areas(now: datetime) -> dict[GridId, UUID]:
    """The area of each grid boundary in force, by the boundary's id: what the engine's answers stand for."""
    rows = Boundary.objects.in_force(now).filter(area__level=Area.Level.GRID).values_list("pk", "area_id")
    return dict(rows)


def grids_held_since(at: datetime) -> dict[UUID, tuple[str, datetime]]:
    """Code of each grid in force at the moment, and since when its boundary holds, by the grid's id."""
    rows = Boundary.objects.in_force(at).filter(area__level=Area.Level.GRID)
    found = rows.values_list("area", "area__code", "valid")
    return {area_id: (code, valid.lower) for area_id, code, valid in found if valid is not None}


def covering_codes(points: Sequence[tuple[float, float]], *, now: datetime) -> list[str | None]:
    """Code of the grid that covers each WGS84 point at the moment, past or to come; None where none does."""
    if not points:
        return []
    index = grid_index(now)
    owners = index.locate_batch([lon for lon, _ in points], [lat for _, lat in points])
    return [None if owner < 0 else index.grids[owner].code for owner in owners.tolist()]


def boundary_of(boundary_id: UUID) -> Boundary:
    return Boundary.objects.select_related("area__parent").get(pk=boundary_id)


def boundary_in_force(area: Area, *, now: datetime) -> Boundary | None:
    """The outline of an area at the moment; None where it has none."""
    return Boundary.objects.in_force(now).filter(area=area).select_related("area__parent").first()


def boundaries_of(boundary_ids: Collection[GridId]) -> dict[GridId | None, Boundary]:
    """Boundaries by id (as `locate_many` names them), with their areas."""
    return {**Boundary.objects.select_related("area__parent").in_bulk(boundary_ids)}


def codes_of(area_ids: Collection[UUID]) -> dict[UUID, str]:
    """The code of each area."""
    return dict(Area.objects.filter(pk__in=area_ids).values_list("pk", "code"))


def areas_at(paths: Sequence[str]) -> list[Area]:
    """The areas with these paths, in the order of the tree."""
    return list(Area.objects.filter(path__in=paths).order_by("path"))


@dataclass(frozen=True, slots=True)
class PublicGrid:
    """What the grid regulations publish of a grid, and nothing more."""

    code: str
    name: str
    name_en: str
    community: str
    community_en: str
    leader_name: str
    duty_phone: str


def public_grid(area: Area, *, at: datetime) -> PublicGrid:
    """Name, community, the leader's masked name and the duty phone of a grid."""
    present = [line for line in on_duty(area.pk, at=at) if not line.is_absent]
    community = area.parent
    phone = area.duty_phone or (community.duty_phone if community else "")
    return PublicGrid(
        code=area.code,
        name=area.name,
        name_en=area.name_en,
        community=community.name if community else "",
        community_en=community.name_en if community else "",
        leader_name=mask_name(str(present[0].worker.name)) if present else "",
        duty_phone=phone,
    )


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A grid that may be meant; `share` is the part of the accuracy circle inside it, None where there is no circle."""

    code: str
    name: str
    share: float | None


@dataclass(frozen=True, slots=True)
class PublicLocation:
    """Where a point belongs, as everybody may know it. In a gap the community's duty phone answers."""

    kind: str
    grid: PublicGrid | None
    leader_name: str | None
    duty_phone: str | None
    candidates: tuple[CandidateLine, ...]


def locate_publicly(
    lon: float, lat: float, *, accuracy_m: float | None, snap_m: float, now: datetime
) -> PublicLocation:
    """`locate` with the published facts of the grid. Raises gis.coordinates.CoordinateError."""
    located = locate(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m, now=now)
    wanted = [candidate.id for candidate in located.candidates] + [located.id or located.parent_id]
    boundaries = Boundary.objects.select_related("area__parent").in_bulk([pk for pk in wanted if pk is not None])
    candidates = tuple(
        CandidateLine(candidate.code, boundaries[candidate.id].area.name, candidate.share)
        for candidate in located.candidates
    )
    if located.id is None:
        community = boundaries[located.parent_id].area if located.parent_id else None
        return PublicLocation(located.kind.value, None, None, (community.duty_phone or None) if community else None, ())
    grid = public_grid(boundaries[located.id].area, at=now)
    return PublicLocation(located.kind.value, grid, grid.leader_name or None, grid.duty_phone or None, candidates)


def areas_below(actor: Actor, *, now: datetime) -> list[Area]:
    """The tree in the actor's areas as it is at the moment, parents before their children."""
    return list(Area.objects.visible_to(actor).open_at(now).select_related("parent").order_by("path"))


def area_below(actor: Actor, code: str) -> Area:
    """One of the actor's areas by its code. Raises AreaNotFound, also for an area of others."""
    area = Area.objects.visible_to(actor).filter(code=code).first()
    if area is None:
        raise AreaNotFound("no such area")
    return area


def grids_in_force(actor: Actor, *, now: datetime, after_code: str, limit: int) -> list[Boundary]:
    """Outlines of the actor's grids in the order of their codes, beginning after `after_code`."""
    found = Boundary.objects.visible_to(actor).in_force(now).filter(area__level=Area.Level.GRID)
    return list(found.filter(area__code__gt=after_code).select_related("area__parent").order_by("area__code")[:limit])


def grid_in_force(actor: Actor, code: str, *, now: datetime) -> Boundary:
    """The outline of one of the actor's grids. Raises AreaNotFound."""
    found = Boundary.objects.visible_to(actor).in_force(now).filter(area__level=Area.Level.GRID, area__code=code)
    boundary = found.select_related("area__parent").first()
    if boundary is None:
        raise AreaNotFound("no such grid in your areas", code=code)
    return boundary


def away_at(at: datetime) -> set[UUID]:
    """Workers who are absent at the moment."""
    return set(Absence.objects.filter(period__contains=at).values_list("worker_id", flat=True))


def worker_in_reach(actor: Actor, worker_id: UUID, *, at: datetime) -> User:
    """A worker on duty in the actor's areas. Raises WorkerNotFound."""
    duties = Duty.objects.filter(worker_id=worker_id, valid__contains=at).select_related("worker", "grid")
    for duty in duties:
        if actor.covers(duty.grid.path):
            return duty.worker
    raise WorkerNotFound("no such worker in your areas")


DIVISION_STATES = [state.value for state in Division.State]
DIVISION_LEVELS = [Area.Level.GRID.value, Area.Level.COMMUNITY.value]
_DIVISIONS_MOST = 200


@dataclass(frozen=True, slots=True)
class DivisionLine:
    """A division with the number of its outlines; scheduled: published, its moment still to come."""

    division: Division
    outlines: int
    is_scheduled: bool


@dataclass(frozen=True, slots=True)
class DrawnOutline:
    """One area of a division as it is drawn. `is_new`: it is to be a new area, its code is settled at publishing."""

    code: str
    name: str
    name_en: str
    kind: str
    under: str
    is_new: bool
    area_m2: float
    label: tuple[float, float]
    shape: Shape


@dataclass(frozen=True, slots=True)
class DivisionDrawn:
    """A division with everything that a person sees of it."""

    line: DivisionLine
    outlines: list[DrawnOutline]
    ground: Shape | None
    unders: list[Area]
    lineage: list[Lineage]


def division_lines(actor: Actor, *, parent_code: str, state: str, now: datetime) -> list[DivisionLine]:
    """Divisions of the actor's areas, the newest first."""
    found = Division.objects.visible_to(actor).select_related("parent")
    if parent_code:
        found = found.filter(parent__code=parent_code)
    if state:
        found = found.filter(state=state)
    rows = list(found.order_by("-created_at", "-id")[:_DIVISIONS_MOST])
    drawn = dict(DraftOutline.objects.filter(division__in=rows).values_list("division").annotate(Count("pk")))
    held = dict(
        Boundary.objects.filter(division__in=rows, area__level=F("division__level"))
        .values_list("division")
        .annotate(Count("pk"))
    )
    return [_line(row, held.get(row.pk) or drawn.get(row.pk, 0), now) for row in rows]


def _line(division: Division, outlines: int, now: datetime) -> DivisionLine:
    is_published = division.state == Division.State.PUBLISHED
    return DivisionLine(
        division, outlines, is_published and division.effective_at is not None and division.effective_at > now
    )


def division_drawn(actor: Actor, division_id: UUID, *, now: datetime) -> DivisionDrawn:
    """One division with its outlines: those of the draft, or what was published. Raises DivisionNotFound."""
    division = access.get_division(actor, division_id)
    drawn = [
        _drawn(row, row.area_id is None, slim(shape_of(row.outline)), row.under.code)
        for row in DraftOutline.objects.filter(division=division).select_related("under").order_by("code")
    ] or [
        _drawn(row, False, slim(shape_of(row.outline)), row.area.parent.code if row.area.parent else "")
        for row in division.boundaries.filter(area__level=division.level)
        .select_related("area__parent")
        .order_by("area__code")
    ]
    lineage = division.lineage.select_related("old", "new").order_by("new__code", "old__code")
    return DivisionDrawn(
        _line(division, len(drawn), now), drawn, force.ground_of(division.parent), _unders(division), list(lineage)
    )


def _drawn(row: DraftOutline | Boundary, is_new: bool, shape: Shape, under: str) -> DrawnOutline:
    label = shapely.point_on_surface(shape)
    code = row.code if isinstance(row, DraftOutline) else row.area.code
    return DrawnOutline(
        code, row.name, row.name_en, row.kind, under, is_new, round(geodesic_area_m2(shape), 1),
        (round(label.x, 7), round(label.y, 7)), shape,
    )  # fmt: skip


def _unders(division: Division) -> list[Area]:
    """The areas that outlines of this division may belong to."""
    order = [one.value for one in Area.Level]
    wanted = order[order.index(division.level) - 1]
    if division.parent.level == wanted:
        return [division.parent]
    found = Area.objects.filter(level=wanted, path__startswith=division.parent.path, closed_at=None)
    return list(found.order_by("code"))
