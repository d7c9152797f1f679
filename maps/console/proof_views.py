"""Proof by history: whether the decisions of a past period follow from what held at their moments."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.proofs import Disagreement, Proof, prove
from maps.console.trial_views import moments_of
from mobile_api.common.localised import Localised, localised
from mobile_api.common.moments import DayField
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, query_of

_MOST_LISTED = 200


class ProofIn(serializers.Serializer):
    """Local days, the last one included."""

    since = DayField()
    until = DayField()


class ProofDisagreement(serializers.Serializer):
    """A stored decision that its moment does not bear out. `parts`: grid, owner, worker, department."""

    case_id = serializers.UUIDField()
    number = serializers.CharField()
    at = serializers.DateTimeField()
    cause = serializers.CharField()
    parts = serializers.ListField(child=serializers.CharField())
    then = Localised()
    again = Localised(allow_null=True)


class ProofOut(serializers.Serializer):
    """`set_aside`: decisions not made again, by reason: ruled, corrected, overtaken, told_later.

    `causes`: how many decisions were asked for by what: intake, duty, boundary …
    `disagreements`: the first 200 of `disagreeing`.
    """

    decisions = serializers.IntegerField()
    agreed = serializers.IntegerField()
    set_aside = serializers.DictField(child=serializers.IntegerField())
    causes = serializers.DictField(child=serializers.IntegerField())
    disagreeing = serializers.IntegerField()
    disagreements = ProofDisagreement(many=True)


class ProofView(ApiView):
    """Makes every stored decision of the period once more, as of its own moment. Nothing is kept."""

    authz = {"GET": allow("case", "read", *READERS)}

    @extend_schema(parameters=[ProofIn], responses=ProofOut)
    def get(self, request: Request) -> Response:
        said = query_of(request, ProofIn)
        start, end = moments_of(said["since"], said["until"])
        return answer(ProofOut, _facts(prove(actor=actor_of(request), start=start, end=end)))


def _facts(proof: Proof) -> dict[str, Any]:
    return {
        "decisions": proof.decisions,
        "agreed": proof.agreed,
        "set_aside": dict(proof.set_aside),
        "causes": dict(proof.causes),
        "disagreeing": len(proof.disagreements),
        "disagreements": [_line(one) for one in proof.disagreements[:_MOST_LISTED]],
    }


def _line(one: Disagreement) -> dict[str, Any]:
    return {
        "case_id": one.decision.case_id,
        "number": one.decision.case.number,
        "at": one.decision.at,
        "cause": one.decision.cause,
        "parts": one.parts,
        "then": localised(one.decision.text_zh, one.decision.text_en),
        "again": localised(one.now.text_zh, one.now.text_en) if one.now else None,
    }
