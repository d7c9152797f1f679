"""Settling a dispute: the neighbour takes the case, or whoever is above both sides rules. It moves once."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.cases.disputes.access import locked_dispute
from backend.cases.disputes.closing import close_with
from backend.cases.disputes.sides import named_department, named_grid, street_of
from backend.cases.errors import GroundTooShort, NotTheArbiter, NotTheNeighbour, UnknownOwner
from backend.cases.flows.holding import state_after
from backend.cases.history import record_step
from backend.cases.models import LEAST_GROUND, Case, Dispute
from backend.cases.routing import place_in
from backend.cases.workflow import Action
from backend.core import outbox
from backend.dispatch import rulings
from backend.dispatch import services as dispatch
from backend.dispatch.models import Ruling


class Outcome(StrEnum):
    STAYS = "stays"
    GRID = "grid"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Said:
    """What an arbiter rules: the case stays, goes to a grid or goes to a department, and why."""

    outcome: Outcome
    words: str
    grid_code: str = ""
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Owner:
    grid: Area | None
    department: Department | None


@transaction.atomic
def accept(
    *, actor: Actor, dispute_id: UUID, now: datetime, version: int | None = None, captured_at: datetime | None = None
) -> Dispute:
    """The neighbour that is asked takes the case. Raises DisputeNotFound, DisputeSettled, StaleVersion,
    NotTheNeighbour.
    """
    case, dispute = locked_dispute(actor, dispute_id, version=version)
    if not is_asked(dispute, actor):
        raise NotTheNeighbour("only the grid or department that is asked may take this case")
    department = dispute.proposed_department
    owner = _Owner(case.grid, department) if department else _Owner(dispute.other_grid, None)
    return _settle(
        case, dispute, how=Ruling.How.AGREED, outcome=Outcome.DEPARTMENT if owner.department else Outcome.GRID,
        owner=owner, words="", actor=actor, now=now, captured_at=captured_at,
    )  # fmt: skip


def is_asked(dispute: Dispute, actor: Actor) -> bool:
    """Whether the actor speaks for the grid or department that is asked to take the case."""
    if dispute.proposed_department_id is not None:
        return actor.role is Role.DEPARTMENT and dispute.proposed_department_id == actor.department_id
    return actor.is_field and dispute.other_grid is not None and actor.covers(dispute.other_grid.path)


@transaction.atomic
def rule(*, actor: Actor, dispute_id: UUID, version: int, said: Said, now: datetime) -> Dispute:
    """The level above rules. Raises DisputeNotFound, DisputeSettled, StaleVersion, NotTheArbiter, GroundTooShort,
    UnknownOwner.
    """
    case, dispute = locked_dispute(actor, dispute_id, version=version)
    if not may_rule(dispute, actor):
        raise NotTheArbiter(f"the {dispute.level} rules on this dispute", level=dispute.level)
    words = said.words.strip()
    if len(words) < LEAST_GROUND:
        raise GroundTooShort(f"say why in {LEAST_GROUND} characters or more", field="words")
    owner = _ruled_owner(case, said, actor=actor, now=now)
    return _settle(
        case, dispute, how=Ruling.How.RULED, outcome=said.outcome, owner=owner, words=words, actor=actor, now=now
    )


def may_rule(dispute: Dispute, actor: Actor) -> bool:
    """Whether the actor's desk stands above both sides."""
    return actor.is_console and actor.covers(dispute.arbiter_path)


def _ruled_owner(case: Case, said: Said, *, actor: Actor, now: datetime) -> _Owner:
    if said.outcome is Outcome.STAYS:
        return _Owner(case.grid, case.department)
    if said.outcome is Outcome.DEPARTMENT:
        if said.department_id is None:
            raise UnknownOwner("name the department", field="department_id")
        if not actor.covers(street_of(case.area_path)):
            raise NotTheArbiter("the street rules where a department is to answer", level=Area.Level.STREET.value)
        return _Owner(case.grid, named_department(said.department_id, field="department_id"))
    grid = named_grid(said.grid_code, field="grid_code", now=now)
    if not actor.covers(grid.path):
        raise UnknownOwner("this grid lies outside your areas", field="grid_code")
    return _Owner(grid, None)


def _settle(
    case: Case,
    dispute: Dispute,
    *,
    how: Ruling.How,
    outcome: Outcome,
    owner: _Owner,
    words: str,
    actor: Actor,
    now: datetime,
    captured_at: datetime | None = None,
) -> Dispute:
    """Both rows are locked and the dispute is open: decision, row, history line and messages are written together."""
    to_state = state_after(case, Action.SETTLE, actor)
    lon, lat = case.location.coords
    ruling = rulings.remember(
        case_id=case.pk, matter=case.matter, how=how, words=words, grid=owner.grid,
        department=owner.department, actor=actor, now=now,
        place=rulings.Place(dispute.boundary, dispute.other_boundary, dispute.stretch),
    )  # fmt: skip
    verdict = dispatch.decide_ruled(
        ruling, to_grid=owner.grid, lon=lon, lat=lat, accuracy_m=case.accuracy_m, matter=case.matter, now=now
    )
    if outcome is Outcome.STAYS:
        verdict = replace(verdict, worker=case.responsible)
    former, former_grid, former_path = case.responsible, case.grid, case.area_path
    decision = dispatch.keep(case_id=case.pk, verdict=verdict, cause="dispute", now=now)
    changed = place_in(case, verdict)
    case.responsible, case.department = verdict.worker, verdict.department
    close_with(dispute, ruling, state=Dispute.State(how.value), actor=actor, now=now)
    record_step(
        case, action=Action.SETTLE, actor=actor, to_state=to_state, now=now, note=words, captured_at=captured_at,
        changed=[*changed, "responsible", "department"],
        facts={
            "cause": "dispute", "how": how.value, "outcome": outcome.value, "dispute_id": str(dispute.pk),
            "decision_id": str(decision.pk), "from_grid": former_grid.code if former_grid else None,
            "to_grid": verdict.grid.code if verdict.grid else None,
            "from_owner": str(former.pk) if former else None,
            "to_owner": str(verdict.worker.pk) if verdict.worker else None,
        },
    )  # fmt: skip
    outbox.owe(
        "dispute_settled", case.pk, now=now, area_path=former_path, dispute_id=str(dispute.pk), how=how.value,
        outcome=outcome.value, people=_concerned(dispute, former.pk if former else None, case.responsible_id),
    )  # fmt: skip
    return dispute


def _concerned(dispute: Dispute, *owners: UUID | None) -> list[str]:
    """Who hears of it: who sent it back, who had it, who has it now."""
    return sorted({str(one) for one in (dispute.raised_by_id, *owners) if one is not None})
