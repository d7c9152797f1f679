"""The check of a draft: every fault named, measured and drawn, with a repair that a person may accept.

A repair hands the faulty ground to one outline (or, beyond the parent's border, to none); what it would cut is seen by
the next check. Rooms above add what they know of the ground: places, households, buildings.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import shapely
from django.db import transaction
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from backend.accounts.actor import Actor
from backend.areas import force
from backend.areas.drafts import Sheet
from backend.areas.edits import new_version, open_draft
from backend.areas.errors import BadEdit
from backend.areas.models import Area, Division
from gis import outlines
from gis.coordinates import Position, geodesic_area_m2
from gis.coverage import Fault, FaultKind, find_faults
from gis.locate import GridShape
from gis.outlines import EditNotPossible, Shape

# Faults that would leave ground to nobody or to two, or send cases to a closed area; the others a person may live with.
BLOCKING: Final = frozenset({
    "overlap", "gap", "sliver_overlap", "sliver_gap", "outside_parent", "child_outside", "nothing_drawn",
    "rule_names_closed", "department_duty_names_closed",
})  # fmt: skip
FAULTS_MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One fault of a draft. `size`: m² of ground, m of border in a building, or how many points; see `unit`."""

    kind: str
    codes: tuple[str, ...]
    size: float
    unit: str
    spot: Position | None
    outline: BaseGeometry | None = None
    heir: str | None = None
    is_repairable: bool = False
    note: str = ""

    @property
    def is_blocking(self) -> bool:
        return self.kind in BLOCKING

    def as_json(self, number: int) -> dict[str, Any]:
        drawn = None if self.outline is None else json.loads(shapely.to_geojson(self.outline))
        return {
            "id": number, "kind": self.kind, "codes": list(self.codes), "size": round(self.size, 2), "unit": self.unit,
            "spot": self.spot, "outline": drawn, "is_blocking": self.is_blocking, "note": self.note,
            "repair": {"heir": self.heir} if self.is_repairable else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """What a check looks at: the outlines by code and the ground that they have to fill."""

    division: Division
    shapes: Mapping[str, Shape]
    ground: Shape | None
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def draft_of(division: Division) -> Draft:
    sheet = Sheet(division)
    return Draft(
        division,
        sheet.shapes,
        force.ground_of(division.parent),
        {code: (row.name, row.name_en) for code, row in sheet.rows.items()},
    )


def coverage_faults(draft: Draft) -> list[FaultLine]:
    """Overlaps, gaps, slivers, parts, ground beyond the parent; for communities also grids that they would cut."""
    if not draft.shapes:
        return [FaultLine("nothing_drawn", (), 0, "m2", None)]
    shapes = [GridShape(code, code, shape) for code, shape in draft.shapes.items()]
    found = [_line(draft, fault) for fault in find_faults(shapes, parent=draft.ground)]
    if draft.division.level == Area.Level.COMMUNITY:
        found += _cut_grids(draft)
    return found


def _line(draft: Draft, fault: Fault) -> FaultLine:
    heir, repairable = _repair(draft.shapes, fault)
    return FaultLine(
        fault.kind.value, fault.codes, fault.area_m2, "m2", fault.spot, fault.outline, heir, is_repairable=repairable
    )


def _repair(shapes: Mapping[str, Shape], fault: Fault) -> tuple[str | None, bool]:
    """Who should get the faulty ground: the longest neighbour among those who may."""
    if fault.kind is FaultKind.OUTSIDE_PARENT:
        return None, True
    may = {code: shapes[code] for code in fault.codes}
    if fault.kind in (FaultKind.OVERLAP, FaultKind.SLIVER_OVERLAP):
        rest = {code: shapely.difference(shape, fault.outline) for code, shape in may.items()}
        may = {
            code: shape
            for code, shape in rest.items()
            if isinstance(shape, Polygon | MultiPolygon) and not shape.is_empty
        }
    if fault.kind is FaultKind.MULTIPART:
        may = {code: shape for code, shape in shapes.items() if code not in fault.codes}
    heir = outlines.longest_neighbour(may, fault.outline)
    return heir, heir is not None


def _cut_grids(draft: Draft) -> list[FaultLine]:
    """Grids in force that would lie in two communities: their division has to be drawn with the communities'."""
    found = []
    for boundary in force.last_published(draft.division.parent, Area.Level.GRID):
        home = draft.shapes.get(boundary.area.parent.code if boundary.area.parent else "")
        shape = force.shapes_of([boundary])[boundary.area.code]
        beyond = shape if home is None else shapely.difference(shape, home)
        for part in outlines.polygons_of(beyond):
            size = geodesic_area_m2(part)
            if size > outlines.CRUMB_M2:
                spot = shapely.point_on_surface(part)
                found.append(FaultLine("child_outside", (boundary.area.code,), size, "m2", (spot.x, spot.y), part))
    return found


def keep_report(division: Division, faults: Sequence[FaultLine], *, now: datetime) -> Division:
    """Stores what the check of this version found; the caller holds the lock on the draft."""
    ordered = sorted(faults, key=lambda one: (not one.is_blocking, one.kind, -one.size, one.codes))
    counts: dict[str, int] = {}
    for fault in ordered:
        counts[fault.kind] = counts.get(fault.kind, 0) + 1
    division.report = {
        "version": division.version,
        "at": now.isoformat(),
        "counts": counts,
        "blocking": sum(fault.is_blocking for fault in ordered),
        "faults": [fault.as_json(number) for number, fault in enumerate(ordered[:FAULTS_MOST], start=1)],
    }
    division.state = Division.State.DRAFT if division.report["blocking"] else Division.State.CHECKED
    division.save(update_fields=["report", "state"])
    return division


@transaction.atomic
def accept_repairs(
    *, actor: Actor, division_id: UUID, version: int, fault_ids: Collection[int] | None, now: datetime
) -> Division:
    """Makes the proposed repairs of the last check, all of them for None; the draft has to be checked again then.

    Raises like `edits.edit_draft`; BadEdit for a fault that the report does not know or that has no repair.
    """
    division = open_draft(actor, division_id, version)
    if division.report.get("version") != division.version:
        raise BadEdit("check this version first", field="faults", reason="not_checked")
    known = {fault["id"]: fault for fault in division.report["faults"]}
    wanted = [known.get(one, {}) for one in sorted(known if fault_ids is None else set(fault_ids))]
    if fault_ids is not None and not all(fault.get("repair") for fault in wanted):
        raise BadEdit("one of these faults has no proposed repair", field="faults", reason="no_repair")
    sheet = Sheet(division)
    for fault in wanted:
        if fault.get("repair"):
            _hand_over(sheet, fault, must=fault_ids is not None)
    sheet.save()
    return new_version(division, now=now)


def _hand_over(sheet: Sheet, fault: Mapping[str, Any], *, must: bool) -> None:
    """One repair; of all at once, one that an earlier one has made impossible is left to the next check."""
    ground = shapely.from_geojson(json.dumps(fault["outline"]))
    try:
        sheet.reshape(outlines.hand_over(sheet.shapes, ground, heir=fault["repair"]["heir"]))
    except EditNotPossible as error:
        if must:
            raise BadEdit(error.detail, field="faults", reason=error.code, area_code=error.key) from error
