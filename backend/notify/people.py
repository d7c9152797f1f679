"""Who hears of what: in-app notices for reporters and workers, SMS where somebody has no app."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.accounts.models import Membership, User
from backend.accounts.roles import CONSOLE_ROLES, Role
from backend.areas import queries as areas
from backend.cases.models import Case
from backend.core.crypto import decrypt
from backend.core.models import OutboxMessage
from backend.dispatch import department_duty
from backend.notify import sms, texts
from backend.notify.models import Notification

# Steps that a reporter is told of, and those that a responsible worker is told of.
_REPORTER_HEARS = frozenset(
    {"dispatch", "refuse", "accept", "submit", "close", "rework", "cancel", "force_close", "reopen", "correct"}
)
_WORKER_HEARS = frozenset(
    {
        "dispatch", "assign", "rework", "reopen", "escalate", "cancel", "suspend", "resume",
        "extend", "deny_extension", "supervise", "grant_appeal", "deny_appeal",
    }
)  # fmt: skip
# Somebody above has to answer.
_DESKS_HEAR = frozenset({"ask_extension", "appeal"})


def notify_people(message: OutboxMessage, now: datetime) -> None:
    """Writes the notices of one message; a repeat finds them written."""
    tell = _TOLD.get(message.topic)
    if tell is not None:
        tell(message, now)


def _proposal_ended(message: OutboxMessage, now: datetime) -> None:
    """Whoever asked for it hears that there is a draft, or none."""
    facts = {"proposal_id": message.key, "name": message.payload["name"], "state": message.payload["state"]}
    _in_app(message, UUID(message.payload["person_id"]), "proposal_ended", facts, now, case_id=None)


def _round(message: OutboxMessage, now: datetime) -> None:
    """A new plan is told to everybody on it; one that mends a week only to those whose round it changes."""
    said = message.payload
    if message.topic == "round_changed":
        people = [said["worker_id"]]
    else:
        people = [] if said.get("is_told") else said.get("worker_ids", [])
    for worker_id in people:
        _in_app(message, UUID(worker_id), message.topic, said, now, case_id=None)


def _case_changed(message: OutboxMessage, now: datetime) -> None:
    action = message.payload["action"]
    case = Case.objects.select_related("matter").filter(pk=message.key).first()
    if case is None:
        return
    facts = {
        "number": case.number,
        "action": action,
        "state": message.payload["state"],
        "matter": {"zh": case.matter.name_zh, "en": case.matter.name_en},
    }
    reporter, worker = message.payload.get("reporter_id"), message.payload.get("responsible_id")
    if reporter and action in _REPORTER_HEARS:
        _in_app(message, UUID(reporter), f"case_{action}", facts, now, case_id=case.pk)
    if worker and worker != reporter and action in _WORKER_HEARS:
        _in_app(message, UUID(worker), f"case_{action}", facts, now, case_id=case.pk)
    if action in _DESKS_HEAR:
        _tell_desks(message, f"case_{action}", facts, now, case_id=case.pk)
    if not reporter and case.contact_phone and action in ("close", "refuse"):
        sms.send(
            phone=str(case.contact_phone), text=texts.case_ended(case.number, action), key=f"{message.pk}", kind=action
        )


def _appointment_told(message: OutboxMessage, now: datetime) -> None:
    """Who booked has it in writing; who is to come hears of it."""
    case = Case.objects.select_related("matter").filter(pk=message.payload["case_id"]).first()
    if case is None:
        return
    facts = _appointment_facts(case, message)
    for person in {case.reporter_id, case.responsible_id}:
        if person is not None:
            _in_app(message, person, message.topic, facts, now, case_id=case.pk)


def _appointment_given_back(message: OutboxMessage, now: datetime) -> None:
    """Who booked hears that nobody comes, and whether to choose another time; by SMS where there is no account."""
    case = Case.objects.select_related("matter").filter(pk=message.payload["case_id"]).first()
    if case is None:
        return
    facts = _appointment_facts(case, message)
    topic = "visit_to_rebook" if message.payload["may_book"] else "visit_not_needed"
    if case.reporter_id is not None:
        _in_app(message, case.reporter_id, topic, facts, now, case_id=case.pk)
    elif case.contact_phone:
        text = texts.visit_given_back(case.number, topic, facts)
        sms.send(phone=str(case.contact_phone), text=text, key=str(message.pk), kind=topic)


def _appointment_facts(case: Case, message: OutboxMessage) -> dict[str, Any]:
    return {
        "number": case.number,
        "matter": {"zh": case.matter.name_zh, "en": case.matter.name_en},
        "start": message.payload["start"],
        "end": message.payload["end"],
    }


def _handed_over(message: OutboxMessage, now: datetime) -> None:
    """Both hear of it: who had the case, and who has it now."""
    case = Case.objects.select_related("matter").filter(pk=message.key).first()
    if case is None:
        return
    facts = {**_case_named(case), "cause": message.payload.get("cause", "duty")}
    for name, topic in (("from_id", "case_handed_on"), ("to_id", "case_handed_to")):
        person = message.payload.get(name)
        if person:
            _in_app(message, UUID(person), topic, facts, now, case_id=case.pk)


def _to_department(message: OutboxMessage, now: datetime) -> None:
    """Whoever of the department is on duty hears of it by SMS; where nobody is, the desks are alarmed."""
    case = Case.objects.select_related("matter", "department").filter(pk=message.key).first()
    if case is None or case.department is None or str(case.department.pk) != message.payload["department_id"]:
        return
    asked = department_duty.Question(case.department.pk, case.area_path, case.matter, now)
    found = department_duty.on_duty([asked])[0].found
    if found is not None:
        text = texts.to_department(case.number, case.matter.name_zh, case.address_text)
        sms.send(phone=found.phone, text=text, key=str(message.pk), kind="case_to_department")
        return
    names = {"zh": case.department.name_zh, "en": case.department.name_en}
    facts = {**_case_named(case), "department": names}
    _tell_desks(message, "department_unattended", facts, now, case_id=case.pk)


def _to_decide(message: OutboxMessage, now: datetime) -> None:
    """The desks decide who goes on with a case that was corrected under somebody's hands."""
    case = Case.objects.select_related("matter").filter(pk=message.key).first()
    if case is not None:
        _tell_desks(message, "case_to_decide", _case_named(case), now, case_id=case.pk)


