"""Correcting a case's place or matter, the same for phone and console: what is said, and what came of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases import access, correcting, queries
from backend.cases.correcting import Correction
from backend.cases.intake import PointIn as CasePoint
from backend.cases.round_lines import GIVEN_BACK, WENT_ALONG
from backend.core.clock import LOCAL
from backend.core.errors import Invalid
from backend.inspections import correcting as inspections
from backend.inspections.correcting import STAYS
from backend.matters import queries as matters
from backend.sync import services as sync
from backend.sync.services import Operation
from mobile_api.common.dispute_facts import department_ref, grid_facts
from mobile_api.common.localised import Localised, localised
from mobile_api.common.operations import apply_one, checked, payload_of, subject_of
from mobile_api.common.permissions import actor_of
from mobile_api.common.points import PointIn
from mobile_api.common.shapes import STATES, NamedGrid, TimeWindow
from mobile_api.common.views import answer, body_of

if TYPE_CHECKING:
    from backend.cases.models import Case

KIND: Final = "correct_case"


class CorrectionOperation(serializers.Serializer):
    """What is otherwise, and why (`note`). `location` or `matter` or both; `version` is the one that was seen."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(max_length=2000)
    location = PointIn(required=False, allow_null=True, default=None)
    address = serializers.CharField(max_length=200, required=False, allow_blank=True, allow_null=True, default=None)
    matter = serializers.UUIDField(required=False, allow_null=True, default=None)
    condition = serializers.CharField(max_length=20, required=False, allow_blank=True, allow_null=True, default="")
    rebook = serializers.BooleanField(
        required=False, default=False, help_text="a booked visit may be given back where it can't go along"
    )


class CorrectionIn(CorrectionOperation):
    """The same with the id that makes a repeat harmless."""

    op_id = serializers.UUIDField()


class OwnerOut(serializers.Serializer):
    """Who answers now: a worker or department by name, or a desk."""

    kind = serializers.ChoiceField(choices=["worker", "department", "desk"])
    name = Localised(allow_null=True)


class VisitFate(serializers.Serializer):
    """The home visit that was booked: it stays, went along to the new team, or was given back."""

    fate = serializers.ChoiceField(choices=[STAYS, WENT_ALONG, GIVEN_BACK])
    window = TimeWindow()
    may_book = serializers.BooleanField(help_text="given back, and the resident may choose another time")


class Corrected(serializers.Serializer):
    """Where the case stands after the correction. `in_sight`: whether it is still one of the actor's."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=STATES)
    matter = Localised()
    grid = NamedGrid(allow_null=True)
    owner = OwnerOut()
    due_at = serializers.DateTimeField(allow_null=True)
    owner_kept = serializers.BooleanField(help_text="somebody is busy with it; a person of the desk decides")
    in_sight = serializers.BooleanField()
    visit = VisitFate(allow_null=True)


def correct_case(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
    """Applies the operation; the content of `Corrected` as JSON."""
    case_id, body = subject_of(operation.payload, "case_id"), checked(CorrectionOperation, operation.payload)
    where = body["location"]
    if body["condition"] and body["matter"] is None:
        raise Invalid("name the matter of the condition, too", field="condition")
    correction = Correction(
        id=operation.op_id,
        version=body["version"],
        note=body["note"],
        point=CasePoint(where["lon"], where["lat"], where["crs"], where.get("accuracy_m")) if where else None,
        address_text=body["address"],
        matter_id=body["matter"],
        condition_id=matters.condition_named(body["matter"], body["condition"] or "") if body["matter"] else None,
    )
    done = inspections.correct_case(
        actor=actor,
        case_id=case_id,
        correction=correction,
        rebook=body["rebook"],
        now=now,
        captured_at=operation.captured_at,
    )
    return {**_facts(done.case, actor), "visit": _visit(done)}


def corrected(request: Request, case_id: UUID, *, now: datetime) -> Response:
    """The answer to a correction by its own address. A repeat gets the first answer, also where the case has left."""
    actor, body = actor_of(request), body_of(request, CorrectionIn)
    if not sync.is_answered(actor, body["op_id"]):
        access.get_case(actor, case_id)
    return apply_one(
        {KIND: correct_case},
        actor=actor,
        op_id=body["op_id"],
        kind=KIND,
        payload=payload_of(request, case_id=case_id),
        now=now,
        # A receipt of before visits followed says nothing of one.
        then=lambda result: answer(Corrected, {"visit": None, **result}),
    )


def _facts(case: "Case", actor: Actor) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "number": case.number,
        "version": case.version,
        "state": case.state,
        "matter": localised(case.matter.name_zh, case.matter.name_en),
        "grid": grid_facts(case.grid),
        "owner": _owner(case),
        "due_at": case.due_at.astimezone(LOCAL).isoformat() if case.due_at else None,
        "owner_kept": correcting.awaits_decision(case),
        "in_sight": queries.sees(actor, case.pk),
    }


def _visit(done: "inspections.Corrected") -> dict[str, Any] | None:
    if done.visit is None or not done.fate:
        return None
    window = {
        name: moment.astimezone(LOCAL).isoformat()
        for name, moment in (("start", done.visit.window.lower), ("end", done.visit.window.upper))
    }
    return {"fate": done.fate, "window": window, "may_book": done.may_book}


def _owner(case: "Case") -> dict[str, Any]:
    if case.responsible is not None:
        return {"kind": "worker", "name": localised(str(case.responsible.name), "")}
    department = department_ref(case.department)
    return {"kind": "department" if department else "desk", "name": department["name"] if department else None}
