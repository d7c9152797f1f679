"""Bringing a case to another owner by a new decision, once for every change that asks for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas.models import Area
from backend.cases.disputes.closing import drop_open
from backend.cases.history import record_step
from backend.cases.models import Case, Reroute
from backend.cases.routing import place_in
from backend.cases.workflow import Action, State
from backend.core import outbox
from backend.core.ids import uuid7
from backend.dispatch import services as dispatch
from backend.dispatch.services import Verdict

NOT_STARTED: Final = (State.REPORTED, State.VERIFYING, State.FILED, State.RETURNED, State.PENDING_HANDLE)


class Cause(StrEnum):
    """What may change so that a case is decided anew."""

    RULE = "rule"
    DUTY = "duty"


def reroute(case: Case, *, verdict: Verdict, cause: Cause, change_id: UUID, actor: Actor, now: datetime) -> bool:
    """`carry`, once for a case and change: False when this change has moved the case before, or it has begun.

    The case is locked by the caller; the table refuses a second row where the lock was forgotten.
    """
    if case.state not in NOT_STARTED or Reroute.objects.filter(case=case, change_id=change_id).exists():
        return False
    Reroute.objects.create(id=uuid7(), case=case, change_id=change_id, cause=cause.value, at=now)
    carry(case, verdict=verdict, cause=cause, change_id=change_id, actor=actor, now=now)
    drop_open(case, actor=actor, now=now)
    return True


def carry(case: Case, *, verdict: Verdict, cause: Cause, change_id: UUID, actor: Actor, now: datetime) -> None:
    """Keeps the decision and gives the case its grid and owner: a line from old to new, news to both.

    A case that was never dispatched gets its grid only; its owner follows from the rule when it is.
    """
    former, former_grid, former_desk = case.responsible, case.grid, case.department
    decision = dispatch.keep(case_id=case.pk, verdict=verdict, cause=cause.value, now=now)
    changed = place_in(case, verdict)
    if case.dispatched_at is not None:
        case.responsible, case.department = verdict.worker, verdict.department
        changed += ["responsible", "department"]
    facts: dict[str, Any] = {
        "cause": cause.value,
        "change_id": str(change_id),
        "decision_id": str(decision.pk),
        "from_grid": _code(former_grid),
        "to_grid": _code(verdict.grid),
        "from_owner": str(former.pk) if former else None,
        "to_owner": str(case.responsible.pk) if case.responsible else None,
        "from_department": former_desk.name_zh if former_desk else None,
        "to_department": case.department.name_zh if case.department else None,
        "rule": verdict.rule,
    }
    record_step(
        case, action=Action.ROUTE, actor=actor, to_state=State(case.state), now=now, changed=changed, facts=facts
    )
    if former != case.responsible:
        outbox.owe(
            "case_handed_over",
            case.pk,
            now=now,
            area_path=case.area_path,
            from_id=facts["from_owner"],
            to_id=facts["to_owner"],
        )


def _code(grid: Area | None) -> str | None:
    return grid.code if grid else None
