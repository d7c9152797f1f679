"""What keeps a report that is under way from staying in a grid that a publish ends meanwhile.

A report reads the mark, decides, and before it commits holds the boundaries and reads the mark again: another mark
means that open work was brought to new boundaries, and the report follows. A switch, as its last act, bars reports from
that last step until it commits, and takes along what had passed it before. So one of both always sees the other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from backend.areas.models import Division

_SWITCH_LOCK: Final = 4_210_003


@dataclass(frozen=True, slots=True)
class Mark:
    """How many divisions open work was brought to, and the last of them with its moment."""

    switched: int
    division_id: UUID | None
    effective_at: datetime | None


def switch_mark() -> Mark:
    """The mark as it is committed now; one query."""
    done = Division.objects.filter(switched_at__isnull=False)
    row = done.order_by("-switched_at", "-id").values_list("pk", "effective_at").first()
    return Mark(done.count(), *row) if row else Mark(0, None, None)


def hold_boundaries() -> None:
    """Until this transaction ends no switch is committed; many may hold at once."""
    _lock("pg_advisory_xact_lock_shared")


def bar_reports() -> None:
    """Waits for those who hold the boundaries, then keeps others from it until this transaction ends."""
    _lock("pg_advisory_xact_lock")


def take_names(division: Division) -> int:
    """Areas are called from now on as the division's boundaries say; how many had another name or kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE areas_area AS area SET name = drawn.name, name_en = drawn.name_en, kind = drawn.kind "
            "FROM areas_boundary AS drawn WHERE drawn.division_id = %s AND drawn.area_id = area.id "
            "AND (area.name, area.name_en, area.kind) IS DISTINCT FROM (drawn.name, drawn.name_en, drawn.kind)",
            [division.pk],
        )
        return int(cursor.rowcount)


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_SWITCH_LOCK])
