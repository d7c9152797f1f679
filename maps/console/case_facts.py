"""What the console is told of a case."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.accounts.models import Department, User
from backend.areas.models import Area
from backend.cases import photos, queries
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.texts import event_text
from backend.core.crypto import mask_name, mask_phone
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, RuleVersion
from backend.inspections import overview as inspections
from mobile_api.common.case_facts import lamp_of, lon_lat, pauses_facts, rating_facts
from mobile_api.common.dispute_facts import told_facts
from mobile_api.common.localised import localised

_OWNERS: Final = ("from_owner", "to_owner")
_DEPARTMENTS: Final = ("from_department", "to_department")
# They need more than a note: the proposed owner, the right place.
_OWN_ADDRESS: Final = ("dispute", "correct")


def grid_ref(area: Area | None) -> dict[str, str] | None:
    return {"code": area.code, "name": area.name} if area else None


def person_ref(user: User | None) -> dict[str, Any] | None:
    return {"id": user.pk, "name": str(user.name)} if user else None


def department_ref(department: Department | None) -> dict[str, Any] | None:
    if department is None:
        return None
    return {"id": department.pk, "name": localised(department.name_zh, department.name_en)}


def row_facts(case: Case, *, now: datetime) -> dict[str, Any]:
    """The content of `DeskCaseRow`."""
    return {
        "id": case.pk,
        "number": case.number,
        "version": case.version,
        "matter": {"id": case.matter_id, "name": localised(case.matter.name_zh, case.matter.name_en)},
        "state": case.state,
        "stage": queries.stage(case),
        "lamp": lamp_of(case, now=now),
        "channel": case.channel,
        "description": case.description,
        "address": case.address_text,
        "location": lon_lat(case.location),
        "grid": grid_ref(case.grid),
        "responsible": person_ref(case.responsible),
        "department": department_ref(case.department),
        "reported_at": case.reported_at,
        "due_at": case.due_at,
        "escalated": case.escalated_at is not None,
        "supervised": case.supervised_at is not None,
    }


def detail_facts(case: Case, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The content of `DeskCase`."""
    condition, decisions = case.condition, dispatch.decisions_of(case.pk)
    steps = queries.available_actions(case, actor, now=now)
    may_assign = any(step.action == "assign" for step in steps)
    return {
        **row_facts(case, now=now),
        "accuracy_m": case.accuracy_m,
        "raw": {"lon": case.raw_lon, "lat": case.raw_lat, "crs": case.raw_crs},
        "condition": localised(condition.name_zh, condition.name_en) if condition else None,
        "closing_condition": localised(condition.closing_zh, condition.closing_en) if condition else None,
        "limit": {"amount": f"{case.limit_amount.normalize():f}", "unit": case.limit_unit}
        if case.limit_amount
        else None,
        "filed_at": case.filed_at,
        "dispatched_at": case.dispatched_at,
        "handled_at": case.handled_at,
        "closed_at": case.closed_at,
        "rework_count": case.rework_count,
        "contact": {"name": mask_name(str(case.contact_name)), "phone": mask_phone(str(case.contact_phone))},
        "answers": case.answers,
        "photos": [photo_facts(photo, actor) for photo in queries.photos_of(case)],
        "events": _history_facts(case, actor),
        "decision": _decision_facts(decisions[0]) if decisions else None,
        "earlier_decisions": [
            {"at": one.at, "cause": one.cause, "rule": one.rule, "text": localised(one.text_zh, one.text_en)}
            for one in decisions[1:]
        ],
        "actions": [
            {"action": step.action, "needs": list(step.needs)} for step in steps if step.action not in _OWN_ADDRESS
        ],
        "may_return": any(step.action == "dispute" for step in steps),
        "may_correct": any(step.action == "correct" for step in steps),
        "candidates": [
            {
                "id": row.worker.pk,
                "name": str(row.worker.name),
                "post": row.post,
                "grid": {"code": row.grid_code, "name": row.grid_name},
                "open_cases": row.open_cases,
                "is_own_grid": row.is_own_grid,
            }
            for row in (queries.assign_candidates(case, actor, now=now) if may_assign else [])
        ],
        "departments": [department_ref(department) for department in (queries.departments() if may_assign else [])],
        "appointment": appointment_facts(case),
        "rating": rating_facts(case),
        "dispute": _dispute_facts(case),
        "pauses": pauses_facts(case),
    }


