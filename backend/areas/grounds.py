"""What a decision stands on: boundaries and duty of any moment, as published or as a draft would have them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from backend.areas import queries
from backend.areas.duty.chain import DutyLine, Roster
from backend.areas.models import Boundary
from gis.locate import GridId, GridIndex


class DutyTable(Protocol):
    """Who answers in the grids that it was read for."""

    def lines_at(self, grid_id: UUID, at: datetime) -> Sequence[DutyLine]: ...


class Ground(Protocol):
    """Boundaries and duty. An index names boundaries by id, and `boundaries_of` answers for these ids."""

    def indexes_at(self, moments: Sequence[datetime]) -> list[tuple[GridIndex, list[int]]]: ...

    def boundaries_of(self, boundary_ids: Collection[GridId]) -> dict[GridId | None, Boundary]: ...

    def duty_of(self, grid_ids: Collection[UUID], *, start: datetime, end: datetime) -> DutyTable: ...


class _Published:
    """Boundaries and duty as they are in the tables."""

    def indexes_at(self, moments: Sequence[datetime]) -> list[tuple[GridIndex, list[int]]]:
        return queries.indexes_at(moments)

    def boundaries_of(self, boundary_ids: Collection[GridId]) -> dict[GridId | None, Boundary]:
        return queries.boundaries_of(boundary_ids)

    def duty_of(self, grid_ids: Collection[UUID], *, start: datetime, end: datetime) -> DutyTable:
        return Roster.read(grid_ids, start=start, end=end)


PUBLISHED: Final[Ground] = _Published()
