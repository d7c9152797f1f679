"""Shapes of disputes at the desk."""

from typing import Any

from rest_framework import serializers

from backend.cases.disputes.queries import Dropped
from backend.cases.disputes.settling import Outcome, Said
from backend.cases.models import MOST_GROUND
from maps.console.shapes import DeskCaseRow, PersonRef
from mobile_api.common.dispute_facts import (
    DISPUTE_STATES,
    LEVELS,
    DepartmentRef,
    DisputeSides,
    RulingOut,
    RulingTold,
)
from mobile_api.common.paging import PAGE_MAX
from mobile_api.common.shapes import NamedGrid

DROPPED = [reason.value for reason in Dropped]
OUTCOMES = [outcome.value for outcome in Outcome]


class DisputeListIn(serializers.Serializer):
    """What narrows the queue: a state, and the level that rules."""

    state = serializers.ChoiceField(choices=DISPUTE_STATES, required=False, default="", allow_blank=True)
    level = serializers.ChoiceField(choices=LEVELS, required=False, default="", allow_blank=True)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=PAGE_MAX)
    cursor = serializers.CharField(required=False, default="", allow_blank=True)


class DeskDisputeRow(DisputeSides):
    """One line of the queue; `may_rule` says whether this desk stands above both sides."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=DISPUTE_STATES)
    level = serializers.ChoiceField(choices=LEVELS)
    ground = serializers.CharField()
    raised_at = serializers.DateTimeField()
    raised_by = PersonRef()
    raised_role = serializers.CharField()
    border_m = serializers.FloatField(allow_null=True)
    case = DeskCaseRow()
    ruling = RulingOut(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = PersonRef(allow_null=True)
    may_rule = serializers.BooleanField()


class DisputePage(serializers.Serializer):
    items = DeskDisputeRow(many=True)
    next = serializers.CharField(allow_null=True)
    open = serializers.IntegerField(help_text="open ones that this desk sees")


class RulingMove(serializers.Serializer):
    """What a division did to a ruling: carried it, and whom it names from then on, or dropped it, and why."""

    at = serializers.DateTimeField()
    division = serializers.CharField()
    grid = NamedGrid(allow_null=True)
    dropped = serializers.ChoiceField(choices=DROPPED, allow_blank=True, help_text="why; empty: carried")


class DeskDispute(DeskDisputeRow):
    """With the ground between the two: outlines (GeoJSON), the stretch of border, what was ruled there before.

    `moves`: the divisions since the ruling that ended one of its boundaries, the first first.
    """

    stretch = serializers.JSONField(allow_null=True)
    outline = serializers.JSONField(allow_null=True, help_text="of the grid that has the case")
    other_outline = serializers.JSONField(allow_null=True)
    earlier = RulingTold(many=True)
    moves = RulingMove(many=True)
    grids = NamedGrid(many=True, help_text="where this desk may send the case")
    departments = DepartmentRef(many=True)


class RulingIn(serializers.Serializer):
    """What the desk rules, on the version that it has seen."""

    version = serializers.IntegerField(min_value=1)
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    words = serializers.CharField(max_length=MOST_GROUND)
    grid_code = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    department_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class DepartmentReturnIn(serializers.Serializer):
    """What a department has sent in writing: its ground, and who should have the case."""

    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=MOST_GROUND)
    to_grid = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    to_department = serializers.UUIDField(required=False, allow_null=True, default=None)


def said_of(body: dict[str, Any]) -> Said:
    return Said(
        Outcome(body["outcome"]), body["words"], grid_code=body["grid_code"], department_id=body["department_id"]
    )
