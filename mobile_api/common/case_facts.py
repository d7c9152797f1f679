"""Cases as reporters and workers are shown them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from backend.areas import queries as areas
from backend.cases import photos, queries
from backend.cases.flows.steps import open_steps
from backend.cases.services import holder_of_code
from backend.cases.texts import event_text
from backend.cases.workflow import Action
from backend.core.clock import Lamp
from backend.core.crypto import mask_name
from backend.dispatch import services as dispatch
from backend.inspections import booking
from backend.inspections import queries as inspections
from mobile_api.common.localised import localised
from mobile_api.common.matter_facts import matter_ref

# Steps whose note is an answer to the reporter; notes of other steps stay among those who handle the case.
ANSWERING = frozenset(
    {Action.SELF_HANDLE, Action.SUBMIT, Action.REFUSE, Action.SUSPEND, Action.CANCEL, Action.FORCE_CLOSE, Action.REOPEN}
)

if TYPE_CHECKING:
    from backend.accounts.models import Department, User
    from backend.cases.models import Case, CaseEvent
    from backend.inspections.models import Appointment


def report_facts(case: "Case", *, now: datetime) -> dict[str, Any]:
    """The content of `ReportOut`: what the answer to a report says, without the tracking code."""
    return {
        "id": case.pk,
        "number": case.number,
        "state": case.state,
        "stage": queries.stage(case).value,
        "matter": matter_ref(case.matter),
        "grid": grid_ref(case),
        "responsible": responsible_facts(case, now=now),
        "department": department_facts(case.department),
        "due_at": case.due_at,
        "decision": decision_facts(case.pk),
        "created_at": case.reported_at,
    }


def summary_facts(case: "Case", *, now: datetime) -> dict[str, Any]:
    """The content of `PublicCaseSummary`."""
    appointment = case.appointments.order_by("-booked_at").first()
    return {
        "id": case.pk,
        "number": case.number,
        "matter": matter_ref(case.matter),
        "state": case.state,
        "stage": queries.stage(case).value,
        "lamp": lamp_of(case, now=now),
        "grid": grid_ref(case),
        "responsible": responsible_facts(case, now=now),
        "department": department_facts(case.department),
        "due_at": case.due_at,
        "created_at": case.reported_at,
        "appointment": appointment_shown(appointment, now=now) if appointment else None,
        "may": may_facts(case, appointment, now=now),
        "rating": rating_facts(case),
    }


def public_case_facts(case: "Case", *, viewer: UUID | None, now: datetime) -> dict[str, Any]:
    """The content of `PublicCase`, for the person who reported it."""
    return {
        **summary_facts(case, now=now),
        "location": lon_lat(case.location),
        "address": case.address_text,
        "description": case.description,
        "photos": [photos.signed_path(photo, viewer=viewer) for photo in queries.photos_of(case)],
        "timeline": [_public_line(event, viewer) for event in queries.timeline(case, public=True)],
        "decision": decision_facts(case.pk),
    }


def _public_line(event: "CaseEvent", viewer: UUID | None) -> dict[str, Any]:
    return {
        "at": event.at,
        "kind": event.action,
        "text": public_text(event),
        "photos": [photos.signed_path(photo, viewer=viewer) for photo in event.photos.all() if photo.state == "ready"],
    }


def public_text(event: "CaseEvent") -> dict[str, str]:
    """The line for the reporter; a note that answers them follows in its own words."""
    zh, en = event_text(event)
    said = event.note.strip() if Action(event.action) in ANSWERING else ""
    return {"zh": f"{zh}：{said}" if said else zh, "en": f"{en}: {said}" if said else en}


def lamp_of(case: "Case", *, now: datetime) -> str | None:
    """The colour of the clock; None where no clock runs."""
    lamp = queries.lamp(case, now=now)
    return None if lamp is Lamp.NONE else lamp.value


def grid_ref(case: "Case") -> dict[str, str] | None:
    grid = case.grid
    return {"code": grid.code, "name": grid.name, "name_en": grid.name_en} if grid else None


def lon_lat(point: Any) -> dict[str, float]:
    """WGS84 degrees with seven decimals, about a centimetre."""
    return {"lon": round(point.x, 7), "lat": round(point.y, 7)}


def responsible_facts(case: "Case", *, now: datetime) -> dict[str, str] | None:
    """The masked name and post of whoever answers for the case."""
    worker: User | None = case.responsible
    if worker is None:
        return None
    lines = areas.on_duty(case.grid_id, at=now) if case.grid_id else []
    post = next((line.post for line in lines if line.worker.pk == worker.pk), "")
    return {"name_masked": mask_name(str(worker.name)), "post": post}


def department_facts(department: "Department | None") -> dict[str, str] | None:
    return localised(department.name_zh, department.name_en) if department else None


def decision_facts(case_id: UUID) -> dict[str, Any] | None:
    """Why the case went where it went; None for one that was imported."""
    decision = dispatch.explain(case_id)
    if decision is None:
        return None
    return {"kind": decision.kind, "rule": decision.rule, "text": localised(decision.text_zh, decision.text_en)}


def may_facts(case: "Case", appointment: "Appointment | None", *, now: datetime) -> dict[str, bool]:
    """What the reporter may do now."""
    steps = {row.action for row in open_steps(case, holder_of_code(case), now=now)}
    return {
        "rate": Action.RATE in steps,
        "cancel": Action.CANCEL in steps,
        "reopen": Action.REOPEN in steps,
        "move": Action.REBOOK in steps and appointment is not None and booking.may_move(appointment, now=now),
    }


def pauses_facts(case: "Case") -> dict[str, Any]:
    """The content of `Pauses`."""
    names = ("extension_count", "extension_asked_at", "suspended_until", "supervised_at")
    return {**{name: getattr(case, name) for name in names}, "appeal": case.appeal or None}


def rating_facts(case: "Case") -> dict[str, Any] | None:
    if case.rated_at is None:
        return None
    return {
        "responded": case.responded,
        "solved": case.solved,
        "satisfied": case.satisfied,
        "comment": case.rating_comment,
        "at": case.rated_at,
    }


def appointment_shown(appointment: "Appointment", *, now: datetime) -> dict[str, Any]:
    """The content of `AppointmentOut`; on the day the arrival is narrowed by the round in force."""
    expected = inspections.arrival_window(appointment, now=now)
    return {
        "id": appointment.pk,
        "window": {"start": appointment.window.lower, "end": appointment.window.upper},
        "state": appointment.state,
        "arrival": {"start": expected.start, "end": expected.end} if expected.is_narrowed else None,
    }
