"""What a phone may have done while it was offline: one handler per kind, the same rules as on line.

The direct addresses (`…/actions`, `…/visit`, `…/skip`) go the same way, so that a phone whose answer was lost may send
the operation again by either door. A payload is what the direct address takes, without `op_id` and with the id of its
subject: `case_id`, `stop_id`, `plan_id`, or `id` of a session.
"""

from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point

from backend.accounts.actor import Actor
from backend.cases import services as cases
from backend.cases.disputes import raising, settling
from backend.cases.disputes.raising import Ground
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.clock import LOCAL
from backend.inspections import seeing, visits
from backend.inspections.visits import NewVisit
from backend.patrols import services as patrols
from backend.sync.services import Handler, Operation
from gis.coordinates import to_wgs84
from mobile_api.common import corrections
from mobile_api.common.operations import checked, subject_of
from mobile_api.field.case_shapes import CaseStepIn, FieldReportIn
from mobile_api.field.dispute_shapes import DisputeReturnIn, DisputeVersionIn
from mobile_api.field.patrol_shapes import PatrolEndIn, PatrolIn
from mobile_api.field.visit_shapes import SkipIn, VisitIn
from mobile_api.public.reporting import new_report
from mobile_api.public.serializers import case_point


def _report_case(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    body = checked(FieldReportIn, operation.payload)
    report = new_report(body, channel="worker", self_handled=body["self_handled"])
    reported = cases.report_case(actor=actor, report=report, now=now)
    case = reported.case
    return {"id": str(case.pk), "number": case.number, "version": case.version, "state": case.state}


def _case_action(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    case_id, body = subject_of(operation.payload, "case_id"), checked(CaseStepIn, operation.payload)
    where = body["location"]
    step = Step(
        Action(body["action"]),
        version=body["version"],
        note=body["note"],
        photo_claims=body["photos"],
        location=_point(where) if where else None,
        captured_at=operation.captured_at,
    )
    case = cases.act(actor=actor, case_id=case_id, step=step, now=now)
    return {"id": str(case.pk), "version": case.version, "state": case.state}


def _return_case(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    case_id, body = subject_of(operation.payload, "case_id"), checked(DisputeReturnIn, operation.payload)
    ground = Ground(body["note"], grid_code=body["to_grid"], department_id=body["to_department"])
    dispute = raising.return_case(
        actor=actor, case_id=case_id, ground=ground, version=body["version"], now=now, captured_at=operation.captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(case_id)}


def _accept_dispute(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    dispute_id, body = subject_of(operation.payload, "dispute_id"), checked(DisputeVersionIn, operation.payload)
    dispute = settling.accept(
        actor=actor, dispute_id=dispute_id, version=body["version"], now=now, captured_at=operation.captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(dispute.case_id)}


def _withdraw_dispute(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    dispute_id, body = subject_of(operation.payload, "dispute_id"), checked(DisputeVersionIn, operation.payload)
    dispute = raising.withdraw(
        actor=actor, dispute_id=dispute_id, version=body["version"], now=now, captured_at=operation.captured_at
    )
    return {"id": str(dispute.pk), "state": dispute.state, "case_id": str(dispute.case_id)}


def _point(where: dict[str, Any]) -> Point:
    return Point(*to_wgs84(where["lon"], where["lat"], where["crs"]), srid=4326)


def _record_visit(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    stop_id, body = subject_of(operation.payload, "stop_id"), checked(VisitIn, operation.payload)
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


def _skip_stop(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    stop_id, body = subject_of(operation.payload, "stop_id"), checked(SkipIn, operation.payload)
    stop = visits.skip_stop(actor=actor, stop_id=stop_id, reason=body["reason"], now=now)
    return {"id": str(stop.pk), "version": stop.version, "state": stop.state}


def _see_plan(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    seen = seeing.see_plan(
        actor=actor, plan_id=subject_of(operation.payload, "plan_id"), seen_at=operation.captured_at, now=now
    )
    return {"plan_id": str(seen.plan_id), "seen_at": seen.seen_at.astimezone(LOCAL).isoformat()}


def _start_session(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    body = checked(PatrolIn, operation.payload)
    session = patrols.start_session(
        actor=actor, session_id=body["id"], started_at=body["started_at"], purpose=body["purpose"], now=now
    )
    return {"id": str(session.pk), "state": "ended" if session.ended_at else "open"}


def _end_session(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    session_id, body = subject_of(operation.payload, "id"), checked(PatrolEndIn, operation.payload)
    session = patrols.end_session(actor=actor, session_id=session_id, ended_at=body["ended_at"], now=now)
    return {"id": str(session.pk), "state": "ended"}


HANDLERS: dict[str, Handler] = {
    "report_case": _report_case,
    "case_action": _case_action,
    "return_case": _return_case,
    corrections.KIND: corrections.correct_case,
    "accept_dispute": _accept_dispute,
    "withdraw_dispute": _withdraw_dispute,
    "record_visit": _record_visit,
    "skip_stop": _skip_stop,
    "see_plan": _see_plan,
    "start_session": _start_session,
    "end_session": _end_session,
}
