"""What each step changes on the locked row of a case, beyond its state and its clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import Point

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.cases import routing
from backend.cases.errors import BadUntil
from backend.cases.models import Case
from backend.cases.photos import PhotoClaim
from backend.cases.workflow import Action
from backend.matters import queries as matters

SUSPENDED_MOST: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody wants to do with a case. `version` is the one that they decided on; None skips the check."""

    action: Action
    version: int | None = None
    note: str = ""
    photo_claims: Sequence[PhotoClaim] = field(default_factory=tuple)
    worker_id: UUID | None = None
    department_id: UUID | None = None
    matter_id: UUID | None = None
    condition_id: UUID | None = None
    location: Point | None = None
    captured_at: datetime | None = None
    until: datetime | None = None


Change = Callable[[Case, Actor, Step, datetime], list[str]]


def _suspend(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    """Until the day that was said, a year at most and a year where none was said."""
    until = step.until or now + SUSPENDED_MOST
    if not now < until <= now + SUSPENDED_MOST:
        raise BadUntil(f"a suspension ends within {SUSPENDED_MOST.days} days from now", field="until")
    case.suspension_count += 1
    case.suspended_until = until
    return ["suspension_count", "suspended_until"]


def _ask_extension(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.extension_asked_at = now
    return ["extension_asked_at"]


def _extend(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.extension_count += 1
    case.extension_asked_at = None
    return ["extension_count", "extension_asked_at"]


def _deny_extension(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.extension_asked_at = None
    return ["extension_asked_at"]


def _supervise(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.supervised_at = now
    return ["supervised_at"]


def _appeal(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.appeal = _APPEALS[step.action]
    return ["appeal"]


def _file(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    changed = ["filed_at"]
    case.filed_at = now
    if step.matter_id is not None and step.matter_id != case.matter_id:
        case.matter = matters.get_matter(step.matter_id, public_only=False)
        case.matter_version, case.condition = case.matter.version, None
        changed += ["matter", "matter_version"]
    if step.condition_id is not None or case.condition is None:
        case.condition = matters.condition_for(case.matter, step.condition_id)
        changed.append("condition")
    return changed


def _assign(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    return routing.choose_owner(case, actor=actor, worker_id=step.worker_id, department_id=step.department_id, now=now)


def _accept(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    """Whoever takes it on answers for it; what a department has is taken on by its handlers only, and stays there."""
    if actor.role is Role.DEPARTMENT:
        return []
    case.responsible_id = actor.user_id
    return ["responsible"]


def _return(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.responsible, case.department = None, None
    return ["responsible", "department"]


def _submit(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.handled_at = now
    return ["handled_at"]


def _rework(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.rework_count += 1
    case.handled_at = None
    return ["rework_count", "handled_at"]


def _close(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.closed_at = now
    return ["closed_at"]


def _reopen(case: Case, actor: Actor, step: Step, now: datetime) -> list[str]:
    case.closed_at = case.handled_at = case.escalated_at = None
    return ["closed_at", "handled_at", "escalated_at"]


_APPEALS: Final = {
    Action.APPEAL: Case.Appeal.ASKED,
    Action.GRANT_APPEAL: Case.Appeal.GRANTED,
    Action.DENY_APPEAL: Case.Appeal.DENIED,
}
CHANGES: Final[dict[Action, Change]] = {
    Action.FILE: _file,
    Action.ASSIGN: _assign,
    Action.ACCEPT: _accept,
    Action.RETURN: _return,
    Action.SUBMIT: _submit,
    Action.REWORK: _rework,
    Action.CLOSE: _close,
    Action.REFUSE: _close,
    Action.CANCEL: _close,
    Action.FORCE_CLOSE: _close,
    Action.REOPEN: _reopen,
    Action.SUSPEND: _suspend,
    Action.ASK_EXTENSION: _ask_extension,
    Action.EXTEND: _extend,
    Action.DENY_EXTENSION: _deny_extension,
    Action.SUPERVISE: _supervise,
    Action.APPEAL: _appeal,
    Action.GRANT_APPEAL: _appeal,
    Action.DENY_APPEAL: _appeal,
}
