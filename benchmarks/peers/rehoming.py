"""Re-homing as one would write it first: case by case, each decided, saved, told in the history and owed by itself.

The tests hold the set-based way (`backend.cases.rehoming`) against it: same rows, same history, same messages.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import SYSTEM
from backend.areas import queries as areas
from backend.cases.disputes.closing import drop_open
from backend.cases.history import record_step
from backend.cases.models import Case
from backend.cases.routing import place_in, verdict_for
from backend.cases.workflow import Action, State
from backend.dispatch import services as dispatch
from backend.dispatch.errors import OutsideServedArea
from backend.places.models import Address, Place

_UNDER_WAY = frozenset({State.HANDLING.value, State.SUSPENDED.value, State.PENDING_CHECK.value})


@transaction.atomic
def rehome_one_by_one(case_ids: Collection[UUID], *, change_id: UUID, now: datetime) -> list[UUID]:
    """`backend.cases.rehoming.rehome_cases`, row by row."""
    moved = []
    cases = Case.objects.open().filter(pk__in=case_ids).select_related("matter__department", "grid")
    for case in cases.select_for_update(of=("self",)).order_by("pk"):
        try:
            verdict = verdict_for(case, now=now)
        except OutsideServedArea:
            continue
        former = case.grid
        if (verdict.grid.pk if verdict.grid else None, verdict.area_path) == (case.grid_id, case.area_path):
            continue
        decision = dispatch.keep(case_id=case.pk, verdict=verdict, cause="boundary", now=now)
        changed = place_in(case, verdict)
        if case.state not in _UNDER_WAY and case.dispatched_at is not None:
            case.responsible, case.department = verdict.worker, verdict.department
            changed += ["responsible", "department"]
        record_step(
            case, action=Action.ROUTE, actor=SYSTEM, to_state=State(case.state), now=now, changed=changed,
            facts={
                "cause": "boundary", "change_id": str(change_id), "decision_id": str(decision.pk),
                "from_grid": former.code if former else None, "to_grid": verdict.grid.code if verdict.grid else None,
            },
        )  # fmt: skip
        drop_open(case, actor=SYSTEM, now=now)
        moved.append(case.pk)
    return moved


def rehome_ground_one_by_one(parent_path: str, *, now: datetime) -> dict[str, int]:
    """`backend.places.rehoming.rehome_ground`, row by row."""
    moved = {}
    for kind, model in (("places", Place), ("addresses", Address)):
        rows = model.objects.filter(grid__path__startswith=parent_path).select_for_update(of=("self",)).order_by("pk")
        moved[kind] = sum(_rehome_row(row, now) for row in rows)
    return moved


def _rehome_row(row: Place | Address, now: datetime) -> bool:
    located = areas.locate(row.location.x, row.location.y, accuracy_m=None, snap_m=0.0, now=now)
    if located.id is None:
        return False
    home = areas.boundary_of(UUID(str(located.id))).area
    if home.pk == row.grid_id:
        return False
    row.grid = home
    row.save(update_fields=["grid"])
    return True