def _dispute_facts(case: Case) -> dict[str, Any] | None:
    newest = case.disputes.order_by("-raised_at", "-id").first()
    if newest is None:
        return None
    return {"id": newest.pk, "state": newest.state, "ground": newest.ground, "raised_at": newest.raised_at}


def photo_facts(photo: Photo, actor: Actor) -> dict[str, Any]:
    return {
        "id": photo.pk,
        "url": photos.signed_path(photo, viewer=actor.user_id),
        "purpose": photo.purpose,
        "width": photo.width,
        "height": photo.height,
    }


def _history_facts(case: Case, actor: Actor) -> list[dict[str, Any]]:
    events = queries.timeline(case, public=False)
    owners = {UUID(str(event.facts[name])) for event in events for name in _OWNERS if event.facts.get(name)}
    names = {user.pk: str(user.name) for user in User.objects.filter(pk__in=owners)} if owners else {}
    return [_event_facts(event, actor, names) for event in events]


def _moved_text(event: CaseEvent, names: dict[UUID, str]) -> tuple[str, str]:
    """A routing line names the old and the new owner; the history itself keeps their ids only."""
    zh, en = event_text(event)
    if not any(event.facts.get(name) for name in (*_OWNERS, *_DEPARTMENTS)):
        return zh, en
    (old_zh, old_en), (new_zh, new_en) = (
        _owner_names(event, names, owner, department) for owner, department in zip(_OWNERS, _DEPARTMENTS, strict=True)
    )
    if (old_zh, old_en) == (new_zh, new_en):
        return f"{zh}；仍由{new_zh}负责", f"{en}; {new_en} keeps it"
    return f"{zh}：由{old_zh}改为{new_zh}", f"{en}: from {old_en} to {new_en}"


def _owner_names(event: CaseEvent, names: dict[UUID, str], owner: str, department: str) -> tuple[str, str]:
    """A worker's name, a department's, or the desk: (Chinese, English). Older lines keep the Chinese name only."""
    if event.facts.get(owner):
        name = names.get(UUID(str(event.facts[owner])), "")
        return name or "已离岗人员", name or "somebody who has left"
    known = event.facts.get(department)
    if isinstance(known, dict):
        return known["zh"], known["en"] or known["zh"]
    return (known, known) if known else ("社区值班台", "the desk")


def _event_facts(event: CaseEvent, actor: Actor, names: dict[UUID, str]) -> dict[str, Any]:
    # Residents stay unnamed also towards the desk; their contact has its own, audited, door.
    named = event.actor is not None and event.actor_role != "resident"
    return {
        "n": event.n,
        "at": event.at,
        "action": event.action,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "role": event.actor_role,
        "actor_name": str(event.actor.name) if event.actor is not None and named else "",
        "text": localised(*_moved_text(event, names)),
        "note": event.note,
        "was_overdue": event.was_overdue,
        "photos": [photo_facts(photo, actor) for photo in event.photos.all() if photo.state == Photo.State.READY],
    }


def _decision_facts(decision: Decision) -> dict[str, Any]:
    return {
        "at": decision.at,
        "cause": decision.cause,
        "rule": decision.rule,
        "kind": decision.kind,
        "owner": decision.owner,
        "border_m": decision.border_m,
        "candidates": decision.candidates,
        "duty_chain": [
            {"post": one.post, "name": one.name, "absent": one.absent} for one in dispatch.duty_people(decision)
        ],
        "text": localised(decision.text_zh, decision.text_en),
        "rulings": told_facts(decision.rulings),
        "department_duty": decision.department_duty,
        "located_grid": grid_ref(decision.located_grid),
        "applied": _applied_facts(decision.rule_version) if decision.rule_version else None,
        "beaten": [
            {"id": one["id"], "name": localised(one["name_zh"], one["name_en"]), "priority": one["priority"]}
            for one in decision.beaten
        ],
    }


def _applied_facts(version: RuleVersion) -> dict[str, Any]:
    content = version.content
    return {
        "id": version.rule_id,
        "n": version.n,
        "name": localised(content["name_zh"], content["name_en"]),
        "ground": content["ground"],
        "priority": content["priority"],
    }


def appointment_facts(case: Case) -> dict[str, Any] | None:
    """The newest appointment of a case."""
    appointment = inspections.appointment_of(case.pk)
    if appointment is None:
        return None
    return {
        "id": appointment.pk,
        "window": {"start": appointment.window.lower, "end": appointment.window.upper},
        "state": appointment.state,
        "note": appointment.note,
    }
