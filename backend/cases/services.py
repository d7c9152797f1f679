"""Writes on cases after intake: every step of the table, rating, reveal, escalation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import Q

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.roles import Role
from backend.cases import access, photos, routing
from backend.cases.disputes.closing import drop_open
from backend.cases.errors import EvidenceMissing, NoteNeeded
from backend.cases.flows import guards
from backend.cases.flows.holding import state_after, step_of
from backend.cases.flows.names import Clock, Need
from backend.cases.flows.table import Transition
from backend.cases.history import FORMER_MATTER, record_step
from backend.cases.intake import NewReport, PointIn, Reported, SelfHandled, report_case
from backend.cases.limits import RUNS_ON, shift_over_pause, start_limit
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.photos import PhotoClaim
from backend.cases.workflow import RUNNING, Action
from backend.core import audit
from backend.core.errors import Invalid, StaleVersion
from backend.matters import queries as matters

__all__ = [
    "OWN_DOORS",
    "NewReport",
    "PhotoClaim",
    "PointIn",
    "Reported",
    "SelfHandled",
    "Step",
    "act",
    "escalate_overdue",
    "rate",
    "record_rebooking",
    "report_case",
    "reveal_contact",
]


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


@transaction.atomic
def act(*, actor: Actor, case_id: UUID, step: Step, now: datetime) -> Case:
    """Takes one step of the table.

    Raises CaseNotFound, TransitionNotAllowed, RoleMayNot, StaleVersion, NoteNeeded, EvidenceMissing, UnknownAssignee,
    UnknownMatter, TooLateToReopen, PhotoNotYours.
    """
    case = access.get_case(actor, case_id, lock=True)
    return _take(case, actor=actor, step=step, now=now)


def _take(case: Case, *, actor: Actor, step: Step, now: datetime) -> Case:
    """The step on a locked case that the actor was found to see."""
    if step.action in OWN_DOORS:
        raise Invalid(f"{step.action} has its own address", field="action")
    row = step_of(case, step.action, actor)
    if step.version is not None and step.version != case.version:
        raise StaleVersion("somebody was faster; look at the case again", version=case.version, state=case.state)
    _refuse_what_is_missing(row, case, step)
    guards.check(row, case=case, actor=actor, now=now)
    change, former_matter = _CHANGES.get(step.action), case.matter_id
    if step.action is Action.DISPATCH:
        event = _dispatch(case, actor, step, now)
    else:
        changed = [*(change(case, actor, step, now) if change else []), *_wind(row, case, now)]
        event = record_step(
            case,
            action=step.action,
            actor=actor,
            to_state=row.to,
            now=now,
            note=step.note.strip(),
            changed=changed,
            captured_at=step.captured_at,
            facts={**_facts(case, step, row), **_former(case, former_matter)},
        )
    purpose = Photo.Purpose.AFTER if step.action is Action.SUBMIT else Photo.Purpose.REPORT
    photos.attach(step.photo_claims, now=now, case=case, event=event, purpose=purpose)
    if step.action is Action.FILE:
        _dispatch(case, actor, step, now)
    if step.action is not Action.NOTE:
        drop_open(case, actor=actor, now=now)
    return case


def _refuse_what_is_missing(row: Transition, case: Case, step: Step) -> None:
    """What the table wants with this step. Raises NoteNeeded, EvidenceMissing."""
    if Need.NOTE in row.needs and not step.note.strip():
        raise NoteNeeded("say why", field="note")
    wants_photo = Need.PHOTO in row.needs and bool(case.matter.evidence.get("photo"))
    if wants_photo and not step.photo_claims and not case.photos.filter(purpose=Photo.Purpose.AFTER).exists():
        raise EvidenceMissing("this matter is closed with a picture of the result", field="photos")


def _wind(row: Transition, case: Case, now: datetime) -> list[str]:
    """What the table says of the clock; names the fields it set."""
    if row.clock is Clock.RESTART:
        return start_limit(case, now)
    if row.clock is Clock.RESUME:
        paused = case.events.filter(action=Action.SUSPEND.value).latest("n")
        return shift_over_pause(case, paused_at=paused.at, resumed_at=now)
    return []


def _facts(case: Case, step: Step, row: Transition | None = None) -> dict[str, object]:
    """What the history line says beyond the note; where a phone was goes in at street precision only."""
    facts: dict[str, object] = {}
    if step.action is Action.ASSIGN:
        facts["responsible_id"] = str(case.responsible_id) if case.responsible_id else None
        facts["department_id"] = str(case.department_id) if case.department_id else None
    if row is not None and step.action is Action.REOPEN and row.clock is None:
        facts["clock"] = RUNS_ON
    if step.location is not None:
        facts["near"] = [round(step.location.x, 4), round(step.location.y, 4)]
    return facts


def _former(case: Case, matter_id: UUID) -> dict[str, object]:
    return {} if case.matter_id == matter_id else {FORMER_MATTER: str(matter_id)}


Change = Callable[[Case, Actor, Step, datetime], list[str]]


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


def _dispatch(case: Case, actor: Actor, step: Step, now: datetime) -> CaseEvent:
    """To whom a person named, or by a fresh decision where nobody is named."""
    verdict = routing.decide_again(case, cause="dispatch", now=now)
    routing.send_to_owner(case, verdict=verdict, actor=actor, now=now, note=step.note.strip())
    if step.worker_id or step.department_id:
        changed = routing.choose_owner(
            case, actor=actor, worker_id=step.worker_id, department_id=step.department_id, now=now
        )
        record_step(
            case,
            action=Action.ASSIGN,
            actor=actor,
            to_state=state_after(case, Action.ASSIGN, actor),
            now=now,
            changed=changed,
            facts=_facts(case, Step(Action.ASSIGN)),
        )
    return case.events.latest("n")


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


# Steps with an address of their own, because they need more than a step says.
OWN_DOORS = frozenset(
    {
        Action.REPORT,
        Action.ROUTE,
        Action.CORRECT,
        Action.RATE,
        Action.SELF_HANDLE,
        Action.ESCALATE,
        Action.REBOOK,
        Action.DISPUTE,
        Action.SETTLE,
        Action.WITHDRAW,
    }
)
_CHANGES: dict[Action, Change] = {
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
}


@dataclass(frozen=True, slots=True)
class Rating:
    """Three answers kept apart (响应, 解决, 满意 1–5): a closed case may be unsolved."""

    responded: bool
    solved: bool
    satisfied: int
    comment: str = ""


@transaction.atomic
def rate(*, actor: Actor, case_id: UUID, rating: Rating, now: datetime) -> Case:
    """The reporter's verdict, once, after closing. Raises CaseNotFound, AlreadyRated, TransitionNotAllowed."""
    return _rate(access.get_case(actor, case_id, lock=True), actor=actor, rating=rating, now=now)


