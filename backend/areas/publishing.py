"""Publishing a division: old boundaries end and new ones begin at one moment, in one transaction, verified again.

The periods of the boundaries make every reader switch by itself at that moment. What open work needs then is done by
the room above (`inspections.rehoming`); it finds the division by `switched_at`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import shapely
from django.contrib.gis.geos import MultiPolygon, Point
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.areas import access, force, inheriting
from backend.areas.checking import BLOCKING, coverage_faults, draft_of
from backend.areas.codes import SCHEMES, next_code
from backend.areas.errors import (
    BadDivision,
    BadMoment,
    DivisionNotChecked,
    DivisionNotDraft,
    DivisionStale,
)
from backend.areas.models import Area, Boundary, Division, DraftOutline, Lineage
from backend.areas.shapes import shape_of, slim, stored
from backend.core import outbox
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from gis import outlines
from gis.coordinates import geodesic_area_m2
from gis.lineage import descent_of
from gis.locate import snap_degrees
from gis.outlines import Shape

_PUBLISH_LOCK = 4_210_002


@dataclass(frozen=True, slots=True)
class Outline:
    """The drawn extent of one area: valid WGS84 polygon; called and of a kind as the area is, where nothing is said."""

    area: Area
    polygon: Shape
    names: tuple[str, str] | None = None
    kind: str | None = None


def lock_publishing() -> None:
    """One publish or undo at a time in the whole town, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PUBLISH_LOCK])


def hold_off_publishing() -> None:
    """No publish, switch or undo until this transaction ends; many may hold them off at once. Before other locks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_PUBLISH_LOCK])


@transaction.atomic
def publish_draft(
    *, actor: Actor, division_id: UUID, version: int, effective_at: datetime | None, now: datetime
) -> Division:
    """Publishes a checked draft for a moment, now when it names none.

    Everything is looked at again under the lock: the version, the check, what is in force, faults and free codes.
    Raises DivisionNotFound, MayNotDivide, DivisionNotDraft, StaleVersion, DivisionNotChecked, DivisionStale, BadMoment,
    BadDivision, CodesUsedUp.
    """
    access.get_division(actor, division_id)
    access.refuse_readers(actor)
    lock_publishing()
    division = access.lock_division(actor, division_id)
    force.lock_grids(division.parent.path)
    at = effective_at or now
    _refuse_unready(division, version)
    base = force.last_published(division.parent, division.level)
    _refuse_stale(division, base)
    _refuse_moment(base, at, now)
    _refuse_faults(division)
    outlined = [
        Outline(_area_of(row, at), slim(shape_of(row.outline)), (row.name, row.name_en), row.kind)
        for row in _rows(division)
    ]
    put_in_force(division, outlined, base=base, at=at)
    division.state, division.effective_at = Division.State.PUBLISHED, at
    division.published_at, division.published_by_id = now, actor.user_id
    division.save(update_fields=["state", "effective_at", "published_at", "published_by"])
    outbox.owe(
        "division_published", division.pk, now=now, area_path=division.parent.path, level=division.level,
        effective_at=at.isoformat(),
    )  # fmt: skip
    return division


def _refuse_unready(division: Division, version: int) -> None:
    if division.state not in (Division.State.DRAFT, Division.State.CHECKED):
        raise DivisionNotDraft("this division was published before", state=division.state)
    if division.version != version:
        raise StaleVersion("somebody edited this draft meanwhile; look again", version=division.version)
    if division.state != Division.State.CHECKED or division.report.get("version") != division.version:
        raise DivisionNotChecked("check this version first; nothing may stand in the way")


def _refuse_stale(division: Division, base: Sequence[Boundary]) -> None:
    if division.base_stamp != force.stamp_of(boundary.pk for boundary in base):
        raise DivisionStale("other boundaries were published here since this draft was begun; begin again from those")


def _refuse_moment(base: Iterable[Boundary], at: datetime, now: datetime) -> None:
    if at < now:
        raise BadMoment("the moment lies in the past", field="effective_at", reason="past")
    latest = max((boundary.valid.lower for boundary in base), default=None)
    if latest is not None and latest >= at:
        raise BadMoment(
            "boundaries that were published for later begin only then; choose a later moment or undo those",
            field="effective_at",
            reason="before_others",
            begins_at=latest.isoformat(),
        )


def _refuse_faults(division: Division) -> None:
    """The coverage is looked at once more inside the transaction: what is published has neither overlap nor gap."""
    faults = [fault for fault in coverage_faults(draft_of(division)) if fault.kind in BLOCKING]
    if faults:
        named = [{"kind": one.kind, "codes": list(one.codes), "area_m2": one.size, "spot": one.spot} for one in faults]
        raise BadDivision("the outlines overlap, leave gaps or leave their parent; check again", faults=named[:50])


def _rows(division: Division) -> list[DraftOutline]:
    found = DraftOutline.objects.filter(division=division).select_related("area__parent", "under", "division")
    return list(found.order_by("code"))


def _area_of(row: DraftOutline, at: datetime) -> Area:
    """The area that the outline stands for, still called as before; a new one with its final code where none is."""
    if row.area is not None:
        return row.area
    row.code = row.code if not Area.objects.filter(code=row.code).exists() else next_code(row.under)
    row.area = new_area(row, at)
    row.area.save(force_insert=True)
    row.save(update_fields=["area", "code"])
    return row.area


def new_area(row: DraftOutline, at: datetime) -> Area:
    """The area that an outline without one begins, not stored yet, under the row's code."""
    return Area(
        id=uuid7(), level=row.division.level, scheme=SCHEMES[row.division.level], code=row.code, parent=row.under,
        path=f"{row.under.path}{row.code.removeprefix(row.under.code)}.", name=row.name, name_en=row.name_en,
        kind=row.kind, opened_at=at,
    )  # fmt: skip


