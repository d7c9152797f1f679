"""Giving a case its owner and its deadline, from a stored verdict or by a person's choice."""

from datetime import datetime
from uuid import UUID

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import Department, User
from backend.areas.models import Duty
from backend.cases.errors import UnknownAssignee
from backend.cases.flows.holding import state_after, step_of
from backend.cases.history import record_step
from backend.cases.limits import start_limit
from backend.cases.models import Case
from backend.cases.workflow import Action
from backend.dispatch import rulings
from backend.dispatch import services as dispatch
from backend.dispatch.services import Verdict


def file_and_dispatch(case: Case, *, verdict: Verdict, actor: Actor, now: datetime) -> None:
    """Files a reported case and sends it to the owner of the verdict; the deadline starts now."""
    case.filed_at = now
    to_state = state_after(case, Action.FILE, actor)
    record_step(case, action=Action.FILE, actor=actor, to_state=to_state, now=now, changed=["filed_at"])
    send_to_owner(case, verdict=verdict, actor=actor, now=now)


def send_to_owner(case: Case, *, verdict: Verdict, actor: Actor, now: datetime, note: str = "") -> None:
    """Dispatches to the worker or department of the verdict; the desk keeps it when there is neither."""
    row = step_of(case, Action.DISPATCH, actor)
    changed = [*place_in(case, verdict), *_start_clock(case, now)]
    case.responsible, case.department = verdict.worker, verdict.department
    record_step(
        case,
        action=Action.DISPATCH,
        actor=actor,
        to_state=row.to,
        now=now,
        note=note,
        changed=[*changed, "responsible", "department"],
        facts={"rule": verdict.rule, "owner": verdict.owner.value},
    )


def place_in(case: Case, verdict: Verdict) -> list[str]:
    """Puts the case into the verdict's grid and scope; names the fields it set."""
    case.grid, case.area_path = verdict.grid, verdict.area_path
    return ["grid", "area_path"]


def _start_clock(case: Case, now: datetime) -> list[str]:
    """The handling limit starts at the first dispatch; a later one keeps the running deadline."""
    if case.dispatched_at is not None:
        return []
    case.dispatched_at = now
    return ["dispatched_at", *start_limit(case, now)]


def decide_again(case: Case, *, cause: str, now: datetime) -> Verdict:
    """Runs dispatch again where the case lies and keeps the new decision."""
    verdict = verdict_for(case, now=now)
    dispatch.keep(case_id=case.pk, verdict=verdict, cause=cause, now=now)
    return verdict


def verdict_for(case: Case, *, now: datetime) -> Verdict:
    """Who answers for an open case at this moment; a ruling on this very case holds. Raises OutsideServedArea."""
    lon, lat = case.location.coords
    held = rulings.binding(case.pk, matter=case.matter, now=now)
    if held is None:
        return dispatch.decide(lon=lon, lat=lat, accuracy_m=case.accuracy_m, matter=case.matter, now=now)
    return dispatch.decide_ruled(
        held.ruling, to_grid=held.grid, lon=lon, lat=lat, accuracy_m=case.accuracy_m, matter=case.matter, now=now
    )


def choose_owner(
    case: Case, *, actor: Actor, worker_id: UUID | None, department_id: UUID | None, now: datetime
) -> list[str]:
    """Sets the worker or department that a person chose. Raises UnknownAssignee outside the actor's reach."""
    if (worker_id is None) == (department_id is None):
        raise UnknownAssignee("name one worker or one department", field="worker_id")
    if worker_id is not None:
        case.responsible = _worker_in_reach(actor, worker_id, now)
        case.department = None
    elif department_id is not None:
        department = Department.objects.filter(pk=department_id, is_active=True).first()
        if department is None:
            raise UnknownAssignee("no such department", field="department_id")
        case.responsible, case.department = None, department
    return ["responsible", "department"]


def _worker_in_reach(actor: Actor, worker_id: UUID, now: datetime) -> User:
    duties = Duty.objects.filter(worker_id=worker_id, valid__contains=now, worker__is_active=True).select_related(
        "grid"
    )
    if actor != SYSTEM and not any(actor.covers(duty.grid.path) for duty in duties):
        raise UnknownAssignee("this person is not on duty in your areas", field="worker_id")
    return User.objects.get(pk=worker_id)
