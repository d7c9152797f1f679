"""What a person does to a draft: each edit is one value, one transaction, one new version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import shapely
from django.db import transaction
from shapely import LineString

from backend.accounts.actor import Actor
from backend.areas import access, force
from backend.areas.drafts import Sheet
from backend.areas.errors import BadEdit, DivisionNotDraft
from backend.areas.models import Area, Division
from backend.areas.shapes import shape_of, slim
from backend.core.errors import StaleVersion
from gis import outlines
from gis.coordinates import Position
from gis.outlines import EditNotPossible, Shape


@dataclass(frozen=True, slots=True)
class SetOutline:
    """The grid gets this outline; its neighbours give way or take what it leaves."""

    code: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class MoveVertex:
    """A point of one or more borders moves, and every grid that has it."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Split:
    """A line cuts the grid; the largest part keeps the code."""

    code: str
    line: LineString


@dataclass(frozen=True, slots=True)
class Merge:
    """Neighbours become one grid, under the code `keep` (the lowest when empty)."""

    codes: tuple[str, ...]
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Add:
    """A new grid takes its ground from those that had it."""

    shape: Shape
    under: str = ""
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """The grid ends; its ground goes to `heir`, or part by part to the neighbour with the longest common border."""

    code: str
    heir: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    code: str
    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Reassign:
    """The grid goes over to another community, as a new grid of that one."""

    code: str
    under: str


@dataclass(frozen=True, slots=True)
class RedrawCommunity:
    """A community gets this outline; its grids and those around follow."""

    under: str
    shape: Shape


Edit: TypeAlias = SetOutline | MoveVertex | Split | Merge | Add | Close | Rename | Reassign | RedrawCommunity


@transaction.atomic
def edit_draft(*, actor: Actor, division_id: UUID, version: int, edit: Edit, now: datetime) -> Division:
    """Applies one edit to the version that the person saw.

    Raises DivisionNotFound, MayNotDivide, DivisionNotDraft, StaleVersion, BadEdit, CodesUsedUp.
    """
    division = open_draft(actor, division_id, version)
    sheet = Sheet(division)
    try:
        _APPLY[type(edit)](sheet, edit)
    except EditNotPossible as error:
        raise BadEdit(error.detail, reason=error.code, area_code=error.key) from error
    sheet.save()
    return new_version(division, now=now)


def open_draft(actor: Actor, division_id: UUID, version: int) -> Division:
    """The locked draft in this version. Raises like `edit_draft`."""
    division = access.lock_division(actor, division_id)
    if division.state not in (Division.State.DRAFT, Division.State.CHECKED):
        raise DivisionNotDraft("published divisions are never edited; begin a new draft", state=division.state)
    if division.version != version:
        raise StaleVersion("somebody edited this draft meanwhile; look again", version=division.version)
    return division


def new_version(division: Division, *, now: datetime) -> Division:
    """Counts an edit: what was checked before counts no more."""
    division.version += 1
    division.state, division.report, division.edited_at = Division.State.DRAFT, {}, now
    division.save(update_fields=["version", "state", "report", "edited_at"])
    return division


def _set_outline(sheet: Sheet, edit: SetOutline) -> None:
    sheet.row(edit.code)
    sheet.reshape(outlines.set_outline(sheet.shapes, edit.code, _on_ground(sheet, edit.shape)))


def _on_ground(sheet: Sheet, shape: Shape) -> Shape:
    """What is drawn beyond the parent's border is cut off."""
    ground = force.ground_of(sheet.division.parent)
    return outlines.as_shape(shape if ground is None else shapely.intersection(_sound(shape), ground))


def _sound(shape: Shape) -> Shape:
    if not shape.is_valid:
        raise EditNotPossible("crosses_itself", "the outline crosses itself")
    return shape


def _move_vertex(sheet: Sheet, edit: MoveVertex) -> None:
    sheet.reshape(outlines.move_vertex(sheet.shapes, edit.start, edit.end))


def _split(sheet: Sheet, edit: Split) -> None:
    row = sheet.row(edit.code)
    largest, *others = outlines.split(sheet.shapes, edit.code, edit.line)
    rest = {code: shape for code, shape in sheet.shapes.items() if code != edit.code}
    for part in others:
        code = sheet.free_code(row.under)
        sheet.put(code, part, area=None, under=row.under, name="", kind=row.kind)
        rest[code] = part
    sheet.reshape(outlines.joined(rest, {edit.code: largest}))


