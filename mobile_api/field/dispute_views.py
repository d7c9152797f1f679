"""Sending a case back from the phone, what a neighbour is asked, and whom a worker may propose."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases import access
from backend.cases.disputes import neighbourhood
from backend.cases.disputes import queries as disputes
from backend.cases.disputes.raising import speaks_for_sender
from mobile_api.common.case_facts import lon_lat
from mobile_api.common.dispute_facts import (
    DISPUTE_STATES,
    LEVELS,
    DepartmentRef,
    DisputeSides,
    RulingOut,
    department_ref,
    grid_facts,
    ruling_facts,
    sides_facts,
)
from mobile_api.common.matter_facts import matter_ref
from mobile_api.common.operations import apply_one, payload_of
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.points import LonLat
from mobile_api.common.shapes import MatterRef, NamedGrid
from mobile_api.common.views import ApiView, answer, body_of
from mobile_api.field.dispute_shapes import DisputeStepIn, ReturnIn
from mobile_api.field.operations import HANDLERS

if TYPE_CHECKING:
    from backend.cases.models import Dispute

# Settled ones stay on the phone's list for a while, so that a worker sees how it ended.
_MOST = 60


class FieldDisputeCase(serializers.Serializer):
    """What a neighbour sees of a case in another grid: where and what, never who reported it."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    matter = MatterRef()
    description = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    location = LonLat()
    due_at = serializers.DateTimeField(allow_null=True)


class FieldDispute(DisputeSides):
    """A return. `asks_me`: the case may be taken in one tap; `can_withdraw`: one's own side sent it back."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=DISPUTE_STATES)
    level = serializers.ChoiceField(choices=LEVELS)
    ground = serializers.CharField()
    raised_at = serializers.DateTimeField()
    border_m = serializers.FloatField(allow_null=True)
    case = FieldDisputeCase()
    ruling = RulingOut(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    asks_me = serializers.BooleanField()
    can_withdraw = serializers.BooleanField()


class FieldDisputes(serializers.Serializer):
    items = FieldDispute(many=True)


class Neighbourhood(serializers.Serializer):
    """Whom a worker may propose: grids beside one's own, and the departments."""

    grids = NamedGrid(many=True)
    departments = DepartmentRef(many=True)


def _facts(dispute: "Dispute", actor: Actor) -> dict[str, Any]:
    case = dispute.case
    is_open = dispute.state == dispute.State.OPEN
    is_sender = speaks_for_sender(dispute, case, actor)
    return {
        **sides_facts(dispute),
        **{
            name: getattr(dispute, name)
            for name in ("version", "state", "level", "ground", "raised_at", "border_m", "settled_at")
        },
        "id": dispute.pk,
        "case": {
            "id": case.pk,
            "number": case.number,
            "matter": matter_ref(case.matter),
            "description": case.description,
            "address": case.address_text,
            "location": lon_lat(case.location),
            "due_at": case.due_at,
        },
        "ruling": ruling_facts(dispute.ruling),
        # Somebody who serves both grids is not asked what their own side has sent back.
        "asks_me": is_open and not is_sender and disputes.is_asked(dispute, actor),
        "can_withdraw": is_open and is_sender,
    }


def _shown(actor: Actor, dispute_id: UUID) -> dict[str, Any]:
    return _facts(disputes.get_dispute(actor, dispute_id), actor)


class FieldDisputesView(ApiView):
    """Returns that concern one's grids, the newest first: those sent back, and those that ask a neighbour."""

    authz = {"GET": allow("dispute", "read", *FIELD)}

    @extend_schema(responses=FieldDisputes)
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        found = disputes.list_disputes(actor, limit=_MOST)
        return answer(FieldDisputes, {"items": [_facts(one, actor) for one in found]})


class NeighbourhoodView(ApiView):
    """Grids beside one's own, and departments: what the form of a return offers, also off line."""

    authz = {"GET": allow("own_duty", "read", *FIELD)}

    @extend_schema(responses=Neighbourhood)
    def get(self, request: Request) -> Response:
        grids, departments = neighbourhood.around(actor_of(request), now=timezone.now())
        content = {
            "grids": [grid_facts(grid) for grid in grids],
            "departments": [department_ref(department) for department in departments],
        }
        return answer(Neighbourhood, content)


class CaseReturnView(ApiView):
    """Sends a case back with a written ground, once a decision. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("dispute", "create", *FIELD)}

    @extend_schema(request=ReturnIn, responses={201: FieldDispute})
    def post(self, request: Request, case_id: UUID) -> Response:
        actor, body = actor_of(request), body_of(request, ReturnIn)
        access.get_case(actor, case_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind="return_case",
            payload=payload_of(request, case_id=case_id),
            now=timezone.now(),
            then=lambda result: answer(FieldDispute, _shown(actor, UUID(result["id"])), status=201),
        )


class _DisputeStepView(ApiView):
    kind = ""

    def step(self, request: Request, dispute_id: UUID) -> Response:
        actor, body = actor_of(request), body_of(request, DisputeStepIn)
        disputes.get_dispute(actor, dispute_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind=self.kind,
            payload=payload_of(request, dispute_id=dispute_id),
            now=timezone.now(),
            then=lambda _: answer(FieldDispute, _shown(actor, dispute_id)),
        )


class DisputeAcceptView(_DisputeStepView):
    """The neighbour takes the case. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("dispute", "transition", *FIELD)}
    kind = "accept_dispute"

    @extend_schema(request=DisputeStepIn, responses=FieldDispute)
    def post(self, request: Request, dispute_id: UUID) -> Response:
        return self.step(request, dispute_id)


class DisputeWithdrawView(_DisputeStepView):
    """Takes a return back; the case stays. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("dispute", "transition", *FIELD)}
    kind = "withdraw_dispute"

    @extend_schema(request=DisputeStepIn, responses=FieldDispute)
    def post(self, request: Request, dispute_id: UUID) -> Response:
        return self.step(request, dispute_id)
