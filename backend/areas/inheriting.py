"""Duty across a change of boundaries: a new grid begins with its ground's team, a closed grid's duty ends."""

import copy
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core import serializers
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.areas.models import Area, Division, Duty, Lineage
from backend.core.ids import uuid7


def hand_on_duty(division: Division, lines: Sequence[Lineage], *, closed: Sequence[Area], at: datetime) -> None:
    """Copies duty from the old grid with most of the ground, then ends it in closed grids, both from the moment on.

    What was changed is kept as it was in `division.duty_before`, for an undo.
    """
    old_of = main_ancestors(lines)
    before = Duty.objects.filter(grid__in=set(old_of.values()) | {area.pk for area in closed}).order_by("pk")
    lasting = [duty for duty in before if duty.valid.upper is None or duty.valid.upper > at]
    held = set(Duty.objects.filter(grid__in=old_of, valid__contains=at).values_list("grid_id", flat=True))
    team: dict[UUID, list[Duty]] = defaultdict(list)
    for duty in lasting:
        team[duty.grid_id].append(duty)
    fresh = [
        _copy(duty, grid_id=grid_id, at=at)
        for grid_id, old_id in old_of.items()
        if grid_id not in held
        for duty in team[old_id]
    ]
    ending = [duty for duty in lasting if duty.grid_id in {area.pk for area in closed}]
    division.duty_before = json.loads(serializers.serialize("json", ending))
    division.save(update_fields=["duty_before"])
    _end([duty.pk for duty in ending if _begins_by(duty, at)], at)
    Duty.objects.filter(pk__in=[duty.pk for duty in ending if not _begins_by(duty, at)]).delete()
    Duty.objects.bulk_create(fresh)


def _end(duty_ids: list[UUID], at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE areas_duty SET valid = tstzrange(lower(valid), %s) WHERE id = ANY(%s::uuid[])", [at, duty_ids]
        )


def main_ancestors(lines: Sequence[Lineage]) -> dict[UUID, UUID]:
    """For each area that did not go on from itself: the old one that it shares most ground with."""
    going_on = {line.new_id for line in lines if line.old_id == line.new_id}
    best: dict[UUID, tuple[float, UUID]] = {}
    for line in lines:
        if line.new_id is not None and line.old_id is not None and line.new_id not in going_on:
            best[line.new_id] = max(best.get(line.new_id, (0.0, line.old_id)), (line.shared_m2, line.old_id))
    return {new: old for new, (_, old) in best.items()}


def _copy(duty: Duty, *, grid_id: UUID, at: datetime) -> Duty:
    fresh = copy.copy(duty)
    fresh.pk, fresh.grid_id = uuid7(), grid_id
    fresh._state = copy.copy(duty._state)
    fresh._state.adding = True
    lower = at if _begins_by(duty, at) else duty.valid.lower
    fresh.valid = DateTimeTZRange(lower, duty.valid.upper)
    return fresh


def _begins_by(duty: Duty, at: datetime) -> bool:
    """Whether the duty holds for some time before the moment."""
    return duty.valid.lower is None or duty.valid.lower < at


def give_back_duty(division: Division, new_areas: Sequence[UUID]) -> None:
    """Takes the duty of areas that never came to be away and restores what the publish had ended."""
    Duty.objects.filter(grid__in=new_areas).delete()
    for kept in serializers.deserialize("json", json.dumps(division.duty_before)):
        kept.save()
