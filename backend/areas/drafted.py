"""A draft taken as if it had been in force: its boundaries, its new areas and their duty, in memory only.

Nothing is written and no row is locked, so a draft may be tried while reports come in and others publish.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from uuid import UUID

from backend.areas import force, inheriting, queries
from backend.areas.codes import next_code
from backend.areas.duty.chain import DutyLine, Roster
from backend.areas.models import Area, Boundary, Division, DraftOutline
from backend.areas.publishing import Outline, boundary_of, communities_that_follow, lineage_of, new_area
from backend.areas.shapes import shape_of, slim
from gis.locate import GridId, GridIndex, GridShape


class DraftGround:
    """Published boundaries of each moment, with those below the draft's parent replaced by the draft.

    A new grid has at every moment the duty of the grid of that moment that most of its ground comes from; a grid that
    the draft closes has none. Raises BadDivision for an outline that rounding makes invalid, CodesUsedUp.
    """

    def __init__(self, division: Division, *, now: datetime) -> None:
        self.division = division
        rows = DraftOutline.objects.filter(division=division).select_related("area__parent", "under", "division")
        drawn_rows = list(rows.order_by("code"))
        codes = [row.code for row in drawn_rows]
        self.outlined = _outlined(drawn_rows, now)
        # By the codes of the draft, which a new area keeps only where they are still free.
        self.areas = {code: one.area for code, one in zip(codes, self.outlined, strict=True)}
        follow = []
        if division.level == Area.Level.GRID:
            follow = list(communities_that_follow(division, self.outlined))
        drawn = [*self.outlined, *(outline for _, outline in follow)]
        self._boundaries = [boundary_of(one, division, now) for one in drawn]
        self._by_id: dict[GridId, Boundary] = {boundary.pk: boundary for boundary in self._boundaries}
        self._base = force.last_published(division.parent, division.level)
        self.ended = {boundary.pk for boundary in (*self._base, *(former for former, _ in follow))}
        self._replaced = {former.area_id for former, _ in follow}

    @property
    def closed(self) -> list[Boundary]:
        """Boundaries of the areas that the draft closes."""
        kept = {one.area.pk for one in self.outlined}
        return [boundary for boundary in self._base if boundary.area_id not in kept]

    @property
    def boundaries(self) -> list[Boundary]:
        """The outlines of the draft as they would be published."""
        return self._boundaries[: len(self.outlined)]

    def indexes_at(self, moments: Sequence[datetime]) -> list[tuple[GridIndex, list[int]]]:
        return [(self._index_at(at), places) for at, places in queries.alike(moments)]

    def boundaries_of(self, boundary_ids: Collection[GridId]) -> dict[GridId | None, Boundary]:
        others = [pk for pk in boundary_ids if pk not in self._by_id]
        return queries.boundaries_of(others) | {pk: self._by_id[pk] for pk in boundary_ids if pk in self._by_id}

    def duty_of(self, grid_ids: Collection[UUID], *, start: datetime, end: datetime) -> "DraftDuty":
        if self.division.level != Area.Level.GRID:
            return DraftDuty(Roster.read(grid_ids, start=start, end=end), frozenset(), [], [{}])
        changes = queries.boundary_changes(start, end)
        ancestors = [self._ancestors_at(at) for at in (start, *changes)]
        asked = {*grid_ids, *chain.from_iterable(ancestry.values() for ancestry in ancestors)}
        closed = frozenset(boundary.area_id for boundary in self.closed)
        return DraftDuty(Roster.read(asked, start=start, end=end), closed, changes, ancestors)

    def _index_at(self, at: datetime) -> GridIndex:
        grids, communities = (self._shapes_at(level, at) for level in (Area.Level.GRID, Area.Level.COMMUNITY))
        return GridIndex(grids, parents=communities, stamp=f"{self.division.pk}/{self.division.version}")

    def _shapes_at(self, level: str, at: datetime) -> list[GridShape]:
        held = self._held_at(level, at)
        if level == self.division.level:
            held = [one for one in held if not one.area.path.startswith(self.division.parent.path)]
        elif level == Area.Level.COMMUNITY:
            held = [one for one in held if one.area_id not in self._replaced]
        drawn = [one for one in self._boundaries if one.area.level == level]
        return [GridShape(one.pk, one.area.code, slim(shape_of(one.outline))) for one in (*held, *drawn)]

    def _held_at(self, level: str, at: datetime) -> list[Boundary]:
        return list(Boundary.objects.in_force(at).filter(area__level=level).select_related("area"))

    def _ancestors_at(self, at: datetime) -> dict[UUID, UUID]:
        """Of each grid of the draft that did not exist at the moment: the one of then with most of its ground."""
        path = self.division.parent.path
        held = [one for one in self._held_at(Area.Level.GRID, at) if one.area.path.startswith(path)]
        return self._ancestors_of(tuple(sorted(held, key=lambda one: one.pk)))

    @cache  # noqa: B019 - one ground lives as long as one trial
    def _ancestors_of(self, held: tuple[Boundary, ...]) -> dict[UUID, UUID]:
        return inheriting.main_ancestors(lineage_of(self.division, self.outlined, held))


class DraftDuty:
    """Duty of the draft's grids; `ancestors` holds one mapping more than `changes`, each up to the next change."""

    def __init__(
        self,
        roster: Roster,
        closed: frozenset[UUID],
        changes: Sequence[datetime],
        ancestors: Sequence[dict[UUID, UUID]],
    ) -> None:
        self._roster = roster
        self._closed = closed
        self._changes = changes
        self._ancestors = ancestors

    def lines_at(self, grid_id: UUID, at: datetime) -> Sequence[DutyLine]:
        if grid_id in self._closed:
            return ()
        own = self._roster.lines_at(grid_id, at)
        ancestor = self._ancestors[bisect_right(self._changes, at)].get(grid_id)
        return own if own or ancestor is None else self._roster.lines_at(ancestor, at)


def _outlined(rows: Sequence[DraftOutline], now: datetime) -> list[Outline]:
    """The outlines with their areas; new ones get the codes that publishing would give them."""
    given = {row.code for row in rows}
    used = set(Area.objects.filter(code__in=[row.code for row in rows if row.area is None]).values_list("code"))
    found = []
    for row in rows:
        area = row.area
        if area is None:
            if (row.code,) in used:
                row.code = next_code(row.under, taken=given)
                given.add(row.code)
            area = new_area(row, now)
        found.append(Outline(area, slim(shape_of(row.outline)), (row.name, row.name_en), row.kind))
    return found
