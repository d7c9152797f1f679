"""Writes on cases after intake: every step of the table, rating, reveal, escalation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.roles import Role
from backend.cases import access, photos, routing
from backend.cases.changes import CHANGES, Step
from backend.cases.disputes.closing import drop_open
from backend.cases.errors import EvidenceMissing, NoteNeeded
from backend.cases.flows import guards
from backend.cases.flows.holding import state_after, step_of
from backend.cases.flows.names import Clock, Need
from backend.cases.flows.table import Transition
from backend.cases.history import FORMER_MATTER, record_step
from backend.cases.intake import NewReport, PointIn, Reported, SelfHandled, report_case
from backend.cases.limits import RUNS_ON, extend_limit, shift_over_pause, start_limit
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.photos import PhotoClaim
from backend.cases.workflow import RUNNING, Action, State, type_of
from backend.core import audit
from backend.core.errors import Invalid, StaleVersion

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
    "resume_suspended",
    "reveal_contact",
]


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


@transaction.atomic
def act(*, actor: Actor, case_id: UUID, step: Step, now: datetime) -> Case:
    """Takes one step of the table.

    Raises CaseNotFound, TransitionNotAllowed, RoleMayNot, StaleVersion, NoteNeeded, EvidenceMissing, UnknownAssignee,
    UnknownMatter, BadUntil, PhotoNotYours, and what the guards of the table raise.
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
    change, former_matter = CHANGES.get(step.action), case.matter_id
    if step.action is Action.DISPATCH:
        event = _dispatch(case, actor, step, now)
    else:
        changed = [*(change(case, actor, step, now) if change else []), *_wind(row, case, now), *_let_go(row, case)]
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
    if type_of(State(case.state), step.action) != "note":
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
    if row.clock is Clock.EXTEND:
        changed = extend_limit(case)
        if case.due_at is not None and case.due_at > now:
            case.escalated_at = None  # so that it is escalated again when that deadline passes
        return [*changed, "escalated_at"]
    if row.clock is Clock.RESUME:
        paused = case.events.filter(action=Action.SUSPEND.value).latest("n")
        return shift_over_pause(case, paused_at=paused.at, resumed_at=now)
    return []


def _let_go(row: Transition, case: Case) -> list[str]:
    """A case that moves on takes no open request and no end of a pause along."""
    if row.to is row.state:
        return []
    case.extension_asked_at = None
    if row.to is not State.SUSPENDED:
        case.suspended_until = None
    return ["extension_asked_at", "suspended_until"]


def _facts(case: Case, step: Step, row: Transition | None = None) -> dict[str, object]:
    """What the history line says beyond the note; where a phone was goes in at street precision only."""
    facts: dict[str, object] = {}
    if step.action is Action.ASSIGN:
        facts["responsible_id"] = str(case.responsible_id) if case.responsible_id else None
        facts["department_id"] = str(case.department_id) if case.department_id else None
    if row is not None and step.action is Action.REOPEN and row.clock is None:
        facts["clock"] = RUNS_ON
    if case.suspended_until is not None and step.action is Action.SUSPEND:
        facts["until"] = case.suspended_until.isoformat()
    if step.location is not None:
        facts["near"] = [round(step.location.x, 4), round(step.location.y, 4)]
    return facts


def _former(case: Case, matter_id: UUID) -> dict[str, object]:
    return {} if case.matter_id == matter_id else {FORMER_MATTER: str(matter_id)}


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


def resume_suspended(*, now: datetime, limit: int = 200) -> int:
    """Resumes cases whose suspension has ended, each once; says how many. Safe to run side by side."""
    ended = Q(state=State.SUSPENDED.value, suspended_until__lte=now)
    ids = list(Case.objects.filter(ended).order_by("suspended_until").values_list("pk", flat=True)[:limit])
    return sum(_resume(case_id, ended, now) for case_id in ids)


@transaction.atomic
def _resume(case_id: UUID, ended: Q, now: datetime) -> bool:
    case = Case.objects.select_for_update(skip_locked=True, of=("self",)).filter(ended, pk=case_id).first()
    if case is None:
        return False
    _take(case, actor=SYSTEM, step=Step(Action.RESUME), now=now)
    return True
