"""Bringing open cases to the grids of new boundaries: the decision is made again and the history names both grids."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import SYSTEM
from backend.cases.disputes.closing import drop_open
from backend.cases.history import record_step
from backend.cases.models import Case
from backend.cases.routing import place_in, verdict_for
from backend.cases.workflow import Action, State
from backend.dispatch import services as dispatch
from backend.dispatch.errors import OutsideServedArea

# Somebody has begun: the case follows its grid, the person stays.
_UNDER_WAY = frozenset({State.HANDLING.value, State.SUSPENDED.value, State.PENDING_CHECK.value})


@transaction.atomic
def rehome_cases(case_ids: Collection[UUID], *, change_id: UUID, now: datetime) -> list[UUID]:
    """Decides again for these open cases under the boundaries of `now`; answers with those whose grid is another."""
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