def _merge(sheet: Sheet, edit: Merge) -> None:
    codes = sorted(set(edit.codes))
    if len(codes) < 2:
        raise BadEdit("choose two or more grids", field="codes", reason="too_few")
    rows = [sheet.row(code, name="codes") for code in codes]
    keep = edit.keep or next((row.code for row in rows if row.area_id is not None), codes[0])
    if keep not in codes:
        raise BadEdit("the grid that is kept is one of those that are merged", field="keep", reason="unknown_code")
    whole = outlines.merge(sheet.shapes, codes)
    for code in codes:
        if code != keep:
            sheet.drop(code)
    sheet.reshape(outlines.joined({**sheet.shapes, keep: whole}, {keep: whole}))


def _add(sheet: Sheet, edit: Add) -> None:
    under = sheet.under(edit.under)
    code = sheet.free_code(under)
    changed = outlines.set_outline(sheet.shapes, code, _on_ground(sheet, edit.shape))
    sheet.put(code, changed.pop(code), area=None, under=under, name=edit.name, name_en=edit.name_en)
    sheet.reshape(changed)


def _close(sheet: Sheet, edit: Close) -> None:
    sheet.row(edit.code)
    if edit.heir:
        sheet.row(edit.heir, name="heir")
        if edit.heir == edit.code:
            raise BadEdit("choose another grid", field="heir", reason="unknown_code")
    changed = outlines.remove(sheet.shapes, edit.code, heir=edit.heir or None)
    sheet.drop(edit.code)
    sheet.reshape(changed)


def _rename(sheet: Sheet, edit: Rename) -> None:
    row = sheet.row(edit.code)
    row.name, row.name_en = edit.name, edit.name_en
    sheet.touch(edit.code)


def _reassign(sheet: Sheet, edit: Reassign) -> None:
    row = sheet.row(edit.code)
    under = sheet.under(edit.under)
    if under.pk != row.under_id:
        _bring_under(sheet, edit.code, under)


def _bring_under(sheet: Sheet, code: str, under: Area) -> None:
    """A code names its community, so a grid that goes over becomes a new one; one that comes back gets its old code."""
    taken = {row.area_id for row in sheet.rows.values()}
    former = [
        one
        for one in force.last_published(under, sheet.division.level)
        if one.area_id not in taken and _is_outline(sheet.shapes[code], slim(shape_of(one.outline)))
    ]
    sheet.recode(code, area=former[0].area if former else None, under=under)


def _is_outline(shape: Shape, held: Shape) -> bool:
    return bool(
        shapely.equals_exact(shapely.normalize(held), shapely.normalize(shape), tolerance=outlines.GRID_DEG / 2)
    )


def _redraw(sheet: Sheet, edit: RedrawCommunity) -> None:
    if sheet.division.level != Area.Level.GRID:
        raise BadEdit("draw the outline itself", field="kind", reason="bad_level")
    under = sheet.under(edit.under)
    members = {code for code, row in sheet.rows.items() if row.under_id == under.pk}
    changed, after = outlines.redraw_group(sheet.shapes, members, _on_ground(sheet, edit.shape))
    sheet.reshape(changed)
    for code in sorted(after - members):
        _bring_under(sheet, code, under)
    for code in sorted(members - after):
        neighbour = outlines.longest_neighbour(
            {other: sheet.shapes[other] for other in sheet.rows if other not in after and other not in members},
            outlines.largest_part(sheet.shapes[code]),
        )
        if neighbour is None:
            raise BadEdit("no other community is beside this grid", reason="no_neighbour", area_code=code)
        _bring_under(sheet, code, sheet.rows[neighbour].under)


_APPLY: dict[type[Any], Callable[[Sheet, Any], None]] = {
    SetOutline: _set_outline,
    MoveVertex: _move_vertex,
    Split: _split,
    Merge: _merge,
    Add: _add,
    Close: _close,
    Rename: _rename,
    Reassign: _reassign,
    RedrawCommunity: _redraw,
}
