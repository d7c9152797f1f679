"""Sending a case back with a written ground, and taking that back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.cases import access
from backend.cases.disputes.access import locked_dispute
from backend.cases.disputes.closing import close_without_ruling
from backend.cases.disputes.sides import Sides, named_department, named_grid, sides_of
from backend.cases.errors import (
    AlreadyReturned,
    AlreadyRuled,
    GroundTooShort,
    NothingToDispute,
    NotYoursToReturn,
    UnknownOwner,
)
from backend.cases.flows.holding import state_after
from backend.cases.history import record_step
from backend.cases.models import LEAST_GROUND, Case, Dispute
from backend.cases.workflow import Action
from backend.core import outbox
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a case is sent back, and who should have it instead, where the sender knows: one grid or one department."""

    words: str
    grid_code: str = ""
    department_id: UUID | None = None


@transaction.atomic
def return_case(
    *,
    actor: Actor,
    case_id: UUID,
    ground: Ground,
    now: datetime,
    version: int | None = None,
    captured_at: datetime | None = None,
) -> Dispute:
    """Disputes the decision that brought a case here. The case stays with its owner and its clock runs on.

    A desk does it for a department, which sends its ground in writing. Raises CaseNotFound, TransitionNotAllowed,
    RoleMayNot, StaleVersion, GroundTooShort, NotYoursToReturn, NothingToDispute, AlreadyReturned, AlreadyRuled,
    UnknownOwner.
    """
    case = access.get_case(actor, case_id, lock=True)
    to_state = state_after(case, Action.DISPUTE, actor)
    if version is not None and version != case.version:
        raise StaleVersion("somebody was faster; look at the case again", version=case.version, state=case.state)
    words = ground.words.strip()
    if len(words) < LEAST_GROUND:
        raise GroundTooShort(f"say why in {LEAST_GROUND} characters or more", field="note")
    if actor.is_console and case.department_id is None:
        raise NothingToDispute("no department has this case; a grid sends back its own")
    if actor.user_id is None or not is_owners_to_return(case, actor):
        raise NotYoursToReturn("only the grid or department that answers for the case sends it back")
    decision = _disputable(case)
    dispute = _raise(case, decision, ground, words, by=(actor.user_id, actor.role.value), now=now)
    record_step(
        case, action=Action.DISPUTE, actor=actor, to_state=to_state, now=now, note=words, captured_at=captured_at,
        facts={"dispute_id": str(dispute.pk), "decision_id": str(decision.pk), "level": dispute.level},
    )  # fmt: skip
    outbox.owe(
        "case_disputed", dispute.pk, now=now, case_id=str(case.pk),
        area_path=dispute.other_grid.path if dispute.other_grid else case.area_path,
        arbiter_path=dispute.arbiter_path, level=dispute.level, grid_id=_id(dispute.other_grid),
    )  # fmt: skip
    return dispute


def is_owners_to_return(case: Case, actor: Actor) -> bool:
    """Whether the actor speaks for whoever answers for the case; a desk does for a department."""
    if actor.role is Role.DEPARTMENT:
        return case.department_id is not None and case.department_id == actor.department_id
    if actor.is_field:
        return case.department_id is None and case.grid_id is not None
    return case.department_id is not None


def _disputable(case: Case) -> Decision:
    decision = dispatch.latest(case.pk)
    if decision is None:
        raise NothingToDispute("no decision of dispatch stands behind this case; ask the desk")
    if decision.cause == "dispute":
        raise AlreadyRuled("a dispute has settled who answers for this case")
    if Dispute.objects.filter(case=case, decision=decision).exists():
        raise AlreadyReturned("this decision was disputed before; it can't be disputed again")
    return decision


def _raise(
    case: Case, decision: Decision, ground: Ground, words: str, *, by: tuple[UUID, str], now: datetime
) -> Dispute:
    grid, department = _proposed(case, ground, now)
    sides = sides_of(
        case, proposed=grid, concerns_department=department is not None or case.department_id is not None, now=now
    )
    return Dispute.objects.create(
        id=uuid7(), case=case, decision=decision, ground=words, raised_by_id=by[0],
        raised_role=by[1], raised_at=now, from_grid=None if case.department_id else case.grid,
        from_department=case.department, proposed_grid=grid, proposed_department=department, **_columns(sides),
    )  # fmt: skip


def _columns(sides: Sides) -> dict[str, Any]:
    return {name: getattr(sides, name) for name in Sides.__slots__}


def _proposed(case: Case, ground: Ground, now: datetime) -> tuple[Area | None, Department | None]:
    if ground.grid_code and ground.department_id:
        raise UnknownOwner("propose a grid or a department, not both", field="to_department")
    if ground.department_id is not None:
        department = named_department(ground.department_id, field="to_department")
        if department.pk == case.department_id:
            raise UnknownOwner("this department has the case already", field="to_department")
        return None, department
    if not ground.grid_code:
        return None, None
    grid = named_grid(ground.grid_code, field="to_grid", now=now)
    if case.department_id is None and grid.pk == case.grid_id:
        raise UnknownOwner("this grid has the case already", field="to_grid")
    return grid, None


def _id(row: Area | None) -> str | None:
    return str(row.pk) if row else None


@transaction.atomic
def withdraw(
    *, actor: Actor, dispute_id: UUID, now: datetime, version: int | None = None, captured_at: datetime | None = None
) -> Dispute:
    """Takes a return back: the case stays where it is. For whoever speaks for the side that sent it back.

    Raises DisputeNotFound, DisputeSettled, StaleVersion, NotYoursToReturn.
    """
    case, dispute = locked_dispute(actor, dispute_id, version=version)
    if not speaks_for_sender(dispute, case, actor):
        raise NotYoursToReturn("only the side that sent the case back takes that back")
    to_state = state_after(case, Action.WITHDRAW, actor)
    close_without_ruling(dispute, actor=actor, now=now)
    record_step(
        case, action=Action.WITHDRAW, actor=actor, to_state=to_state, now=now, captured_at=captured_at,
        facts={"dispute_id": str(dispute.pk)},
    )  # fmt: skip
    return dispute


def speaks_for_sender(dispute: Dispute, case: Case, actor: Actor) -> bool:
    """Whether the actor may take the return back: of the grid that sent it, its department, or a desk for that."""
    if not is_owners_to_return(case, actor):
        return False
    return not actor.is_field or bool(dispute.from_grid and actor.covers(dispute.from_grid.path))
