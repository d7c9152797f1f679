"""Drafts of divisions: begun from what is in force, from drawn outlines or from nothing, and edited step by step.

Every edit names the version that it was made on and makes the next one; a check of an older version counts no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.areas import access, force
from backend.areas.codes import next_code
from backend.areas.errors import BadEdit, DivisionNotDraft, NoBoundaries
from backend.areas.models import Area, Division, DraftOutline
from backend.areas.naming import new_name
from backend.areas.shapes import shape_of, slim, stored
from backend.core.ids import uuid7
from gis import outlines
from gis.outlines import EditNotPossible, Shape

LEVELS = (Area.Level.GRID.value, Area.Level.COMMUNITY.value)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One outline for a new draft. Without a code, or with one that names no open area here, it will be a new area."""

    shape: Shape
    code: str = ""
    under_code: str = ""
    name: str = ""
    name_en: str = ""
    kind: str = ""


@transaction.atomic
def create_draft(
    *,
    actor: Actor,
    parent_code: str,
    level: str,
    name: str,
    now: datetime,
    drawn: Sequence[Drawn] | None = None,
    source: str = "",
) -> Division:
    """A draft that begins with what is published last, or with `drawn` outlines (none: an empty one).

    Raises MayNotDivide, AreaNotFound, BadEdit, NoBoundaries, CodesUsedUp.
    """
    access.refuse_readers(actor)
    parent = access.get_area(actor, parent_code)
    if level not in LEVELS or not lies_above(parent, level):
        raise BadEdit(f"a {parent.level} is not cut into areas of level {level}", field="level", reason="bad_level")
    base = force.last_published(parent, level)
    if drawn is None and not base:
        raise NoBoundaries("nothing is published under this area yet; draw, upload or propose instead", field="source")
    division = Division.objects.create(
        id=uuid7(),
        parent=parent,
        level=level,
        name=name,
        source=source,
        base_stamp=force.stamp_of(boundary.pk for boundary in base),
        created_at=now,
        created_by_id=actor.user_id,
        edited_at=now,
    )
    if drawn is None:
        DraftOutline.objects.bulk_create(
            DraftOutline(
                id=uuid7(), division=division, area=one.area, under=one.area.parent, outline=one.outline,
                code=one.area.code, name=one.name, name_en=one.name_en, kind=one.kind,
            )
            for one in base
        )  # fmt: skip
    else:
        _lay_out(division, drawn)
    return division


@transaction.atomic
def discard_draft(*, actor: Actor, division_id: UUID) -> None:
    """Throws a draft away. Raises DivisionNotFound, MayNotDivide, DivisionNotDraft."""
    division = access.lock_division(actor, division_id)
    if division.state not in (Division.State.DRAFT, Division.State.CHECKED):
        raise DivisionNotDraft("a published division stays; it can be undone", state=division.state)
    division.delete()


def lies_above(parent: Area, level: str) -> bool:
    """Whether the parent may be cut into areas of this level."""
    order = [one.value for one in Area.Level]
    return order.index(parent.level) < order.index(level)


def _lay_out(division: Division, drawn: Sequence[Drawn]) -> None:
    """Rows for outlines that came from a file or a proposal."""
    sheet = Sheet(division)
    for number, one in enumerate(drawn, start=1):
        try:
            shape = outlines.as_shape(one.shape)
        except EditNotPossible as error:
            raise BadEdit(error.detail, reason=error.code, row=number) from error
        area = sheet.open_area(one.code)
        under = area.parent if area is not None and area.parent is not None else sheet.under(one.under_code)
        code = area.code if area is not None else sheet.free_code(under)
        sheet.put(
            code,
            shape,
            area=area,
            under=under,
            name=one.name or (area.name if area else ""),
            name_en=one.name_en or (area.name_en if area else ""),
            kind=one.kind or (area.kind if area else "base"),
        )
    sheet.save()


@dataclass
class Sheet:
    """The outlines of one draft in memory: looked up and changed by code, then saved at once."""

    division: Division
    rows: dict[str, DraftOutline] = field(init=False)
    shapes: dict[str, Shape] = field(init=False)
    _changed: set[str] = field(init=False, default_factory=set)
    _gone: list[DraftOutline] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        found = DraftOutline.objects.filter(division=self.division).select_related("area", "under").order_by("code")
        self.rows = {row.code: row for row in found}
        self.shapes = {code: slim(shape_of(row.outline)) for code, row in self.rows.items()}

    def row(self, code: str, *, name: str = "code") -> DraftOutline:
        if code not in self.rows:
            raise BadEdit("the draft has no such outline", field=name, reason="unknown_code", area_code=code)
        return self.rows[code]

    def open_area(self, code: str) -> Area | None:
        """The open area of this level and parent with the code, unless another outline of the draft stands for it."""
        if not code or code in self.rows:
            return None
        found = Area.objects.filter(code=code, level=self.division.level, closed_at=None).select_related("parent")
        return found.filter(path__startswith=self.division.parent.path).first()

    def under(self, code: str) -> Area:
        """The direct parent of a new area; the parent of the division where that is the only one."""
        parent = self.division.parent
        order = [one.value for one in Area.Level]
        wanted = order[order.index(self.division.level) - 1]
        if parent.level == wanted and code in ("", parent.code):
            return parent
        found = Area.objects.filter(code=code, level=wanted, closed_at=None, path__startswith=parent.path).first()
        if found is None:
            raise BadEdit(f"name the {wanted} that it belongs to", field="under", reason="unknown_under", under=code)
        return found

    def free_code(self, under: Area) -> str:
        return next_code(under, taken=self.rows)

    def put(
        self, code: str, shape: Shape, *, area: Area | None, under: Area, name: str, name_en: str = "", kind: str = ""
    ) -> DraftOutline:
        """A new outline under this code; a new area without a name is named like its siblings."""
        if not name:
            name, usual_en = new_name(under, self.division.level, code)
            name_en = name_en or usual_en
        row = DraftOutline(
            id=uuid7(), division=self.division, area=area, under=under, code=code, kind=kind or "base",
            name=name[:80], name_en=name_en[:120],
        )  # fmt: skip
        self.rows[code] = row
        self.reshape({code: shape})
        return row

    def reshape(self, changed: Mapping[str, Shape]) -> None:
        for code, shape in changed.items():
            self.shapes[code] = shape
            self.rows[code].outline = stored(shape)
            self._changed.add(code)

    def touch(self, code: str) -> None:
        self._changed.add(code)

    def drop(self, code: str) -> None:
        self._gone.append(self.rows.pop(code))
        self.shapes.pop(code)
        self._changed.discard(code)

    def recode(self, code: str, *, area: Area | None, under: Area) -> str:
        """The outline stands for another area from now on; answers with its code."""
        row = self.rows.pop(code)
        row.area, row.under = area, under
        row.code = area.code if area is not None else next_code(under, taken=[*self.rows, code])
        self.rows[row.code], self.shapes[row.code] = row, self.shapes.pop(code)
        self._changed.discard(code)
        self._changed.add(row.code)
        return row.code

    def save(self) -> None:
        DraftOutline.objects.filter(pk__in=[row.pk for row in self._gone]).delete()
        rows = [self.rows[code] for code in sorted(self._changed)]
        fresh = [row for row in rows if row._state.adding]
        known = [row for row in rows if not row._state.adding]
        DraftOutline.objects.bulk_update(
            known, ["area", "under", "code", "name", "name_en", "kind", "outline"], batch_size=500
        )
        DraftOutline.objects.bulk_create(fresh)
