"""Undoing a division: one that is still to come is taken back, one in force is answered by the division before it."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from backend.accounts.actor import Actor
from backend.areas import access, force, inheriting
from backend.areas.errors import NotUndoable
from backend.areas.models import Area, Boundary, Division
from backend.areas.publishing import Outline, lock_publishing, put_in_force
from backend.areas.shapes import shape_of, slim
from backend.core import outbox
from backend.core.ids import uuid7


@transaction.atomic
def undo_division(*, actor: Actor, division_id: UUID, now: datetime) -> tuple[Division, Division | None]:
    """The undone division and, where it was in force, the one that brings the former boundaries back from now on.

    The caller has made sure that no work was done under it. Raises DivisionNotFound, MayNotDivide, NotUndoable.
    """
    access.get_division(actor, division_id)
    access.refuse_readers(actor)
    lock_publishing()
    division = access.lock_division(actor, division_id)
    force.lock_grids(division.parent.path)
    if division.state != Division.State.PUBLISHED or division.effective_at is None:
        raise NotUndoable("only a published division can be undone", reason="state", state=division.state)
    _refuse_built_upon(division)
    if not _former(division, division.level).exists():
        raise NotUndoable("these are the first boundaries here; there is nothing to go back to", reason="first")
    answer = None
    if division.effective_at > now:
        _take_back(division, now)
    else:
        answer = _go_back(division, actor, now)
    division.state, division.undone_at, division.undone_by_id = Division.State.UNDONE, now, actor.user_id
    division.save(update_fields=["state", "undone_at", "undone_by"])
    outbox.owe(
        "division_published", division.pk, now=now, area_path=division.parent.path, level=division.level, undone=True
    )
    return division, answer


def _refuse_built_upon(division: Division) -> None:
    latest = {boundary.pk for boundary in force.last_published(division.parent, division.level)}
    own = set(division.boundaries.filter(area__level=division.level).values_list("pk", flat=True))
    if latest != own:
        raise NotUndoable("other boundaries were published here since", reason="published_since")


def _former(division: Division, level: str) -> QuerySet[Boundary]:
    """What ended at the moment of the division."""
    return Boundary.objects.filter(
        area__level=level, area__path__startswith=division.parent.path, valid__endswith=division.effective_at
    ).select_related("area__parent")


def _take_back(division: Division, now: datetime) -> None:
    """The boundaries never come into force; those before them go on as if nothing had been published."""
    new = set(division.lineage.filter(old=None).values_list("new_id", flat=True))
    own = set(division.boundaries.values_list("area_id", flat=True))
    division.boundaries.update(valid=None)
    for level in {division.level, Area.Level.COMMUNITY.value}:
        former = list(_former(division, level).values_list("pk", "area_id"))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE areas_boundary SET valid = tstzrange(lower(valid), NULL) WHERE id = ANY(%s)",
                [[pk for pk, _ in former]],
            )
        own -= {area_id for _, area_id in former}
        Area.objects.filter(pk__in=[area_id for _, area_id in former], closed_at=division.effective_at).update(
            closed_at=None
        )
    never = new | own
    Area.objects.filter(pk__in=never, opened_at__gt=now).update(closed_at=now)
    inheriting.give_back_duty(division, sorted(never))


def _go_back(division: Division, actor: Actor, now: datetime) -> Division:
    """A division of its own, in force from now on, with the outlines that held before."""
    base = force.last_published(division.parent, division.level)
    outlined = [
        Outline(row.area, slim(shape_of(row.outline)), (row.name, row.name_en), row.kind)
        for row in _former(division, division.level)
    ]
    answer = Division.objects.create(
        id=uuid7(),
        parent=division.parent,
        level=division.level,
        name=division.name,
        source=division.source,
        state=Division.State.PUBLISHED,
        base_stamp=force.stamp_of(boundary.pk for boundary in base),
        created_at=now,
        created_by_id=actor.user_id,
        published_at=now,
        published_by_id=actor.user_id,
        effective_at=now,
        undoes=division,
    )
    put_in_force(answer, outlined, base=base, at=now)
    return answer