@transaction.atomic
def record_rebooking(*, actor: Actor, case_id: UUID, windows: Mapping[str, str], now: datetime) -> Case:
    """The line for a home visit that its resident moved; `windows` says from when to when, in ISO 8601.

    Raises CaseNotFound, TransitionNotAllowed, RoleMayNot.
    """
    case = access.get_case(actor, case_id, lock=True)
    to_state = state_after(case, Action.REBOOK, actor)
    record_step(case, action=Action.REBOOK, actor=actor, to_state=to_state, now=now, facts=dict(windows))
    return case


def holder_of_code(case: Case) -> Actor:
    """The reporter who shows number and code instead of signing in: may see and rate this one case."""
    return Actor(user_id=case.reporter_id, role=Role.RESIDENT)


@transaction.atomic
def rate_tracked(*, number: str, code: str, rating: Rating, now: datetime) -> Case:
    """`rate` for the holder of number and tracking code."""
    found = access.find_tracked(number, code)
    case = Case.objects.select_for_update(of=("self",)).select_related("matter", "grid").get(pk=found.pk)
    return _rate(case, actor=holder_of_code(case), rating=rating, now=now)


def _rate(case: Case, *, actor: Actor, rating: Rating, now: datetime) -> Case:
    row = step_of(case, Action.RATE, actor)
    guards.check(row, case=case, actor=actor, now=now)
    case.responded, case.solved, case.satisfied = rating.responded, rating.solved, rating.satisfied
    case.rating_comment, case.rated_at = rating.comment, now
    record_step(
        case,
        action=Action.RATE,
        actor=actor,
        to_state=row.to,
        now=now,
        changed=["responded", "solved", "satisfied", "rating_comment", "rated_at"],
    )
    return case


@dataclass(frozen=True, slots=True)
class Contact:
    """A reporter's name and phone in clear."""

    name: str
    phone: str


@transaction.atomic
def reveal_contact(*, actor: Actor, case_id: UUID, reason: str, now: datetime) -> Contact:
    """Name and phone in clear, for a stated reason that the audit trail keeps. Raises CaseNotFound, NoteNeeded."""
    case = access.get_case(actor, case_id)
    if len(reason.strip()) < 4:
        raise NoteNeeded("say why you need the contact", field="reason")
    audit.record(
        "reveal_contact",
        actor_id=actor.user_id,
        role=actor.role.value,
        subject_kind="case",
        subject_id=case.pk,
        now=now,
        reason=reason.strip(),
    )
    return Contact(name=str(case.contact_name), phone=str(case.contact_phone))


def escalate_overdue(*, now: datetime, limit: int = 200) -> int:
    """Escalates open cases past their deadline, each once; says how many. Safe to run side by side."""
    due = Q(state__in=[state.value for state in RUNNING], due_at__lte=now, escalated_at=None)
    ids = list(Case.objects.filter(due).order_by("due_at").values_list("pk", flat=True)[:limit])
    return sum(_escalate(case_id, due, now) for case_id in ids)


@transaction.atomic
def _escalate(case_id: UUID, due: Q, now: datetime) -> bool:
    case = Case.objects.select_for_update(skip_locked=True, of=("self",)).filter(due, pk=case_id).first()
    if case is None:
        return False
    case.escalated_at = now
    to_state = state_after(case, Action.ESCALATE, SYSTEM)
    record_step(case, action=Action.ESCALATE, actor=SYSTEM, to_state=to_state, now=now, changed=["escalated_at"])
    return True
