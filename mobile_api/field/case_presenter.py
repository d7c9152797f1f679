"""Cases on the worker's phone. A list is loaded with a fixed number of queries, whatever its length."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.cases import photos, queries
from backend.cases.disputes import queries as disputes
from backend.cases.disputes.raising import speaks_for_sender
from backend.cases.texts import event_text
from backend.cases.workflow import OPEN_STATES, Action, State
from backend.core.crypto import mask_name, mask_phone
from mobile_api.common.case_facts import appointment_shown, grid_ref, lamp_of, lon_lat, pauses_facts
from mobile_api.common.dispute_facts import told_facts
from mobile_api.common.localised import asked_language, localised
from mobile_api.common.matter_facts import matter_ref
from mobile_api.common.shapes import FIELD_ACTIONS
from mobile_api.field.case_shapes import DISABLED_REASONS

if TYPE_CHECKING:
    from backend.cases.models import Case, CaseEvent, Photo

# Shown also when they can't be taken, with the reason; the other steps appear only when they are possible.
ALWAYS_SHOWN = (Action.ACCEPT, Action.SUBMIT, Action.HAND_BACK, Action.NOTE)


def field_cases(cases: Sequence["Case"], actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """The content of `FieldCase` for each case, which the caller has fetched for the actor."""
    prefetch_related_objects(
        list(cases), "events__actor", "events__photos", "photos", "appointments", "decisions", "disputes__from_grid",
    )  # fmt: skip
    return [_case(case, actor, now) for case in cases]


def _case(case: "Case", actor: Actor, now: datetime) -> dict[str, Any]:
    pictures = [photo for photo in case.photos.all() if photo.state == "ready"]
    return {
        "id": case.pk,
        "number": case.number,
        "version": case.version,
        "matter": matter_ref(case.matter),
        "condition": _condition(case),
        "state": case.state,
        "stage": queries.stage(case).value,
        "lamp": lamp_of(case, now=now),
        "due_at": case.due_at,
        "reported_at": case.reported_at,
        "grid": grid_ref(case),
        "is_mine": case.responsible_id == actor.user_id,
        "location": lon_lat(case.location),
        "address": case.address_text,
        "description": case.description,
        "photos": [_picture(photo, actor) for photo in sorted(pictures, key=lambda photo: photo.uploaded_at)],
        "contact": contact_facts(case, actor),
        "events": [_event(event, actor) for event in sorted(case.events.all(), key=lambda event: event.n)],
        "actions": _actions(case, actor, now),
        "appointment": _appointment(case, now),
        "decision": _decision(case),
        "dispute": _dispute(case, actor),
        "pauses": pauses_facts(case),
    }


def _condition(case: "Case") -> str | None:
    if case.condition is None:
        return None
    return localised(case.condition.name_zh, case.condition.name_en)[asked_language()]


def _picture(photo: "Photo", actor: Actor) -> dict[str, Any]:
    return {"id": photo.pk, "url": photos.signed_path(photo, viewer=actor.user_id), "purpose": photo.purpose}


def contact_facts(case: "Case", actor: Actor) -> dict[str, str] | None:
    """The reporter's name and phone; in clear only where the rights matrix says so (docs/authorisation.yaml)."""
    name, phone = str(case.contact_name), str(case.contact_phone)
    if not name and not phone:
        return None
    if sees_contact(case, actor):
        return {"name": name, "phone": phone}
    return {"name": mask_name(name), "phone": mask_phone(phone)}


def sees_contact(case: "Case", actor: Actor) -> bool:
    """A grid worker while the case is open; a grid leader while it is open and theirs to handle."""
    if State(case.state) not in OPEN_STATES:
        return False
    return actor.role is Role.GRID_WORKER or case.responsible_id == actor.user_id


def _event(event: "CaseEvent", actor: Actor) -> dict[str, Any]:
    name = str(event.actor.name) if event.actor else ""
    shown = mask_name(name) if event.actor_role == Role.RESIDENT else name
    return {
        "id": event.pk,
        "n": event.n,
        "at": event.at,
        "action": event.action,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "actor_name": shown or None,
        "actor_role": event.actor_role,
        "note": event.note,
        "text": localised(*event_text(event)),
        "was_overdue": event.was_overdue,
        "photos": [
            photos.signed_path(photo, viewer=actor.user_id) for photo in event.photos.all() if photo.state == "ready"
        ],
    }


def _actions(case: "Case", actor: Actor, now: datetime) -> list[dict[str, Any]]:
    possible = {found.action: found.needs for found in queries.available_actions(case, actor, now=now)}
    shown = [*ALWAYS_SHOWN, *(action for action in possible if action not in ALWAYS_SHOWN)]
    refusal = disputes.return_refusal(case, actor) if case.state == State.PENDING_HANDLE else None
    if refusal in DISABLED_REASONS:
        shown.append(Action.DISPUTE)
    return [
        {
            "action": action.value,
            "needs": [need for need in possible.get(action, ()) if need in ("note", "photo")],
            "disabled_reason": _disabled(action, possible, refusal),
        }
        for action in shown
        if action.value in FIELD_ACTIONS
    ]


def _disabled(action: Action, possible: Container[Action], refusal: str | None) -> str | None:
    if action in possible:
        return None
    return refusal if action is Action.DISPUTE else "not_in_this_state"


def _dispute(case: "Case", actor: Actor) -> dict[str, Any] | None:
    newest = max(case.disputes.all(), key=lambda one: (one.raised_at, one.pk), default=None)
    if newest is None:
        return None
    return {
        **{name: getattr(newest, name) for name in ("state", "level", "ground", "raised_at")},
        "id": newest.pk,
        "can_withdraw": newest.state == "open" and speaks_for_sender(newest, case, actor),
    }


def _appointment(case: "Case", now: datetime) -> dict[str, Any] | None:
    newest = max(case.appointments.all(), key=lambda one: one.booked_at, default=None)
    return appointment_shown(newest, now=now) if newest else None


def _decision(case: "Case") -> dict[str, Any] | None:
    newest = max(case.decisions.all(), key=lambda one: (one.at, one.pk), default=None)
    if newest is None:
        return None
    return {
        "kind": newest.kind,
        "rule": newest.rule,
        "text": localised(newest.text_zh, newest.text_en),
        "rulings": told_facts(newest.rulings),
    }
