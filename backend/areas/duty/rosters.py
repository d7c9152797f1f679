"""Rosters that come as a list: duties of the listed grids that the list leaves out end now, covers stay."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.areas.models import Duty
from backend.core.imports import Row

_TWO: Final = {"leader 0": "two leaders", "deputy 1": "two A deputies", "deputy 2": "two B deputies"}


def refuse_overlaps(wanted: Sequence[tuple[Row, Duty]], *, field: str) -> None:
    """Names each row that gives a grid two people in a post for one, or the same person twice at a time."""
    lines: dict[tuple[object, ...], list[tuple[Row, Duty]]] = defaultdict(list)
    for row, duty in wanted:
        lines[duty.grid_id, "worker", duty.worker_id].append((row, duty))
        if duty.post in (Duty.Post.LEADER, Duty.Post.DEPUTY):
            lines[duty.grid_id, f"{duty.post} {duty.rank}"].append((row, duty))
    for key, group in lines.items():
        group.sort(key=lambda item: item[1].valid.lower)
        for (first, before), (row, duty) in pairwise(group):
            if before.valid.upper is None or before.valid.upper > duty.valid.lower:
                what = "the same person twice" if key[1] == "worker" else _TWO[str(key[1])]
                row.refuse(field, f"gives the grid {what} at a time, see row {first.number}")


def settle_duties(wanted: Sequence[Duty], *, now: datetime) -> set[UUID]:
    """Brings the listed grids in line with the list from now on; names the people whose duty ended.

    What is the same already stays as it is; a new duty that takes the place of an ended one begins now.
    """
    grids = {duty.grid_id for duty in wanted}
    held = list(Duty.objects.filter(grid__in=grids).exclude(post=Duty.Post.COVER).select_for_update())
    keys = {duty_key(duty) for duty in wanted}
    kept = {duty_key(duty) for duty in held}
    ended: set[UUID] = set()
    for duty in held:
        if duty_key(duty) in keys or (duty.valid.upper is not None and duty.valid.upper <= now):
            continue
        ended.add(duty.worker_id)
        if duty.valid.lower >= now:
            duty.delete()
        else:
            duty.valid = DateTimeTZRange(duty.valid.lower, now)
            duty.save(update_fields=["valid"])
    changed = {duty.grid_id for duty in held if duty_key(duty) not in keys}
    fresh = [duty for duty in wanted if duty_key(duty) not in kept]
    for duty in fresh:
        if duty.grid_id in changed and duty.valid.lower < now:
            duty.valid = DateTimeTZRange(now, duty.valid.upper)
    Duty.objects.bulk_create(_lasting(fresh))
    return ended


def _lasting(duties: Iterable[Duty]) -> list[Duty]:
    return [duty for duty in duties if duty.valid.upper is None or duty.valid.lower < duty.valid.upper]


def duty_key(duty: Duty) -> tuple[object, ...]:
    """Equal for duties that say the same."""
    return duty.grid_id, duty.worker_id, duty.post, duty.rank, duty.part_time, duty.valid.lower, duty.valid.upper
