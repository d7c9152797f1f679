"""Places and door plates in the grids of new boundaries, many rows a statement."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db import connection

from backend.areas.queries import grid_areas, grid_index
from backend.core.rows import array

_TABLES = {"places": "places_place", "addresses": "places_address"}


def rehome_ground(parent_path: str, *, now: datetime) -> dict[str, int]:
    """Gives every place and address below the path the grid that covers it now; how many changed, by kind.

    One that no grid covers keeps the one it had: the check of the draft has named it.
    """
    return {kind: _rehome(table, parent_path, now) for kind, table in _TABLES.items()}


def _rehome(table: str, parent_path: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT one.id::text, one.grid_id::text, ST_X(one.location), ST_Y(one.location) FROM {table} AS one "
            "JOIN areas_area AS area ON area.id = one.grid_id WHERE area.path LIKE %s ORDER BY one.id",
            [parent_path + "%"],
        )
        rows = cursor.fetchall()
    wanted = located([(row[2], row[3]) for row in rows], now=now)
    moved = [(row[0], grid) for row, grid in zip(rows, map(_text, wanted), strict=True) if grid not in (None, row[1])]
    if moved:
        with connection.cursor() as cursor:
            # Held in the order of their ids first: an UPDATE takes its rows in whatever order the join finds them.
            cursor.execute(
                f"SELECT id FROM {table} WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
                [array(pk for pk, _ in moved)],
            )
            cursor.execute(
                f"UPDATE {table} AS one SET grid_id = wanted.grid_id "
                "FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (id, grid_id) WHERE one.id = wanted.id",
                [array(pk for pk, _ in moved), array(grid for _, grid in moved)],
            )
    return len(moved)


@lru_cache(maxsize=4096)
def _text(grid_id: UUID | None) -> str | None:
    return str(grid_id) if grid_id else None


def located(points: Sequence[tuple[float, float]], *, now: datetime) -> list[UUID | None]:
    """The grid (as an area) of each WGS84 point under the boundaries in force; None where none covers it."""
    if not points:
        return []
    index = grid_index(now)
    areas = grid_areas(now)
    spots = np.array(points)
    owners = index.locate_batch(spots[:, 0], spots[:, 1])
    return [None if owner < 0 else areas[index.grids[owner].id] for owner in owners.tolist()]