def _disputed(message: OutboxMessage, now: datetime) -> None:
    """Who may take the case hears of it, and the desk that rules."""
    case = Case.objects.select_related("matter").filter(pk=message.payload["case_id"]).first()
    if case is None:
        return
    facts = _case_named(case)
    grid_id = message.payload.get("grid_id")
    asked = [line.worker.pk for line in areas.on_duty(UUID(grid_id), at=now) if not line.is_absent] if grid_id else []
    for person in asked:
        _in_app(message, person, "dispute_asks", facts, now, case_id=None)
    desks = Membership.objects.filter(
        role__in=CONSOLE_ROLES, area__path=message.payload["arbiter_path"], valid__contains=now
    )
    for user_id in desks.values_list("user_id", flat=True).distinct().order_by("user_id"):
        _in_app(message, user_id, "dispute_to_rule", facts, now, case_id=case.pk)


def _settled(message: OutboxMessage, now: datetime) -> None:
    """Who sent it back, who had it and who has it now."""
    case = Case.objects.select_related("matter").filter(pk=message.key).first()
    if case is None:
        return
    facts = {**_case_named(case), "how": message.payload["how"], "outcome": message.payload["outcome"]}
    for person in message.payload["people"]:
        _in_app(message, UUID(person), "dispute_settled", facts, now, case_id=case.pk)


def _case_named(case: Case) -> dict[str, Any]:
    return {"number": case.number, "matter": {"zh": case.matter.name_zh, "en": case.matter.name_en}}


def _visit_unserved(message: OutboxMessage, now: datetime) -> None:
    case = Case.objects.select_related("matter").filter(pk=message.payload["case_id"]).first()
    if case is not None:
        _tell_desks(message, "visit_unserved", _appointment_facts(case, message), now, case_id=case.pk)


def _tell_desks(
    message: OutboxMessage, topic: str, facts: dict[str, Any], now: datetime, *, case_id: UUID | None = None
) -> None:
    """The desks above the grid: its community and its street."""
    parts = message.area_path.rstrip(".").split(".")
    above = [".".join(parts[:count]) + "." for count in range(1, len(parts))]
    desks = Membership.objects.filter(
        role__in=(Role.COMMUNITY.value, Role.STREET.value), area__path__in=above, valid__contains=now
    )
    for user_id in desks.values_list("user_id", flat=True).distinct().order_by("user_id"):
        _in_app(message, user_id, topic, facts, now, case_id=case_id)


def _in_app(
    message: OutboxMessage, user_id: UUID, topic: str, facts: dict[str, Any], now: datetime, *, case_id: UUID | None
) -> None:
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        return
    Notification.objects.get_or_create(
        outbox_id=message.pk,
        user_id=user_id,
        channel=Notification.Channel.IN_APP,
        defaults={"topic": topic, "facts": facts, "case_id": case_id, "created_at": now, "sent_at": now},
    )


def _one_time_code(message: OutboxMessage, _: datetime) -> None:
    """Phone and code travel encrypted; they are opened only here, on their way out."""
    phone = decrypt(bytes.fromhex(message.payload["phone"]))
    code = decrypt(bytes.fromhex(message.payload["code"]))
    sms.send(phone=phone, text=texts.one_time_code(code), key=str(message.pk), kind="one_time_code")


def _duty_gap(message: OutboxMessage, now: datetime) -> None:
    _tell_desks(message, "duty_gap", message.payload, now)


_TOLD: Final[dict[str, Callable[[OutboxMessage, datetime], None]]] = {
    "case_changed": _case_changed,
    "case_handed_over": _handed_over,
    "case_to_department": _to_department,
    "case_to_decide": _to_decide,
    "case_disputed": _disputed,
    "dispute_settled": _settled,
    "appointment_moved": _appointment_told,
    "appointment_went_along": _appointment_told,
    "appointment_given_back": _appointment_given_back,
    "duty_gap": _duty_gap,
    "visit_unserved": _visit_unserved,
    "one_time_code": _one_time_code,
    "proposal_ended": _proposal_ended,
    "plan_published": _round,
    "round_changed": _round,
}
