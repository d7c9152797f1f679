"""What a phone may have done while it was offline: one handler per kind, the same rules as on line.

The direct addresses (`…/actions`, `…/visit`, `…/skip`) go the same way, so that a phone whose answer was lost may send
the operation again by either door. A payload is what the direct address takes, without `op_id` and with the id of its
subject: `case_id`, `stop_id`, `plan_id`, or `id` of a session.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from rest_framework import serializers
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases import services as cases
from backend.cases.disputes import raising, settling
from backend.cases.disputes.raising import Ground
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.clock import LOCAL
from backend.core.errors import Invalid
from backend.inspections import seeing, visits
from backend.inspections.visits import NewVisit
from backend.patrols import services as patrols
from backend.sync.services import Answer, Handler, Operation, apply_operations
from gis.coordinates import to_wgs84
from mobile_api.common.problem import field_problems, refused_before
from mobile_api.field.serializers import (
    CaseStepIn,
    DisputeReturnIn,
    DisputeVersionIn,
    FieldReportIn,
    PatrolEndIn,
    PatrolIn,
    SkipIn,
    VisitIn,
)
from mobile_api.public.reporting import new_report
from mobile_api.public.serializers import case_point


class _Subject(serializers.Serializer):
    case_id = serializers.UUIDField(required=False)
    dispute_id = serializers.UUIDField(required=False)
    plan_id = serializers.UUIDField(required=False)
    stop_id = serializers.UUIDField(required=False)
    id = serializers.UUIDField(required=False)


def _checked(shape: type[serializers.Serializer], payload: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid that names every wrong field, so that the refusal can be kept with the receipt."""
    found = shape(data=payload)
    try:
        found.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        parts = list(field_problems(error.detail))
        raise Invalid(parts[0]["detail"] if parts else "", errors=parts) from error
    return dict(found.validated_data)


def _subject(payload: dict[str, Any], name: str) -> UUID:
    found: UUID | None = _checked(_Subject, payload).get(name)
    if found is None:
        raise Invalid(f"{name} is missing", field=name)
    return found


def _report_case(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    body = _checked(FieldReportIn, payload)
    report = new_report(body, channel="worker", self_handled=body["self_handled"])
    reported = cases.report_case(actor=actor, report=report, now=now)
    case = reported.case
    return {"id": str(case.pk), "number": case.number, "version": case.version, "state": case.state}


def _case_action(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    case_id, body = _subject(payload, "case_id"), _checked(CaseStepIn, payload)
    where = body["location"]
    step = Step(
        Action(body["action"]),
        version=body["version"],
        note=body["note"],
        photo_claims=body["photos"],
        location=_point(where) if where else None,
        captured_at=captured_at,
    )
    case = cases.act(actor=actor, case_id=case_id, step=step, now=now)
    return {"id": str(case.pk), "version": case.version, "state": case.state}


def _return_case(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    case_id, body = _subject(payload, "case_id"), _checked(DisputeReturnIn, payload)
    ground = Ground(body["note"], grid_code=body["to_grid"], department_id=body["to_department"])
    dispute = raising.return_case(
        actor=actor, case_id=case_id, ground=ground, version=body["version"], now=now, captured_at=captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(case_id)}


def _accept_dispute(
    actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None
) -> dict[str, Any]:
    dispute_id, body = _subject(payload, "dispute_id"), _checked(DisputeVersionIn, payload)
    dispute = settling.accept(
        actor=actor, dispute_id=dispute_id, version=body["version"], now=now, captured_at=captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(dispute.case_id)}


def _withdraw_dispute(
    actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None
) -> dict[str, Any]:
    dispute_id, body = _subject(payload, "dispute_id"), _checked(DisputeVersionIn, payload)
    dispute = raising.withdraw(
        actor=actor, dispute_id=dispute_id, version=body["version"], now=now, captured_at=captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(dispute.case_id)}


def _point(where: dict[str, Any]) -> Point:
    return Point(*to_wgs84(where["lon"], where["lat"], where["crs"]), srid=4326)


def _record_visit(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    stop_id, body = _subject(payload, "stop_id"), _checked(VisitIn, payload)
    visit = NewVisit(
        id=body["id"],
        stop_id=stop_id,
        outcome=body["outcome"],
        at=body["at"],
        note=body["note"],
        photo_claims=body["photos"],
        point=case_point(body["location"]) if body["location"] else None,
        checks=body["checks"],
    )
    stored = visits.record_visit(actor=actor, visit=visit, now=now)
    return {
        "id": str(stored.pk),
        "stop_id": str(stored.stop_id) if stored.stop_id else None,
        "outcome": stored.outcome,
        "at": stored.at.isoformat(),
        "received_at": stored.received_at.isoformat(),
        "note": stored.note,
        "distance_m": stored.distance_m,
    }


def _skip_stop(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    stop_id, body = _subject(payload, "stop_id"), _checked(SkipIn, payload)
    stop = visits.skip_stop(actor=actor, stop_id=stop_id, reason=body["reason"], now=now)
    return {"id": str(stop.pk), "version": stop.version, "state": stop.state}


def _see_plan(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    seen = seeing.see_plan(actor=actor, plan_id=_subject(payload, "plan_id"), seen_at=captured_at, now=now)
    return {"plan_id": str(seen.plan_id), "seen_at": seen.seen_at.astimezone(LOCAL).isoformat()}


def _start_session(
    actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None
) -> dict[str, Any]:
    body = _checked(PatrolIn, payload)
    session = patrols.start_session(
        actor=actor, session_id=body["id"], started_at=body["started_at"], purpose=body["purpose"], now=now
    )
    return {"id": str(session.pk), "state": "ended" if session.ended_at else "open"}


def _end_session(actor: Actor, payload: dict[str, Any], now: datetime, captured_at: datetime | None) -> dict[str, Any]:
    session_id, body = _subject(payload, "id"), _checked(PatrolEndIn, payload)
    session = patrols.end_session(actor=actor, session_id=session_id, ended_at=body["ended_at"], now=now)
    return {"id": str(session.pk), "state": "ended"}


HANDLERS: dict[str, Handler] = {
    "report_case": _report_case,
    "case_action": _case_action,
    "return_case": _return_case,
    "accept_dispute": _accept_dispute,
    "withdraw_dispute": _withdraw_dispute,
    "record_visit": _record_visit,
    "skip_stop": _skip_stop,
    "see_plan": _see_plan,
    "start_session": _start_session,
    "end_session": _end_session,
}


def apply_one(
    *,
    actor: Actor,
    op_id: UUID,
    kind: str,
    payload: dict[str, Any],
    now: datetime,
    then: Callable[[dict[str, Any]], Response],
) -> Response:
    """One operation by its direct address: `then` makes the answer of what was applied, now or before."""
    operation = Operation(op_id=op_id, kind=kind, payload=payload)
    answer: Answer = apply_operations(actor=actor, operations=[operation], handlers=HANDLERS, now=now)[0]
    if answer.outcome == "applied":
        return then(answer.result or {})
    return refused_before(answer.problem or {"code": "unavailable"})
