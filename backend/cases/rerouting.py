"""Bringing a case to another owner by a new decision, once for every change that asks for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from backend.accounts.actor import Actor
from backend.accounts.models import Department, User
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
    LOCATION = "location"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stood before a step: grid, owner, and the area in which it was seen."""

    grid: Area | None
    worker: User | None
    department: Department | None
    area_path: str

    @classmethod
    def of(cls, case: Case) -> Self:
        return cls(case.grid, case.responsible, case.department, case.area_path)

    def facts(self, case: Case) -> dict[str, Any]:
        """For the history line: from here to where the case stands now."""
        return {
            "from_grid": _code(self.grid),
            "to_grid": _code(case.grid),
            "from_owner": str(self.worker.pk) if self.worker else None,
            "to_owner": str(case.responsible.pk) if case.responsible else None,
            "from_department": _names(self.department),
            "to_department": _names(case.department),
        }


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
    before = Standing.of(case)
    decision = dispatch.keep(case_id=case.pk, verdict=verdict, cause=cause.value, now=now)
    changed = place_in(case, verdict)
    if case.dispatched_at is not None:
        case.responsible, case.department = verdict.worker, verdict.department
        changed += ["responsible", "department"]
    facts: dict[str, Any] = {
        "cause": cause.value,
        "change_id": str(change_id),
        "decision_id": str(decision.pk),
        **before.facts(case),
        "rule": verdict.rule,
    }
    record_step(
        case, action=Action.ROUTE, actor=actor, to_state=State(case.state), now=now, changed=changed, facts=facts
    )
    tell_of_move(case, before, cause=cause, now=now)


def tell_of_move(case: Case, before: Standing, *, cause: Cause, now: datetime) -> None:
    """Owes the news to who had the case and who has it now, and to the phones of the grid that it has left."""
    if before.area_path != case.area_path:
        outbox.owe("case_left", case.pk, now=now, area_path=before.area_path)
    if before.worker != case.responsible:
        outbox.owe(
            "case_handed_over",
            case.pk,
            now=now,
            area_path=case.area_path,
            from_id=str(before.worker.pk) if before.worker else None,
            to_id=str(case.responsible.pk) if case.responsible else None,
            cause=cause.value,
        )


def _names(department: Department | None) -> dict[str, str] | None:
    return {"zh": department.name_zh, "en": department.name_en} if department else None


def _code(grid: Area | None) -> str | None:
    return grid.code if grid else None