def put_in_force(division: Division, outlined: Sequence[Outline], *, base: Sequence[Boundary], at: datetime) -> None:
    """Ends the former boundaries at the moment and begins the new ones; closes what is left out; keeps the lineage.

    `base`: the last published boundaries of the level under the parent. Raises BadDivision.
    """
    end_former(division.parent, division.level, at)
    Boundary.objects.bulk_create(boundary_of(one, division, at) for one in outlined)
    kept = {one.area.pk for one in outlined}
    gone = [boundary.area for boundary in base if boundary.area_id not in kept]
    Area.objects.filter(pk__in=[area.pk for area in gone]).update(closed_at=at)
    Area.objects.filter(pk__in=kept).exclude(closed_at=None).update(closed_at=None)
    lines = lineage_of(division, outlined, base)
    Lineage.objects.bulk_create(lines)
    if division.level == Area.Level.GRID:
        inheriting.hand_on_duty(division, lines, closed=gone, at=at)
        _follow_with_communities(division, outlined, at)


def end_former(parent: Area, level: str, at: datetime) -> None:
    """Ends boundaries in force at `at`; one that would begin later is taken back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE areas_boundary AS boundary SET valid = CASE WHEN lower(valid) >= %(at)s THEN NULL "
            "ELSE tstzrange(lower(valid), %(at)s) END FROM areas_area AS area "
            "WHERE area.id = boundary.area_id AND area.level = %(level)s AND area.path LIKE %(below)s "
            "AND valid IS NOT NULL AND (upper_inf(valid) OR upper(valid) > %(at)s)",
            {"at": at, "level": level, "below": parent.path + "%"},
        )


def boundary_of(outline: Outline, division: Division, at: datetime) -> Boundary:
    """The row of an outline that holds from the moment on. Raises BadDivision for one that rounding makes invalid."""
    shape = outlines.rounded(outline.polygon)
    if not shape.is_valid or shape.is_empty or not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise BadDivision("outline is not valid at 1e-7 degree", area_code=outline.area.code)
    kept = stored(shape)
    mercator = cast(MultiPolygon, kept.transform(3857, clone=True))
    label = shapely.point_on_surface(shape)
    name, name_en = outline.names or (outline.area.name, outline.area.name_en)
    return Boundary(
        id=uuid7(),
        area=outline.area,
        division=division,
        outline=kept,
        outline_mercator=mercator,
        label_point=Point(snap_degrees(label.x), snap_degrees(label.y), srid=4326),
        area_m2=geodesic_area_m2(shape),
        valid=DateTimeTZRange(at, None),
        name=name,
        name_en=name_en,
        kind=outline.area.kind if outline.kind is None else outline.kind,
    )


def lineage_of(division: Division, outlined: Sequence[Outline], base: Sequence[Boundary]) -> list[Lineage]:
    """How the outlined areas come from those of `base`, not stored yet."""
    areas = {boundary.area_id: boundary.area for boundary in base} | {one.area.pk: one.area for one in outlined}
    old: Mapping[UUID, Shape] = {boundary.area_id: slim(shape_of(boundary.outline)) for boundary in base}
    new = {one.area.pk: slim(shape_of(stored(one.polygon))) for one in outlined}
    return [
        Lineage(
            division=division, old=areas[line.old] if line.old else None, new=areas[line.new], kind=line.kind.value,
            shared_m2=line.shared_m2,
        )
        for line in descent_of(old, new)
    ]  # fmt: skip


def _follow_with_communities(division: Division, outlined: Sequence[Outline], at: datetime) -> None:
    """A community is where its grids are: one whose grids now end elsewhere gets a new outline at the same moment."""
    for former, union in communities_that_follow(division, outlined):
        former.valid = None if former.valid.lower >= at else DateTimeTZRange(former.valid.lower, at)
        former.save(update_fields=["valid"])
        boundary_of(union, division, at).save(force_insert=True)


def communities_that_follow(division: Division, outlined: Sequence[Outline]) -> Iterator[tuple[Boundary, Outline]]:
    """Communities whose grids end elsewhere by the outlines: the boundary published last, and what it is to be."""
    groups: dict[UUID, list[Outline]] = {}
    for one in outlined:
        if one.area.parent is not None and one.area.parent_id != division.parent_id:
            groups.setdefault(one.area.parent.pk, []).append(one)
    held = {boundary.area_id: boundary for boundary in force.last_published(division.parent, Area.Level.COMMUNITY)}
    for area_id, members in groups.items():
        former = held.get(area_id)
        union = outlines.as_shape(shapely.union_all([one.polygon for one in members], grid_size=outlines.GRID_DEG))
        if former is not None and _differ(union, slim(shape_of(former.outline))):
            yield former, Outline(former.area, union, (former.name, former.name_en), former.kind)


def _differ(one: Shape, other: Shape) -> bool:
    beyond = outlines.polygons_of(shapely.symmetric_difference(one, other))
    return sum(geodesic_area_m2(part) for part in beyond) > outlines.CRUMB_M2
